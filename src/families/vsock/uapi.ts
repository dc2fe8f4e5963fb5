/**
 * Constants of the vsock diag interface.
 *
 * Source: include/uapi/linux/{vm_sockets_diag.h,vm_sockets.h}, as of Linux 6.18. All integers are in host byte order.
 *
 * @module
 */

/** include/linux/socket.h */
export const AF_VSOCK = 40;

// struct vsock_diag_req: family u8 0, protocol u8 1, pad u16 2, states u32 4, ino u32 8, show u32 12, cookie u32[2] 16.
// All but family and states must be 0.
export const VSOCK_DIAG_REQ_SIZE = 24;

// struct vsock_diag_msg: family u8 0, type u8 1, state u8 2, shutdown u8 3, src_cid u32 4, src_port u32 8,
// dst_cid u32 12, dst_port u32 16, ino u32 20, cookie u32[2] 24.
export const VSOCK_DIAG_MSG_SIZE = 32;
export const MSG_FAMILY = 0;
export const MSG_TYPE = 1;
export const MSG_STATE = 2;
export const MSG_SHUTDOWN = 3;
export const MSG_SRC_CID = 4;
export const MSG_SRC_PORT = 8;
export const MSG_DST_CID = 12;
export const MSG_DST_PORT = 16;
export const MSG_INO = 20;
export const MSG_COOKIE = 24;

/** Also VMADDR_PORT_ANY. */
export const VMADDR_CID_ANY = 0xffff_ffff;
export const VMADDR_CID_HYPERVISOR = 0;
/** This machine itself, whichever it is. */
export const VMADDR_CID_LOCAL = 1;
export const VMADDR_CID_HOST = 2;

// include/linux/net.h
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_SEQPACKET = 5;
