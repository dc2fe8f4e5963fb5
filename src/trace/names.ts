/**
 * Names of message types, flags and attributes, by number, as the headers of the kernel have them.
 *
 * Sources: include/uapi/linux/{netlink,sock_diag,inet_diag,unix_diag,netlink_diag,packet_diag,xdp_diag,tipc_netlink,
 * rtnetlink,if_link,if_addr,netfilter/nfnetlink,netfilter/nf_tables}.h, as of Linux 6.18.
 *
 * @module
 */
import {
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  AF_PACKET,
  AF_TIPC,
  AF_UNIX,
  AF_VSOCK,
  AF_XDP,
} from "../model/address_family.ts";
import { NETLINK_NETFILTER, NETLINK_ROUTE, NETLINK_SOCK_DIAG } from "../netlink/connection.ts";
import {
  NLM_F_ACK,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_MATCH,
  NLM_F_MULTI,
  NLM_F_REQUEST,
  NLM_F_ROOT,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_NOOP,
  NLMSG_OVERRUN,
} from "../netlink/header.ts";

/** NETLINK_* by number, where this program speaks them. */
export const PROTOCOLS: Readonly<Record<number, string>> = {
  [NETLINK_ROUTE]: "NETLINK_ROUTE",
  [NETLINK_SOCK_DIAG]: "NETLINK_SOCK_DIAG",
  [NETLINK_NETFILTER]: "NETLINK_NETFILTER",
};

/** Types below NLMSG_MIN_TYPE. */
export const CONTROL_TYPES: Readonly<Record<number, string>> = {
  [NLMSG_NOOP]: "NLMSG_NOOP",
  [NLMSG_ERROR]: "NLMSG_ERROR",
  [NLMSG_DONE]: "NLMSG_DONE",
  [NLMSG_OVERRUN]: "NLMSG_OVERRUN",
};

/** NLM_F_* of any message. */
export const FLAGS: readonly (readonly [bit: number, name: string])[] = [
  [NLM_F_REQUEST, "NLM_F_REQUEST"],
  [NLM_F_MULTI, "NLM_F_MULTI"],
  [NLM_F_ACK, "NLM_F_ACK"],
  [0x8, "NLM_F_ECHO"],
  [NLM_F_DUMP_INTR, "NLM_F_DUMP_INTR"],
  [0x20, "NLM_F_DUMP_FILTERED"],
];

/** Flags of a request that asks for something. */
export const GET_FLAGS: typeof FLAGS = [
  [NLM_F_DUMP, "NLM_F_DUMP"],
  [NLM_F_ROOT, "NLM_F_ROOT"],
  [NLM_F_MATCH, "NLM_F_MATCH"],
  [0x400, "NLM_F_ATOMIC"],
];

/** Flags of NLMSG_ERROR and NLMSG_DONE. */
export const VERDICT_FLAGS: typeof FLAGS = [
  [NLM_F_CAPPED, "NLM_F_CAPPED"],
  [NLM_F_ACK_TLVS, "NLM_F_ACK_TLVS"],
];

/** What the payload of an attribute is. `words`: an array of u32. `secret`: never printed. */
export type Kind =
  | "u8"
  | "u16"
  | "u32"
  | "s32"
  | "u64"
  | "be32"
  | "be64"
  | "words"
  | "string"
  | "address"
  | "bytes"
  | "secret"
  | AttributeTable;

/** Names of the attributes of one message or one nest. */
export interface AttributeTable {
  /** What names begin with. */
  readonly prefix: string;
  /** Number → the rest of its name. */
  readonly names: readonly string[];
  /** Name → what it holds; without an entry it is bytes. */
  readonly kinds?: Readonly<Record<string, Kind>>;
  /** What every attribute holds, where the numbers are positions in a list. */
  readonly every?: Kind;
}

const table = (
  prefix: string,
  names: string,
  kinds: Readonly<Record<string, Kind>> = {},
): AttributeTable => ({ prefix, names: names.split(" "), kinds });

const list = (prefix: string, names: string, every: Kind): AttributeTable => ({
  prefix,
  names: names.split(" "),
  every,
});

/** Attributes of an extended acknowledgement. */
export const NLMSGERR_ATTR = table(
  "NLMSGERR_ATTR_",
  "UNUSED MSG OFFS COOKIE POLICY MISS_TYPE MISS_NEST",
  {
    MSG: "string",
    OFFS: "u32",
  },
);

/** Attributes of a request for internet sockets. */
export const INET_REQUEST = table("INET_DIAG_REQ_", "NONE BYTECODE SK_BPF_STORAGES PROTOCOL", {
  PROTOCOL: "u32",
});

/** Attributes of an internet socket. */
export const INET_REPLY = table(
  "INET_DIAG_",
  "NONE MEMINFO INFO VEGASINFO CONG TOS TCLASS SKMEMINFO SHUTDOWN DCTCPINFO PROTOCOL SKV6ONLY LOCALS PEERS PAD MARK BBRINFO CLASS_ID MD5SIG ULP_INFO SK_BPF_STORAGES CGROUP_ID SOCKOPT",
  {
    MEMINFO: "words",
    CONG: "string",
    TOS: "u8",
    TCLASS: "u8",
    SKMEMINFO: "words",
    SHUTDOWN: "u8",
    PROTOCOL: "u8",
    SKV6ONLY: "u8",
    MARK: "u32",
    CLASS_ID: "u32",
    // The kernel hands root the keys of TCP MD5 signatures.
    MD5SIG: "secret",
    ULP_INFO: table("INET_ULP_INFO_", "UNSPEC NAME TLS MPTCP", { NAME: "string" }),
    CGROUP_ID: "u64",
  },
);

/** Attributes of a unix socket. */
export const UNIX_REPLY = table(
  "UNIX_DIAG_",
  "NAME VFS PEER ICONS RQLEN MEMINFO SHUTDOWN UID",
  {
    NAME: "string",
    VFS: "words",
    PEER: "u32",
    ICONS: "words",
    RQLEN: "words",
    MEMINFO: "words",
    SHUTDOWN: "u8",
    UID: "u32",
  },
);

/** Attributes of a netlink socket. */
const NETLINK_REPLY = table("NETLINK_DIAG_", "MEMINFO GROUPS RX_RING TX_RING FLAGS", {
  MEMINFO: "words",
  GROUPS: "words",
  FLAGS: "u32",
});

/** Attributes of a packet socket. */
const PACKET_REPLY = table(
  "PACKET_DIAG_",
  "INFO MCLIST RX_RING TX_RING FANOUT UID MEMINFO FILTER",
  { INFO: "words", FANOUT: "u32", UID: "u32", MEMINFO: "words" },
);

/** Attributes of an XDP socket. */
const XDP_REPLY = table(
  "XDP_DIAG_",
  "NONE INFO UID RX_RING TX_RING UMEM UMEM_FILL_RING UMEM_COMPLETION_RING MEMINFO STATS",
  { INFO: "words", UID: "u32", RX_RING: "words", TX_RING: "words", MEMINFO: "words" },
);

/** A reply about a TIPC socket is one nest. */
const TIPC_REPLY = table("TIPC_NLA_", "UNSPEC BEARER SOCK", {
  SOCK: table(
    "TIPC_NLA_SOCK_",
    "UNSPEC ADDR REF CON HAS_PUBL STAT TYPE INO UID TIPC_STATE COOKIE PAD GROUP",
    {
      ADDR: "u32",
      REF: "u32",
      CON: table("TIPC_NLA_CON_", "UNSPEC FLAG NODE SOCK TYPE INST", {
        NODE: "u32",
        SOCK: "u32",
        TYPE: "u32",
        INST: "u32",
      }),
      STAT: table("TIPC_NLA_SOCK_STAT_", "RCVQ SENDQ LINK_CONG CONN_CONG DROP", {
        RCVQ: "u32",
        SENDQ: "u32",
        DROP: "u32",
      }),
      TYPE: "u32",
      INO: "u32",
      UID: "u32",
      TIPC_STATE: "u32",
      COOKIE: "u64",
    },
  ),
});

/** Attributes of a link. */
export const LINK = table(
  "IFLA_",
  "UNSPEC ADDRESS BROADCAST IFNAME MTU LINK QDISC STATS COST PRIORITY MASTER WIRELESS PROTINFO TXQLEN MAP WEIGHT OPERSTATE LINKMODE LINKINFO NET_NS_PID IFALIAS NUM_VF VFINFO_LIST STATS64 VF_PORTS PORT_SELF AF_SPEC GROUP NET_NS_FD EXT_MASK PROMISCUITY NUM_TX_QUEUES NUM_RX_QUEUES CARRIER PHYS_PORT_ID CARRIER_CHANGES PHYS_SWITCH_ID LINK_NETNSID PHYS_PORT_NAME PROTO_DOWN GSO_MAX_SEGS GSO_MAX_SIZE PAD XDP EVENT NEW_NETNSID IF_NETNSID CARRIER_UP_COUNT CARRIER_DOWN_COUNT NEW_IFINDEX MIN_MTU MAX_MTU PROP_LIST ALT_IFNAME PERM_ADDRESS PROTO_DOWN_REASON PARENT_DEV_NAME PARENT_DEV_BUS_NAME GRO_MAX_SIZE TSO_MAX_SIZE TSO_MAX_SEGS ALLMULTI DEVLINK_PORT GSO_IPV4_MAX_SIZE GRO_IPV4_MAX_SIZE DPLL_PIN MAX_PACING_OFFLOAD_HORIZON NETNS_IMMUTABLE",
  {
    IFNAME: "string",
    MTU: "u32",
    LINK: "u32",
    QDISC: "string",
    MASTER: "u32",
    TXQLEN: "u32",
    OPERSTATE: "u8",
    LINKMODE: "u8",
    LINKINFO: table("IFLA_INFO_", "UNSPEC KIND DATA XSTATS SLAVE_KIND SLAVE_DATA", {
      KIND: "string",
      SLAVE_KIND: "string",
    }),
    IFALIAS: "string",
    NUM_VF: "u32",
    GROUP: "u32",
    EXT_MASK: "u32",
    PROMISCUITY: "u32",
    NUM_TX_QUEUES: "u32",
    NUM_RX_QUEUES: "u32",
    CARRIER: "u8",
    CARRIER_CHANGES: "u32",
    LINK_NETNSID: "s32",
    PHYS_PORT_NAME: "string",
    PROTO_DOWN: "u8",
    GSO_MAX_SEGS: "u32",
    GSO_MAX_SIZE: "u32",
    XDP: table("IFLA_XDP_", "UNSPEC FD ATTACHED FLAGS PROG_ID DRV_PROG_ID SKB_PROG_ID HW_PROG_ID", {
      ATTACHED: "u8",
      PROG_ID: "u32",
    }),
    CARRIER_UP_COUNT: "u32",
    CARRIER_DOWN_COUNT: "u32",
    MIN_MTU: "u32",
    MAX_MTU: "u32",
    PARENT_DEV_NAME: "string",
    PARENT_DEV_BUS_NAME: "string",
    GRO_MAX_SIZE: "u32",
    TSO_MAX_SIZE: "u32",
    TSO_MAX_SEGS: "u32",
    ALLMULTI: "u32",
    GSO_IPV4_MAX_SIZE: "u32",
    GRO_IPV4_MAX_SIZE: "u32",
    NETNS_IMMUTABLE: "u8",
  },
);

/** Attributes of an address. */
export const ADDRESS = table(
  "IFA_",
  "UNSPEC ADDRESS LOCAL LABEL BROADCAST ANYCAST CACHEINFO MULTICAST FLAGS RT_PRIORITY TARGET_NETNSID PROTO",
  {
    ADDRESS: "address",
    LOCAL: "address",
    LABEL: "string",
    BROADCAST: "address",
    ANYCAST: "address",
    CACHEINFO: "words",
    MULTICAST: "address",
    FLAGS: "u32",
    RT_PRIORITY: "u32",
    TARGET_NETNSID: "s32",
    PROTO: "u8",
  },
);

const NFT_DATA = table("NFTA_DATA_", "UNSPEC VALUE VERDICT", {
  VERDICT: table("NFTA_VERDICT_", "UNSPEC CODE CHAIN CHAIN_ID", { CODE: "be32", CHAIN: "string" }),
});
// What NFTA_EXPR_DATA holds depends on the name beside it: its attributes have numbers here.
const NFT_EXPRESSION = table("NFTA_EXPR_", "UNSPEC NAME DATA", {
  NAME: "string",
  DATA: { prefix: "", names: [] },
});
const NFT_EXPRESSIONS = list("NFTA_LIST_", "UNSPEC ELEM", NFT_EXPRESSION);

const NFT_TABLE = table("NFTA_TABLE_", "UNSPEC NAME FLAGS USE HANDLE PAD USERDATA OWNER", {
  NAME: "string",
  FLAGS: "be32",
  USE: "be32",
  HANDLE: "be64",
});
const NFT_CHAIN = table(
  "NFTA_CHAIN_",
  "UNSPEC TABLE HANDLE NAME HOOK POLICY USE TYPE COUNTERS PAD FLAGS ID USERDATA",
  {
    TABLE: "string",
    HANDLE: "be64",
    NAME: "string",
    HOOK: table("NFTA_HOOK_", "UNSPEC HOOKNUM PRIORITY DEV DEVS", {
      HOOKNUM: "be32",
      PRIORITY: "be32",
      DEV: "string",
    }),
    POLICY: "be32",
    USE: "be32",
    TYPE: "string",
    FLAGS: "be32",
  },
);
const NFT_RULE = table(
  "NFTA_RULE_",
  "UNSPEC TABLE CHAIN HANDLE EXPRESSIONS COMPAT POSITION USERDATA PAD ID POSITION_ID CHAIN_ID",
  {
    TABLE: "string",
    CHAIN: "string",
    HANDLE: "be64",
    EXPRESSIONS: NFT_EXPRESSIONS,
    POSITION: "be64",
  },
);
const NFT_SET = table(
  "NFTA_SET_",
  "UNSPEC TABLE NAME FLAGS KEY_TYPE KEY_LEN DATA_TYPE DATA_LEN POLICY DESC ID TIMEOUT GC_INTERVAL USERDATA PAD OBJ_TYPE HANDLE EXPR EXPRESSIONS TYPE COUNT",
  {
    TABLE: "string",
    NAME: "string",
    FLAGS: "be32",
    KEY_TYPE: "be32",
    KEY_LEN: "be32",
    DATA_TYPE: "be32",
    DATA_LEN: "be32",
    POLICY: "be32",
    TIMEOUT: "be64",
    HANDLE: "be64",
  },
);
const NFT_ELEMENT = table(
  "NFTA_SET_ELEM_",
  "UNSPEC KEY DATA FLAGS TIMEOUT EXPIRATION USERDATA EXPR PAD OBJREF KEY_END EXPRESSIONS",
  { KEY: NFT_DATA, DATA: NFT_DATA, FLAGS: "be32", KEY_END: NFT_DATA, OBJREF: "string" },
);
const NFT_ELEMENTS = table("NFTA_SET_ELEM_LIST_", "UNSPEC TABLE SET ELEMENTS SET_ID", {
  TABLE: "string",
  SET: "string",
  ELEMENTS: list("NFTA_LIST_", "UNSPEC ELEM", NFT_ELEMENT),
});
const NFT_GENERATION = table("NFTA_GEN_", "UNSPEC ID PROC_PID PROC_NAME", {
  ID: "be32",
  PROC_PID: "be32",
  PROC_NAME: "string",
});

/** NFT_MSG_* by number: the name, and what the attributes are. */
export const NFT_MESSAGES: readonly (readonly [name: string, attributes: AttributeTable])[] = [
  ["NEWTABLE", NFT_TABLE],
  ["GETTABLE", NFT_TABLE],
  ["DELTABLE", NFT_TABLE],
  ["NEWCHAIN", NFT_CHAIN],
  ["GETCHAIN", NFT_CHAIN],
  ["DELCHAIN", NFT_CHAIN],
  ["NEWRULE", NFT_RULE],
  ["GETRULE", NFT_RULE],
  ["DELRULE", NFT_RULE],
  ["NEWSET", NFT_SET],
  ["GETSET", NFT_SET],
  ["DELSET", NFT_SET],
  ["NEWSETELEM", NFT_ELEMENTS],
  ["GETSETELEM", NFT_ELEMENTS],
  ["DELSETELEM", NFT_ELEMENTS],
  ["NEWGEN", NFT_GENERATION],
  ["GETGEN", NFT_GENERATION],
];

/** A field of a struct: name, offset, form. `address`: 16 bytes, of which IPv4 uses four. */
export type Field = readonly [
  name: string,
  offset: number,
  form:
    | "u8"
    | "u16"
    | "be16"
    | "u32"
    | "s32"
    | "hex32"
    | "hex8"
    | "u64"
    | "cookie"
    | "family"
    | "state"
    | "address",
];

/** A struct that a message begins with. */
export interface Struct {
  readonly name: string;
  readonly size: number;
  readonly fields: readonly Field[];
}

/** struct inet_diag_sockid, which begins at an offset. */
const socketId = (at: number): readonly Field[] => [
  ["sport", at, "be16"],
  ["dport", at + 2, "be16"],
  ["src", at + 4, "address"],
  ["dst", at + 20, "address"],
  ["if", at + 36, "u32"],
  ["cookie", at + 40, "cookie"],
];

/** struct inet_diag_req_v2 */
const INET_REQUEST_STRUCT: Struct = {
  name: "inet_diag_req_v2",
  size: 56,
  fields: [
    ["family", 0, "family"],
    ["protocol", 1, "u8"],
    ["ext", 2, "hex8"],
    ["states", 4, "hex32"],
    ...socketId(8),
  ],
};

/** struct inet_diag_req */
export const TCPDIAG_REQUEST_STRUCT: Struct = {
  name: "inet_diag_req",
  size: 60,
  fields: [
    ["family", 0, "family"],
    ["src_len", 1, "u8"],
    ["dst_len", 2, "u8"],
    ["ext", 3, "hex8"],
    ...socketId(4),
    ["states", 52, "hex32"],
    ["dbs", 56, "hex32"],
  ],
};

/** struct inet_diag_msg */
export const INET_REPLY_STRUCT: Struct = {
  name: "inet_diag_msg",
  size: 72,
  fields: [
    ["family", 0, "family"],
    ["state", 1, "state"],
    ["timer", 2, "u8"],
    ["retrans", 3, "u8"],
    ...socketId(4),
    ["expires", 52, "u32"],
    ["rqueue", 56, "u32"],
    ["wqueue", 60, "u32"],
    ["uid", 64, "u32"],
    ["inode", 68, "u32"],
  ],
};

// netlink_diag_req, packet_diag_req and xdp_diag_req are the same.
const requestStruct = (name: string): Struct => ({
  name,
  size: 20,
  fields: [
    ["family", 0, "family"],
    ["protocol", 1, "u8"],
    ["ino", 4, "u32"],
    ["show", 8, "hex32"],
    ["cookie", 12, "cookie"],
  ],
});

// So are unix_diag_req and vsock_diag_req.
const statesRequestStruct = (name: string): Struct => ({
  name,
  size: 24,
  fields: [
    ["family", 0, "family"],
    ["protocol", 1, "u8"],
    ["states", 4, "hex32"],
    ["ino", 8, "u32"],
    ["show", 12, "hex32"],
    ["cookie", 16, "cookie"],
  ],
});

/** What sock_diag is told and tells of a family: structs and attributes of request and reply. */
interface DiagFamily {
  readonly name: string;
  readonly request: Struct;
  readonly reply: Struct;
  readonly requestAttributes: AttributeTable;
  readonly replyAttributes: AttributeTable;
}

const NO_ATTRIBUTES: AttributeTable = { prefix: "", names: [] };

const inet = (name: string): DiagFamily => ({
  name,
  request: INET_REQUEST_STRUCT,
  reply: INET_REPLY_STRUCT,
  requestAttributes: INET_REQUEST,
  replyAttributes: INET_REPLY,
});

/** Families of sock_diag by their AF_* number. */
export const DIAG_FAMILIES: Readonly<Record<number, DiagFamily>> = {
  [AF_UNIX]: {
    name: "AF_UNIX",
    request: statesRequestStruct("unix_diag_req"),
    reply: {
      name: "unix_diag_msg",
      size: 16,
      fields: [
        ["family", 0, "family"],
        ["type", 1, "u8"],
        ["state", 2, "state"],
        ["ino", 4, "u32"],
        ["cookie", 8, "cookie"],
      ],
    },
    requestAttributes: NO_ATTRIBUTES,
    replyAttributes: UNIX_REPLY,
  },
  [AF_INET]: inet("AF_INET"),
  [AF_INET6]: inet("AF_INET6"),
  [AF_NETLINK]: {
    name: "AF_NETLINK",
    request: requestStruct("netlink_diag_req"),
    reply: {
      name: "netlink_diag_msg",
      size: 28,
      fields: [
        ["family", 0, "family"],
        ["type", 1, "u8"],
        ["protocol", 2, "u8"],
        ["state", 3, "u8"],
        ["portid", 4, "u32"],
        ["dst_portid", 8, "u32"],
        ["dst_group", 12, "u32"],
        ["ino", 16, "u32"],
        ["cookie", 20, "cookie"],
      ],
    },
    requestAttributes: NO_ATTRIBUTES,
    replyAttributes: NETLINK_REPLY,
  },
  [AF_PACKET]: {
    name: "AF_PACKET",
    request: requestStruct("packet_diag_req"),
    reply: {
      name: "packet_diag_msg",
      size: 16,
      fields: [
        ["family", 0, "family"],
        ["type", 1, "u8"],
        ["num", 2, "u16"],
        ["ino", 4, "u32"],
        ["cookie", 8, "cookie"],
      ],
    },
    requestAttributes: NO_ATTRIBUTES,
    replyAttributes: PACKET_REPLY,
  },
  [AF_TIPC]: {
    name: "AF_TIPC",
    request: {
      name: "tipc_sock_diag_req",
      size: 8,
      fields: [["family", 0, "family"], ["protocol", 1, "u8"], ["states", 4, "hex32"]],
    },
    reply: { name: "", size: 0, fields: [] },
    requestAttributes: NO_ATTRIBUTES,
    replyAttributes: TIPC_REPLY,
  },
  [AF_VSOCK]: {
    name: "AF_VSOCK",
    request: statesRequestStruct("vsock_diag_req"),
    reply: {
      name: "vsock_diag_msg",
      size: 32,
      fields: [
        ["family", 0, "family"],
        ["type", 1, "u8"],
        ["state", 2, "state"],
        ["shutdown", 3, "u8"],
        ["src_cid", 4, "u32"],
        ["src_port", 8, "u32"],
        ["dst_cid", 12, "u32"],
        ["dst_port", 16, "u32"],
        ["ino", 20, "u32"],
        ["cookie", 24, "cookie"],
      ],
    },
    requestAttributes: NO_ATTRIBUTES,
    replyAttributes: NO_ATTRIBUTES,
  },
  [AF_XDP]: {
    name: "AF_XDP",
    request: requestStruct("xdp_diag_req"),
    reply: {
      name: "xdp_diag_msg",
      size: 16,
      fields: [
        ["family", 0, "family"],
        ["type", 1, "u8"],
        ["ino", 4, "u32"],
        ["cookie", 8, "cookie"],
      ],
    },
    requestAttributes: NO_ATTRIBUTES,
    replyAttributes: XDP_REPLY,
  },
};

/** struct ifinfomsg */
export const LINK_STRUCT: Struct = {
  name: "ifinfomsg",
  size: 16,
  fields: [
    ["family", 0, "u8"],
    ["type", 2, "u16"],
    ["index", 4, "s32"],
    ["flags", 8, "hex32"],
    ["change", 12, "hex32"],
  ],
};

/** struct ifaddrmsg */
export const ADDRESS_STRUCT: Struct = {
  name: "ifaddrmsg",
  size: 8,
  fields: [
    ["family", 0, "family"],
    ["prefixlen", 1, "u8"],
    ["flags", 2, "hex8"],
    ["scope", 3, "u8"],
    ["index", 4, "u32"],
  ],
};

/** struct nfgenmsg */
export const NETFILTER_STRUCT: Struct = {
  name: "nfgenmsg",
  size: 4,
  fields: [["family", 0, "u8"], ["version", 1, "u8"], ["res_id", 2, "be16"]],
};
