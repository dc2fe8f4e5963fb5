/**
 * The TIPC family: sockets between the nodes of a cluster.
 *
 * Source: include/uapi/linux/{tipc_sockets_diag.h,tipc_netlink.h}, as of Linux 6.18. All integers are in host byte order.
 *
 * @module
 */
import { AF_TIPC } from "../model/address_family.ts";
import type { Reach, Socket, TipcEndpoint } from "../model/socket.ts";
import { socketType } from "../model/socket_type.ts";
import { type StateMask, stateMask, stateName, TCP_CLOSE, TCP_LISTEN } from "../model/state.ts";
import type { Query } from "../query.ts";
import { flag, PADDING, raw, u32, u64 } from "./attribute_table.ts";
import { type DiagCursor, diagCursor, type MessageLayout } from "./diag_cursor.ts";
import { beginDump } from "./diag_request.ts";
import type { DecodeContext, DiagRequest, EndpointTraits, Family, ServiceFacts } from "./family.ts";
import { meaningOf } from "./meaning.ts";
import { newSocket } from "./new_socket.ts";

// struct tipc_sock_diag_req: family u8 0, protocol u8 1, pad u16 2, states u32 4.
export const TIPC_DIAG_REQ_SIZE = 8;

/** A reply has no struct: it is this one nest, of TIPC_NLA_SOCK_*. */
const TIPC_NLA_SOCK = 2;

/** u32: hash of the node's identity. */
const TIPC_NLA_SOCK_ADDR = 1;
/** u32: port within the node. */
const TIPC_NLA_SOCK_REF = 2;
/** Nest of TIPC_NLA_CON_*: present when connected. */
export const TIPC_NLA_SOCK_CON = 3;
/** Flag: bound to a service name. */
export const TIPC_NLA_SOCK_HAS_PUBL = 4;
/** Nest of TIPC_NLA_SOCK_STAT_*. */
export const TIPC_NLA_SOCK_STAT = 5;
/** u32: SOCK_STREAM and so on. */
const TIPC_NLA_SOCK_TYPE = 6;
const TIPC_NLA_SOCK_INO = 7;
const TIPC_NLA_SOCK_UID = 8;
/** u32: numbers of TCP states; TIPC_OPEN is CLOSE. */
const TIPC_NLA_SOCK_TIPC_STATE = 9;
/** u64 */
const TIPC_NLA_SOCK_COOKIE = 10;
const TIPC_NLA_SOCK_PAD = 11;
const TIPC_NLA_SOCK_GROUP = 12;

/** Flag: connected through a service name, which TYPE and INST give. */
export const TIPC_NLA_CON_FLAG = 1;
const TIPC_NLA_CON_NODE = 2;
const TIPC_NLA_CON_SOCK = 3;
export const TIPC_NLA_CON_TYPE = 4;
export const TIPC_NLA_CON_INST = 5;

const TIPC_NLA_SOCK_STAT_RCVQ = 0;
const TIPC_NLA_SOCK_STAT_SENDQ = 1;
/** Flag. */
export const TIPC_NLA_SOCK_STAT_LINK_CONG = 2;
/** Flag. */
export const TIPC_NLA_SOCK_STAT_CONN_CONG = 3;
export const TIPC_NLA_SOCK_STAT_DROP = 4;

const LAYOUT = {
  struct: "TIPC_NLA_SOCK",
  size: 0,
  within: TIPC_NLA_SOCK,
  fields: {
    /** SOCK_STREAM, SOCK_DGRAM, SOCK_RDM or SOCK_SEQPACKET. */
    type: { type: "u32", attribute: TIPC_NLA_SOCK_TYPE },
    /** A TCP state. */
    state: { type: "u32", attribute: TIPC_NLA_SOCK_TIPC_STATE },
    node: { type: "u32", attribute: TIPC_NLA_SOCK_ADDR, absent: 0 },
    ref: { type: "u32", attribute: TIPC_NLA_SOCK_REF, absent: 0 },
    peerNode: { type: "u32", nest: TIPC_NLA_SOCK_CON, attribute: TIPC_NLA_CON_NODE, absent: 0 },
    peerRef: { type: "u32", nest: TIPC_NLA_SOCK_CON, attribute: TIPC_NLA_CON_SOCK, absent: 0 },
    inode: { type: "u32", attribute: TIPC_NLA_SOCK_INO, absent: 0 },
    uid: { type: "u32", attribute: TIPC_NLA_SOCK_UID },
    cookie: { type: "cookie", attribute: TIPC_NLA_SOCK_COOKIE },
    /** Messages waiting to be read. */
    receiveQueue: { type: "u32", nest: TIPC_NLA_SOCK_STAT, attribute: TIPC_NLA_SOCK_STAT_RCVQ },
    /** Messages waiting to be sent. */
    sendQueue: { type: "u32", nest: TIPC_NLA_SOCK_STAT, attribute: TIPC_NLA_SOCK_STAT_SENDQ },
  },
  attributes: {
    [TIPC_NLA_SOCK_ADDR]: ["addr", u32],
    [TIPC_NLA_SOCK_REF]: ["ref", u32],
    [TIPC_NLA_SOCK_CON]: ["con", {
      nest: {
        [TIPC_NLA_CON_FLAG]: ["flag", flag],
        [TIPC_NLA_CON_NODE]: ["node", u32],
        [TIPC_NLA_CON_SOCK]: ["sock", u32],
        [TIPC_NLA_CON_TYPE]: ["type", u32],
        [TIPC_NLA_CON_INST]: ["inst", u32],
      },
    }],
    [TIPC_NLA_SOCK_HAS_PUBL]: ["has_publ", flag],
    [TIPC_NLA_SOCK_STAT]: ["stat", {
      nest: {
        [TIPC_NLA_SOCK_STAT_RCVQ]: ["rcvq", u32],
        [TIPC_NLA_SOCK_STAT_SENDQ]: ["sendq", u32],
        [TIPC_NLA_SOCK_STAT_LINK_CONG]: ["link_cong", flag],
        [TIPC_NLA_SOCK_STAT_CONN_CONG]: ["conn_cong", flag],
        [TIPC_NLA_SOCK_STAT_DROP]: ["drop", u32],
      },
    }],
    [TIPC_NLA_SOCK_TYPE]: ["type", u32],
    [TIPC_NLA_SOCK_INO]: ["ino", u32],
    [TIPC_NLA_SOCK_UID]: ["uid", u32],
    [TIPC_NLA_SOCK_TIPC_STATE]: ["tipc_state", u32],
    [TIPC_NLA_SOCK_COOKIE]: ["cookie", u64],
    [TIPC_NLA_SOCK_PAD]: PADDING,
    [TIPC_NLA_SOCK_GROUP]: ["group", raw],
  },
} as const satisfies MessageLayout;

/** A cursor over replies of the TIPC diag handler. */
export type TipcMessage = DiagCursor<typeof LAYOUT.fields>;

/** Makes a cursor. */
export function tipcMessage(): TipcMessage {
  return diagCursor(LAYOUT);
}

/**
 * False for a message without any attribute: the kernel sends one for each socket that is in none of the states that were
 * asked for.
 */
export function holdsSocket(start: number, end: number): boolean {
  return end > start;
}

/** Builds a dump request. */
export function dumpRequest(states: StateMask): Uint8Array<ArrayBuffer> {
  return beginDump(AF_TIPC).u32(states).finish();
}

const REACH: Reach = { scope: "private", reasons: ["TIPC: reached by every node of the cluster"] };

/** Makes a Socket; `null` for a type that this program does not know. */
export function tipcSocket(message: TipcMessage, context: DecodeContext): Socket | null {
  const type = socketType(message.type);
  if (type === null) return null;
  const { node, ref, peerNode, peerRef, inode, uid, cookie, receiveQueue, sendQueue } = message;
  return newSocket(context, {
    family: "tipc",
    transport: type,
    type,
    state: stateName(message.state),
    local: { node, ref },
    peer: message.has(TIPC_NLA_SOCK_CON) ? { node: peerNode, ref: peerRef } : null,
    uid,
    inode,
    cookie,
    recvQueue: receiveQueue,
    sendQueue,
    reach: REACH,
  });
}

/** A node and a port in it. */
export const tipcEndpoint: EndpointTraits = {
  text: ({ node, ref }: TipcEndpoint) => `${node}:${ref}`,
  prints: (text) => /^\d+:\d+$/.test(text),
  json: ({ node, ref }: TipcEndpoint) => ({ node, ref }),
  rank: () => 0,
  compare: (a: TipcEndpoint, b: TipcEndpoint) => a.node - b.node || a.ref - b.ref,
};

function requests({ families, states, ports }: Query): DiagRequest[] {
  if (!families.has("tipc") || ports !== null) return [];
  const message = tipcMessage();
  const wanted = (socket: Socket) => states !== null || serves(socket);
  return [{
    label: "tipc",
    message: dumpRequest(states ?? stateMask(TCP_LISTEN, TCP_CLOSE)),
    table: null,
    protocol: "TIPC",
    decode(view, start, end, context) {
      if (!holdsSocket(start, end)) return null;
      const socket = tipcSocket(message.at(view, start, end), context);
      return socket !== null && wanted(socket) ? socket : null;
    },
    info: (view, start, end) => message.at(view, start, end).info(),
  }];
}

// An unconnected socket of a connection-oriented type cannot be talked to.
function serves({ state, transport, peer }: ServiceFacts): boolean {
  return state === "listen" || (transport === "dgram" || transport === "rdm") && peer === null;
}

/** The TIPC family. */
export const tipc: Family = {
  name: "tipc",
  label: ({ transport }) => `tipc-${transport}`,
  endpoint: tipcEndpoint,
  requests,
  serves,
  meaning: (socket) => meaningOf(socket, serves(socket)),
  fullQueue: "further connections are refused",
};
