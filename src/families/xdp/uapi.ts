/**
 * Constants of the XDP diag interface.
 *
 * Source: include/uapi/linux/xdp_diag.h, as of Linux 6.18. All integers are in host byte order.
 *
 * @module
 */

/** include/linux/socket.h */
export const AF_XDP = 44;

// struct xdp_diag_req: family u8 0, protocol u8 1 (must be 0), pad u16 2, ino u32 4, show u32 8, cookie u32[2] 12.
export const XDP_DIAG_REQ_SIZE = 20;
export const XDP_SHOW_INFO = 0x01;
export const XDP_SHOW_RING_CFG = 0x02;
export const XDP_SHOW_UMEM = 0x04;
export const XDP_SHOW_MEMINFO = 0x08;
export const XDP_SHOW_STATS = 0x10;

// struct xdp_diag_msg: family u8 0, type u8 1, pad u16 2, ino u32 4, cookie u32[2] 8.
export const XDP_DIAG_MSG_SIZE = 16;
export const MSG_FAMILY = 0;
export const MSG_TYPE = 1;
export const MSG_INO = 4;
export const MSG_COOKIE = 8;

// Attributes of a reply.
/** struct xdp_diag_info: ifindex u32 0, queue_id u32 4. Both 0 while the socket is not bound. */
export const XDP_DIAG_INFO = 1;
export const XDP_DIAG_UID = 2;
/** struct xdp_diag_ring: entries u32. */
export const XDP_DIAG_RX_RING = 3;
export const XDP_DIAG_TX_RING = 4;
/** struct xdp_diag_umem: size u64 0, id u32 8, num_pages 12, chunk_size 16, headroom 20, ifindex 24, queue_id 28, flags 32, refs 36. */
export const XDP_DIAG_UMEM = 5;
export const XDP_DIAG_UMEM_FILL_RING = 6;
export const XDP_DIAG_UMEM_COMPLETION_RING = 7;
/** u32[]: SK_MEMINFO_*. */
export const XDP_DIAG_MEMINFO = 8;
/** struct xdp_diag_stats: 6 u64, see attributes.ts. */
export const XDP_DIAG_STATS = 9;
/** The last attribute this program knows. */
export const XDP_DIAG_MAX = XDP_DIAG_STATS;

/** Of the UMEM's flags: the driver works on it without copying. */
export const XDP_DU_F_ZEROCOPY = 0x1;
