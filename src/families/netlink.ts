/**
 * The netlink family: sockets between the kernel and processes.
 *
 * Source: include/uapi/linux/{netlink_diag.h,netlink.h}, as of Linux 6.18. All integers are in host byte order.
 *
 * @module
 */
import { AF_NETLINK } from "../../ffi/socket.ts";
import type { NetlinkEndpoint, Reach, Socket } from "../model/socket.ts";
import { socketType } from "../model/socket_type.ts";
import { stateMask, stateNumber, TCP_CLOSE, TCP_ESTABLISHED } from "../model/state.ts";
import type { AttributeCursor } from "../netlink/attribute.ts";
import { NETLINK_SOCK_DIAG } from "../netlink/connection.ts";
import { MessageBuilder } from "../netlink/builder.ts";
import { SOCK_DIAG_BY_FAMILY } from "../netlink/message_types.ts";
import { eachNetlinkRow } from "../proc/net_netlink.ts";
import type { Query } from "../query.ts";
import { type AttributeValue, raw, SKMEMINFO_NAMES } from "./attribute_table.ts";
import { type DiagCursor, diagCursor, type MessageLayout } from "./diag_cursor.ts";
import { beginDump, endDump } from "./diag_request.ts";
import type { DecodeContext, DiagRequest, EndpointTraits, Family, ProcTable } from "./family.ts";
import { netlinkProtocolName, netlinkProtocolOf } from "./netlink_protocols.ts";
import { newSocket } from "./new_socket.ts";
import { bodyOf, procTable } from "./proc_table.ts";

// struct netlink_diag_req: family u8 0, protocol u8 1, pad u16 2, ino u32 4, show u32 8, cookie u32[2] 12.
export const NETLINK_DIAG_REQ_SIZE = 20;
const NDIAG_PROTO_ALL = 255;
export const NDIAG_SHOW_MEMINFO = 0x1;
export const NDIAG_SHOW_GROUPS = 0x2;
const NDIAG_SHOW_FLAGS = 0x8;

/** u32[]: SK_MEMINFO_*. */
export const NETLINK_DIAG_MEMINFO = 0;
/** A bit a group, group 1 in the lowest; as long as the protocol has groups. */
export const NETLINK_DIAG_GROUPS = 1;
/** struct netlink_diag_ring, 4 u32. Linux before 4.6. */
const NETLINK_DIAG_RX_RING = 2;
const NETLINK_DIAG_TX_RING = 3;
/** u32: NDIAG_FLAG_*. */
export const NETLINK_DIAG_FLAGS = 4;

/** Of `NETLINK_DIAG_FLAGS`: a dump is under way. */
export const NDIAG_FLAG_CB_RUNNING = 0x1;

/** `ndiag_state` after connect(2). Any other value is unconnected. Kernel: net/netlink/af_netlink.c. */
export const NETLINK_CONNECTED = 1;

const RING = ["block_size", "block_nr", "frame_size", "frame_nr"] as const;

const LAYOUT = {
  struct: "netlink_diag_msg",
  size: 28,
  fields: {
    /** SOCK_RAW or SOCK_DGRAM, which are the same here. Kernel: `ndiag_type`. */
    type: { type: "u8", at: 1 },
    /** NETLINK_*. Kernel: `ndiag_protocol`. */
    protocol: { type: "u8", at: 2 },
    /** NETLINK_CONNECTED or something else. Kernel: `ndiag_state`. */
    state: { type: "u8", at: 3 },
    /** Port ID; 0 is the kernel's own socket. Kernel: `ndiag_portid`. */
    portId: { type: "u32", at: 4 },
    /** Port ID that it is connected to. Kernel: `ndiag_dst_portid`. */
    peerPortId: { type: "u32", at: 8 },
    /** Number of the group that it is connected to, 0 for none. Kernel: `ndiag_dst_group`. */
    peerGroup: { type: "u32", at: 12 },
    /** Kernel: `ndiag_ino`. */
    inode: { type: "u32", at: 16 },
    /** Kernel: `ndiag_cookie`. In a message made of a line of /proc: the kernel's pointer as told there. */
    cookie: { type: "cookie", at: 20 },
    /** Bytes waiting to be read, -1 where they were not asked for. Kernel: `SK_MEMINFO_RMEM_ALLOC`. */
    receiveQueue: { type: "u32", attribute: NETLINK_DIAG_MEMINFO },
    /** Bytes on their way to others, -1 where they were not asked for. Kernel: `SK_MEMINFO_WMEM_ALLOC`. */
    sendQueue: { type: "u32", attribute: NETLINK_DIAG_MEMINFO, word: 2 },
  },
  attributes: {
    [NETLINK_DIAG_MEMINFO]: ["meminfo", SKMEMINFO_NAMES],
    [NETLINK_DIAG_GROUPS]: ["groups", raw],
    [NETLINK_DIAG_RX_RING]: ["rx_ring", RING],
    [NETLINK_DIAG_TX_RING]: ["tx_ring", RING],
    [NETLINK_DIAG_FLAGS]: ["flags", flags],
  },
} as const satisfies MessageLayout;

/** NDIAG_FLAG_*, from the lowest bit. */
const FLAG_NAMES = [
  "cb_running",
  "pktinfo",
  "broadcast_error",
  "no_enobufs",
  "listen_all_nsid",
  "cap_ack",
  "ext_ack",
  "strict_chk",
];

function flags(attribute: AttributeCursor): AttributeValue {
  const word = attribute.u32();
  return Object.fromEntries(FLAG_NAMES.map((name, i) => [name, (word >>> i & 1) !== 0]));
}

/** A cursor over netlink_diag_msg. */
export type NetlinkMessage = DiagCursor<typeof LAYOUT.fields>;

/** Makes a cursor. */
export function netlinkMessage(): NetlinkMessage {
  return diagCursor(LAYOUT);
}

/** Numbers of the groups that a socket has joined, ascending; `null` where they were not asked for. */
export function joinedGroups(message: NetlinkMessage): number[] | null {
  const offset = message.attributeOffset(NETLINK_DIAG_GROUPS);
  if (offset < 0) return null;
  const groups: number[] = [];
  for (let i = 0; i < message.attributeLength(NETLINK_DIAG_GROUPS); i++) {
    const byte = message.view.getUint8(offset + i);
    for (let bit = 0; bit < 8; bit++) if ((byte >>> bit & 1) !== 0) groups.push(8 * i + bit + 1);
  }
  return groups;
}

/** Builds a dump request over all protocols. `show` is made of NDIAG_SHOW_*. */
export function dumpRequest(show: number): Uint8Array<ArrayBuffer> {
  return endDump(beginDump(AF_NETLINK, NDIAG_PROTO_ALL), show);
}

/** /proc/net/netlink, which tells only the first 32 groups, and neither a type nor a peer. */
export const netlinkProcTable: ProcTable = procTable("netlink", eachNetlinkRow, (row) => {
  // SK_MEMINFO_RMEM_ALLOC, SK_MEMINFO_WMEM_ALLOC and SK_MEMINFO_DROPS.
  const memory = new DataView(new ArrayBuffer(36));
  memory.setUint32(0, row.receiveMemory, true);
  memory.setUint32(8, row.sendMemory, true);
  memory.setUint32(32, row.drops, true);
  return bodyOf(
    new MessageBuilder(SOCK_DIAG_BY_FAMILY, 0)
      .u8(AF_NETLINK)
      .u8(0)
      .u8(row.protocol)
      .u8(0)
      .u32(row.portId)
      .u32(0)
      .u32(0)
      .u32(row.inode)
      .u64(BigInt(`0x${row.address}`))
      .attribute(NETLINK_DIAG_MEMINFO, new Uint8Array(memory.buffer))
      .u32Attribute(NETLINK_DIAG_GROUPS, row.groups)
      .u32Attribute(NETLINK_DIAG_FLAGS, row.dumping ? NDIAG_FLAG_CB_RUNNING : 0),
  );
});

const REACH: Reach = {
  scope: "host",
  reasons: ["netlink: between the kernel and the processes of one network namespace"],
};

/** Makes a Socket. */
export function netlinkSocket(message: NetlinkMessage, context: DecodeContext): Socket {
  const { protocol, state, portId, peerPortId, peerGroup, inode, receiveQueue, sendQueue } =
    message;
  const connected = state === NETLINK_CONNECTED;
  return newSocket(context, {
    family: "netlink",
    transport: "netlink",
    // `null` from /proc, which does not tell.
    type: socketType(message.type),
    state: connected ? "established" : "close",
    // Groups are always asked for; the kernel leaves them out where there are none.
    local: { protocol, portId, groups: joinedGroups(message) ?? [] },
    peer: connected
      ? { protocol, portId: peerPortId, groups: peerGroup === 0 ? [] : [peerGroup] }
      : null,
    inode,
    cookie: context.source === "proc" ? null : message.cookie,
    recvQueue: receiveQueue,
    sendQueue,
    // The kernel's own sockets have inodes too, but no process has a descriptor of them.
    ownership: portId === 0 ? "kernel" : "unknown",
    reach: REACH,
  });
}

/** `route:1234`, `route:kernel`, `route:1234+1,5` with the groups it has joined. */
function text({ protocol, portId, groups }: NetlinkEndpoint): string {
  const joined = groups === null || groups.length === 0 ? "" : `+${groups.join(",")}`;
  return `${netlinkProtocolName(protocol)}:${portId === 0 ? "kernel" : portId}${joined}`;
}

/** A protocol, a port ID, groups. */
export const netlinkEndpoint: EndpointTraits = {
  text,
  prints(text) {
    const [, protocol] = /^([a-z0-9_]+):(?:kernel|\d+)(?:\+\d+(?:,\d+)*)?$/.exec(text) ?? [];
    return protocol !== undefined &&
      (netlinkProtocolOf(protocol) !== undefined || /^protocol_\d+$/.test(protocol));
  },
  json: ({ protocol, portId, groups }: NetlinkEndpoint) => ({
    protocol: netlinkProtocolName(protocol),
    port_id: portId,
    groups,
  }),
  rank: () => 0,
  compare: (a: NetlinkEndpoint, b: NetlinkEndpoint) =>
    a.protocol - b.protocol || a.portId - b.portId,
};

const SHOW = NDIAG_SHOW_GROUPS | NDIAG_SHOW_MEMINFO;

function requests({ families, states, ports, info }: Query): DiagRequest[] {
  if (!families.has("netlink") || ports !== null) return [];
  // One that is connected can still be sent to.
  const wanted = states ?? stateMask(TCP_CLOSE, TCP_ESTABLISHED);
  const message = netlinkMessage();
  return [{
    label: "netlink",
    message: dumpRequest(info ? SHOW | NDIAG_SHOW_FLAGS : SHOW),
    table: netlinkProcTable,
    // A socket that has joined a group comes twice: by its port and by its groups.
    repeats: true,
    // Where a chunk of the dump is full, the kernel goes on behind the socket that did not fit. Kernel: __netlink_diag_dump.
    identity: (view, start) =>
      [
        view.getUint8(start + LAYOUT.fields.protocol.at),
        view.getUint32(start + LAYOUT.fields.portId.at, true),
        view.getUint32(start + LAYOUT.fields.inode.at, true),
      ].join(),
    decode(view, start, end, context) {
      message.at(view, start, end);
      if (message.protocol === NETLINK_SOCK_DIAG && message.portId === context.ownPortId) {
        return null;
      }
      const socket = netlinkSocket(message, context);
      return (wanted & 1 << (stateNumber(socket.state) ?? 0)) !== 0 ? socket : null;
    },
    info: (view, start, end) => message.at(view, start, end).info(),
  }];
}

/** The netlink family. */
export const netlink: Family = {
  name: "netlink",
  label: () => "netlink",
  endpoint: netlinkEndpoint,
  requests,
  // Netlink sockets are named by process IDs, and only the kernel sends to most of them.
  serves: () => false,
  meaning: () => null,
};
