/**
 * VsockMessage: one vsock_diag_msg, read in place.
 *
 * @module
 */
import { DiagMessage } from "../diag_message.ts";
import {
  MSG_COOKIE,
  MSG_DST_CID,
  MSG_DST_PORT,
  MSG_INO,
  MSG_SHUTDOWN,
  MSG_SRC_CID,
  MSG_SRC_PORT,
  MSG_STATE,
  MSG_TYPE,
  VMADDR_CID_ANY,
  VSOCK_DIAG_MSG_SIZE,
} from "./uapi.ts";

/** A window on one vsock_diag_msg in a buffer. The kernel sends no attributes with it. */
export class VsockMessage extends DiagMessage {
  constructor() {
    super("vsock_diag_msg", VSOCK_DIAG_MSG_SIZE, 0);
  }

  #word(offset: number): number {
    return this.view.getUint32(this.start + offset, true);
  }

  /** SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET. Kernel: `vdiag_type`. */
  get type(): number {
    return this.view.getUint8(this.start + MSG_TYPE);
  }

  /** A TCP state. Kernel: `vdiag_state`. */
  get state(): number {
    return this.view.getUint8(this.start + MSG_STATE);
  }

  /** 1 RCV_SHUTDOWN, 2 SEND_SHUTDOWN. Kernel: `vdiag_shutdown`. */
  get shutdown(): number {
    return this.view.getUint8(this.start + MSG_SHUTDOWN);
  }

  /** Kernel: `vdiag_src_cid`. */
  get sourceCid(): number {
    return this.#word(MSG_SRC_CID);
  }

  /** Kernel: `vdiag_src_port`. */
  get sourcePort(): number {
    return this.#word(MSG_SRC_PORT);
  }

  /** Kernel: `vdiag_dst_cid`. */
  get destinationCid(): number {
    return this.#word(MSG_DST_CID);
  }

  /** Kernel: `vdiag_dst_port`. */
  get destinationPort(): number {
    return this.#word(MSG_DST_PORT);
  }

  /** True when there is no peer. */
  get unconnected(): boolean {
    return this.destinationCid === VMADDR_CID_ANY && this.destinationPort === VMADDR_CID_ANY;
  }

  /** 0 while nobody has accepted the connection. Kernel: `vdiag_ino`. */
  get inode(): number {
    return this.#word(MSG_INO);
  }

  /** Kernel: `vdiag_cookie`. */
  get cookie(): number | bigint | null {
    return this.cookieAt(MSG_COOKIE);
  }
}
