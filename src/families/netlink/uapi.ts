/**
 * Constants of the netlink diag interface.
 *
 * Source: include/uapi/linux/{netlink_diag.h,netlink.h}, as of Linux 6.18. All integers are in host byte order.
 *
 * @module
 */

// struct netlink_diag_req: family u8 0, protocol u8 1, pad u16 2, ino u32 4, show u32 8, cookie u32[2] 12.
export const NETLINK_DIAG_REQ_SIZE = 20;
export const NDIAG_PROTO_ALL = 255;
export const NDIAG_SHOW_MEMINFO = 0x1;
export const NDIAG_SHOW_GROUPS = 0x2;
export const NDIAG_SHOW_FLAGS = 0x8;

// struct netlink_diag_msg: family u8 0, type u8 1, protocol u8 2, state u8 3, portid u32 4, dst_portid u32 8,
// dst_group u32 12, ino u32 16, cookie u32[2] 20.
export const NETLINK_DIAG_MSG_SIZE = 28;
export const MSG_FAMILY = 0;
export const MSG_TYPE = 1;
export const MSG_PROTOCOL = 2;
export const MSG_STATE = 3;
export const MSG_PORTID = 4;
export const MSG_DST_PORTID = 8;
export const MSG_DST_GROUP = 12;
export const MSG_INO = 16;
export const MSG_COOKIE = 20;

// Attributes of a reply. They begin at 0.
/** u32[]: SK_MEMINFO_*. */
export const NETLINK_DIAG_MEMINFO = 0;
/** A bit a group, group 1 in the lowest; as long as the protocol has groups. */
export const NETLINK_DIAG_GROUPS = 1;
export const NETLINK_DIAG_RX_RING = 2;
export const NETLINK_DIAG_TX_RING = 3;
export const NETLINK_DIAG_FLAGS = 4;
/** The last attribute this program knows. */
export const NETLINK_DIAG_MAX = NETLINK_DIAG_FLAGS;

/** Of `NETLINK_DIAG_FLAGS`: a dump is under way. */
export const NDIAG_FLAG_CB_RUNNING = 0x1;

/** `ndiag_state` after connect(2). Anything else is unconnected. Kernel: net/netlink/af_netlink.c. */
export const NETLINK_CONNECTED = 1;

/** include/uapi/linux/netlink.h: names without the prefix, by number. */
export const PROTOCOL_NAMES: readonly string[] = [
  "route",
  "unused",
  "usersock",
  "firewall",
  "sock_diag",
  "nflog",
  "xfrm",
  "selinux",
  "iscsi",
  "audit",
  "fib_lookup",
  "connector",
  "netfilter",
  "ip6_fw",
  "dnrtmsg",
  "kobject_uevent",
  "generic",
  "dm",
  "scsitransport",
  "ecryptfs",
  "rdma",
  "crypto",
  "smc",
];
