/**
 * Constants of the packet diag interface.
 *
 * Source: include/uapi/linux/packet_diag.h, as of Linux 6.18. All integers are in host byte order, the protocol as well.
 *
 * @module
 */

// struct packet_diag_req: family u8 0, protocol u8 1 (must be 0), pad u16 2, ino u32 4, show u32 8, cookie u32[2] 12.
export const PACKET_DIAG_REQ_SIZE = 20;
export const PACKET_SHOW_INFO = 0x01;
export const PACKET_SHOW_MCLIST = 0x02;
export const PACKET_SHOW_RING_CFG = 0x04;
export const PACKET_SHOW_FANOUT = 0x08;
export const PACKET_SHOW_MEMINFO = 0x10;
export const PACKET_SHOW_FILTER = 0x20;

// struct packet_diag_msg: family u8 0, type u8 1, num u16 2, ino u32 4, cookie u32[2] 8.
export const PACKET_DIAG_MSG_SIZE = 16;
export const MSG_FAMILY = 0;
export const MSG_TYPE = 1;
export const MSG_NUM = 2;
export const MSG_INO = 4;
export const MSG_COOKIE = 8;

// Attributes of a reply. They begin at 0.
/** struct packet_diag_info: index u32 0, version 4, reserve 8, copy_thresh 12, tstamp 16, flags 20. */
export const PACKET_DIAG_INFO = 0;
/** struct packet_diag_mclist, 44 bytes each: index u32 0, count u32 4, type u16 8, alen u16 10, addr u8[32] 12. */
export const PACKET_DIAG_MCLIST = 1;
/** struct packet_diag_ring, 7 u32: see attributes.ts. */
export const PACKET_DIAG_RX_RING = 2;
export const PACKET_DIAG_TX_RING = 3;
/** u32: the group's id in the lower half, its type in the upper. */
export const PACKET_DIAG_FANOUT = 4;
export const PACKET_DIAG_UID = 5;
/** u32[]: SK_MEMINFO_*. */
export const PACKET_DIAG_MEMINFO = 6;
/** struct sock_filter, 8 bytes each: code u16 0, jt u8 2, jf u8 3, k u32 4. Empty without CAP_NET_ADMIN. */
export const PACKET_DIAG_FILTER = 7;
/** The last attribute this program knows. */
export const PACKET_DIAG_MAX = PACKET_DIAG_FILTER;

// Flags of packet_diag_info.
export const PDI_RUNNING = 0x01;
export const PDI_AUXDATA = 0x02;
export const PDI_ORIGDEV = 0x04;
export const PDI_VNETHDR = 0x08;
export const PDI_LOSS = 0x10;

/** Every protocol: include/uapi/linux/if_ether.h. */
export const ETH_P_ALL = 3;
