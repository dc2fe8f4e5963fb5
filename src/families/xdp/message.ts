/**
 * XdpMessage: one xdp_diag_msg, read in place.
 *
 * @module
 */
import { DiagMessage } from "../diag_message.ts";
import {
  MSG_COOKIE,
  MSG_INO,
  MSG_TYPE,
  XDP_DIAG_INFO,
  XDP_DIAG_MAX,
  XDP_DIAG_MEMINFO,
  XDP_DIAG_MSG_SIZE,
} from "./uapi.ts";

/** A window on one xdp_diag_msg in a buffer. */
export class XdpMessage extends DiagMessage {
  constructor() {
    super("xdp_diag_msg", XDP_DIAG_MSG_SIZE, XDP_DIAG_MAX);
  }

  /** SOCK_RAW. Kernel: `xdiag_type`. */
  get type(): number {
    return this.view.getUint8(this.start + MSG_TYPE);
  }

  /** Kernel: `xdiag_ino`. */
  get inode(): number {
    return this.view.getUint32(this.start + MSG_INO, true);
  }

  /** Kernel: `xdiag_cookie`. */
  get cookie(): number | bigint | null {
    return this.cookieAt(MSG_COOKIE);
  }

  /** Index of the interface, 0 while not bound, -1 where it was not asked for. Kernel: `ifindex` of xdp_diag_info. */
  get interfaceIndex(): number {
    return this.u32Attribute(XDP_DIAG_INFO);
  }

  /** Number of the queue, -1 where it was not asked for. Kernel: `queue_id` of xdp_diag_info. */
  get queue(): number {
    return this.u32Attribute(XDP_DIAG_INFO, 1);
  }

  /** Kernel: `SK_MEMINFO_RMEM_ALLOC`, -1 where it was not asked for. */
  get receiveQueue(): number {
    return this.u32Attribute(XDP_DIAG_MEMINFO);
  }

  /** Kernel: `SK_MEMINFO_WMEM_ALLOC`, -1 where it was not asked for. */
  get sendQueue(): number {
    return this.u32Attribute(XDP_DIAG_MEMINFO, 2);
  }
}
