/**
 * Constants of the TIPC diag interface.
 *
 * Source: include/uapi/linux/{tipc_sockets_diag.h,tipc_netlink.h}, as of Linux 6.18. All integers are in host byte order.
 *
 * @module
 */

/** include/linux/socket.h */
export const AF_TIPC = 30;

// struct tipc_sock_diag_req: family u8 0, protocol u8 1, pad u16 2, states u32 4.
export const TIPC_DIAG_REQ_SIZE = 8;

/** A reply has no struct: it is this one nest, of TIPC_NLA_SOCK_*. */
export const TIPC_NLA_SOCK = 2;

/** u32: hash of the node's identity. */
export const TIPC_NLA_SOCK_ADDR = 1;
/** u32: port within the node. */
export const TIPC_NLA_SOCK_REF = 2;
/** Nest of TIPC_NLA_CON_*: present when connected. */
export const TIPC_NLA_SOCK_CON = 3;
/** Flag: bound to a service name. */
export const TIPC_NLA_SOCK_HAS_PUBL = 4;
/** Nest of TIPC_NLA_SOCK_STAT_*. */
export const TIPC_NLA_SOCK_STAT = 5;
/** u32: SOCK_STREAM and so on. */
export const TIPC_NLA_SOCK_TYPE = 6;
export const TIPC_NLA_SOCK_INO = 7;
export const TIPC_NLA_SOCK_UID = 8;
/** u32: numbers of TCP states; TIPC_OPEN is CLOSE. */
export const TIPC_NLA_SOCK_TIPC_STATE = 9;
/** u64 */
export const TIPC_NLA_SOCK_COOKIE = 10;
export const TIPC_NLA_SOCK_PAD = 11;
export const TIPC_NLA_SOCK_GROUP = 12;
/** The last attribute of the nest that this program knows. */
export const TIPC_NLA_SOCK_MAX = TIPC_NLA_SOCK_GROUP;

/** Flag: connected through a service name, which the last two give. */
export const TIPC_NLA_CON_FLAG = 1;
export const TIPC_NLA_CON_NODE = 2;
export const TIPC_NLA_CON_SOCK = 3;
export const TIPC_NLA_CON_TYPE = 4;
export const TIPC_NLA_CON_INST = 5;
export const TIPC_NLA_CON_MAX = TIPC_NLA_CON_INST;

// These begin at 0.
export const TIPC_NLA_SOCK_STAT_RCVQ = 0;
export const TIPC_NLA_SOCK_STAT_SENDQ = 1;
/** Flag. */
export const TIPC_NLA_SOCK_STAT_LINK_CONG = 2;
/** Flag. */
export const TIPC_NLA_SOCK_STAT_CONN_CONG = 3;
export const TIPC_NLA_SOCK_STAT_DROP = 4;
export const TIPC_NLA_SOCK_STAT_MAX = TIPC_NLA_SOCK_STAT_DROP;

// include/linux/net.h
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RDM = 4;
export const SOCK_SEQPACKET = 5;
