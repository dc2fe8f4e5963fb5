/**
 * Types of the messages that this program sends, by the protocol that they belong to.
 *
 * @module
 */

// NETLINK_SOCK_DIAG: include/uapi/linux/sock_diag.h.
/** The request for TCP sockets of before 2012, and the replies: one walk for IPv4 and IPv6. */
export const TCPDIAG_GETSOCK = 18;
/** Requests for sockets, and the replies. */
export const SOCK_DIAG_BY_FAMILY = 20;
/** Asks the kernel to close a socket. */
export const SOCK_DESTROY = 21;

// NETLINK_ROUTE: include/uapi/linux/rtnetlink.h.
export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
export const RTM_NEWADDR = 20;
export const RTM_DELADDR = 21;
export const RTM_GETADDR = 22;

// NETLINK_NETFILTER: include/uapi/linux/netfilter/nfnetlink.h.
/** The upper byte of the types of nf_tables; the lower byte is an NFT_MSG_*. */
export const NFNL_SUBSYS_NFTABLES = 10;
