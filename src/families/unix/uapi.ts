/**
 * Constants of the unix diag interface.
 *
 * Source: include/uapi/linux/unix_diag.h, as of Linux 6.18. All integers are in host byte order.
 *
 * @module
 */

// struct unix_diag_req: family u8 0, protocol u8 1, pad u16 2, states u32 4, ino u32 8, show u32 12, cookie u32[2] 16.
export const UNIX_DIAG_REQ_SIZE = 24;
export const UDIAG_SHOW_NAME = 0x01;
/** Device and inode of the file that bind(2) made. */
export const UDIAG_SHOW_VFS = 0x02;
export const UDIAG_SHOW_PEER = 0x04;
/** Connections that wait for accept(2). */
export const UDIAG_SHOW_ICONS = 0x08;
export const UDIAG_SHOW_RQLEN = 0x10;
export const UDIAG_SHOW_MEMINFO = 0x20;
/** Since Linux 5.3. */
export const UDIAG_SHOW_UID = 0x40;

// struct unix_diag_msg: family u8 0, type u8 1, state u8 2, pad u8 3, ino u32 4, cookie u32[2] 8.
export const UNIX_DIAG_MSG_SIZE = 16;
export const MSG_FAMILY = 0;
export const MSG_TYPE = 1;
export const MSG_STATE = 2;
export const MSG_INO = 4;
export const MSG_COOKIE = 8;

// Attributes of a reply. They begin at 0.
/** Bytes: a path, or a NUL and an abstract name. Absent for an unnamed socket. */
export const UNIX_DIAG_NAME = 0;
/** struct unix_diag_vfs: ino u32 0, dev u32 4 as the kernel has it (major << 20 | minor). */
export const UNIX_DIAG_VFS = 1;
export const UNIX_DIAG_VFS_SIZE = 8;
/** u32: inode of the other end; 0 while nobody has accepted it. Absent where there is none. */
export const UNIX_DIAG_PEER = 2;
/** u32[]: of a listener, the inodes of the sockets whose connections wait for accept(2). */
export const UNIX_DIAG_ICONS = 3;
/** struct unix_diag_rqlen: rqueue u32 0, wqueue u32 4; of a listener the connections that wait, and the limit. */
export const UNIX_DIAG_RQLEN = 4;
/** u32[]: SK_MEMINFO_*. */
export const UNIX_DIAG_MEMINFO = 5;
/** u8: 1 RCV_SHUTDOWN, 2 SEND_SHUTDOWN. Always sent. */
export const UNIX_DIAG_SHUTDOWN = 6;
export const UNIX_DIAG_UID = 7;
/** The last attribute this program knows. */
export const UNIX_DIAG_MAX = UNIX_DIAG_UID;
