/**
 * PacketMessage: one packet_diag_msg, read in place.
 *
 * @module
 */
import { DiagMessage } from "../diag_message.ts";
import {
  MSG_COOKIE,
  MSG_INO,
  MSG_NUM,
  MSG_TYPE,
  PACKET_DIAG_INFO,
  PACKET_DIAG_MAX,
  PACKET_DIAG_MEMINFO,
  PACKET_DIAG_MSG_SIZE,
} from "./uapi.ts";

/** A window on one packet_diag_msg in a buffer. */
export class PacketMessage extends DiagMessage {
  constructor() {
    super("packet_diag_msg", PACKET_DIAG_MSG_SIZE, PACKET_DIAG_MAX);
  }

  /** SOCK_RAW or SOCK_DGRAM, or the obsolete SOCK_PACKET (10). Kernel: `pdiag_type`. */
  get type(): number {
    return this.view.getUint8(this.start + MSG_TYPE);
  }

  /** EtherType, host order. Kernel: `pdiag_num`. */
  get ethertype(): number {
    return this.view.getUint16(this.start + MSG_NUM, true);
  }

  /** Kernel: `pdiag_ino`. 0 when only a memory mapping holds the socket. */
  get inode(): number {
    return this.view.getUint32(this.start + MSG_INO, true);
  }

  /** Kernel: `pdiag_cookie`. */
  get cookie(): number | bigint | null {
    return this.cookieAt(MSG_COOKIE);
  }

  /** Index of the interface, 0 for all; -1 where it was not asked for. Kernel: `pdi_index`. */
  get interfaceIndex(): number {
    return this.u32Attribute(PACKET_DIAG_INFO);
  }

  /** Bytes waiting to be read, -1 where they were not asked for. Kernel: `SK_MEMINFO_RMEM_ALLOC`. */
  get receiveQueue(): number {
    return this.u32Attribute(PACKET_DIAG_MEMINFO);
  }

  /** Bytes on their way out, -1 where the source does not tell. Kernel: `SK_MEMINFO_WMEM_ALLOC`. */
  get sendQueue(): number {
    return this.u32Attribute(PACKET_DIAG_MEMINFO, 2);
  }
}
