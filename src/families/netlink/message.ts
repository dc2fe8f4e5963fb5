/**
 * NetlinkMessage: one netlink_diag_msg, read in place.
 *
 * @module
 */
import { DiagMessage } from "../diag_message.ts";
import {
  MSG_COOKIE,
  MSG_DST_GROUP,
  MSG_DST_PORTID,
  MSG_INO,
  MSG_PORTID,
  MSG_PROTOCOL,
  MSG_STATE,
  MSG_TYPE,
  NETLINK_CONNECTED,
  NETLINK_DIAG_GROUPS,
  NETLINK_DIAG_MAX,
  NETLINK_DIAG_MEMINFO,
  NETLINK_DIAG_MSG_SIZE,
} from "./uapi.ts";

/** A window on one netlink_diag_msg in a buffer. */
export class NetlinkMessage extends DiagMessage {
  constructor() {
    super("netlink_diag_msg", NETLINK_DIAG_MSG_SIZE, NETLINK_DIAG_MAX);
  }

  /** SOCK_RAW or SOCK_DGRAM, which are the same here. Kernel: `ndiag_type`. */
  get type(): number {
    return this.view.getUint8(this.start + MSG_TYPE);
  }

  /** NETLINK_*. Kernel: `ndiag_protocol`. */
  get protocol(): number {
    return this.view.getUint8(this.start + MSG_PROTOCOL);
  }

  /** True after connect(2). Kernel: `ndiag_state`. */
  get connected(): boolean {
    return this.view.getUint8(this.start + MSG_STATE) === NETLINK_CONNECTED;
  }

  /** Port ID; 0 is the kernel's own socket. Kernel: `ndiag_portid`. */
  get portId(): number {
    return this.view.getUint32(this.start + MSG_PORTID, true);
  }

  /** Port ID it is connected to. Kernel: `ndiag_dst_portid`. */
  get peerPortId(): number {
    return this.view.getUint32(this.start + MSG_DST_PORTID, true);
  }

  /** Number of the group it is connected to, 0 for none. Kernel: `ndiag_dst_group`. */
  get peerGroup(): number {
    return this.view.getUint32(this.start + MSG_DST_GROUP, true);
  }

  /** Kernel: `ndiag_ino`. */
  get inode(): number {
    return this.view.getUint32(this.start + MSG_INO, true);
  }

  /** Kernel: `ndiag_cookie`. In a message made of a /proc line it holds what that has for the kernel's pointer. */
  get cookie(): number | bigint | null {
    return this.cookieAt(MSG_COOKIE);
  }

  /** Numbers of the groups it has joined, ascending; `null` where they were not asked for. */
  get groups(): number[] | null {
    const offset = this.attributeOffset(NETLINK_DIAG_GROUPS);
    if (offset < 0) return null;
    const groups: number[] = [];
    for (let i = 0; i < this.attributeLength(NETLINK_DIAG_GROUPS); i++) {
      const byte = this.view.getUint8(offset + i);
      for (let bit = 0; bit < 8; bit++) if ((byte >>> bit & 1) !== 0) groups.push(8 * i + bit + 1);
    }
    return groups;
  }

  /** Bytes waiting to be read, -1 where they were not asked for. Kernel: `SK_MEMINFO_RMEM_ALLOC`. */
  get receiveQueue(): number {
    return this.u32Attribute(NETLINK_DIAG_MEMINFO);
  }

  /** Bytes on their way to others, -1 where they were not asked for. Kernel: `SK_MEMINFO_WMEM_ALLOC`. */
  get sendQueue(): number {
    return this.u32Attribute(NETLINK_DIAG_MEMINFO, 2);
  }
}
