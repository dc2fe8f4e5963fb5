/**
 * The XDP family: sockets that take frames from a queue of an interface.
 *
 * Source: include/uapi/linux/xdp_diag.h, as of Linux 6.18. All integers are in host byte order.
 *
 * @module
 */
import { AF_XDP } from "../model/address_family.ts";
import type { Socket, XdpEndpoint } from "../model/socket.ts";
import { ALL_STATES, TCP_CLOSE } from "../model/state.ts";
import type { AttributeCursor } from "../netlink/attribute.ts";
import type { Query } from "../query.ts";
import { type AttributeValue, SKMEMINFO_NAMES, u32, words } from "./attribute_table.ts";
import { type DiagCursor, diagCursor, type MessageLayout } from "./diag_cursor.ts";
import { beginDump, endDump } from "./diag_request.ts";
import type { DecodeContext, DiagRequest, EndpointTraits, Family } from "./family.ts";
import { newSocket } from "./new_socket.ts";
import { compareText } from "./order.ts";

// struct xdp_diag_req: family u8 0, protocol u8 1 (must be 0), pad u16 2, ino u32 4, show u32 8, cookie u32[2] 12.
export const XDP_DIAG_REQ_SIZE = 20;
export const XDP_SHOW_INFO = 0x01;
export const XDP_SHOW_RING_CFG = 0x02;
export const XDP_SHOW_UMEM = 0x04;
export const XDP_SHOW_MEMINFO = 0x08;
export const XDP_SHOW_STATS = 0x10;

/** struct xdp_diag_info. Both 0 while the socket is not bound. */
const XDP_DIAG_INFO = 1;
export const XDP_DIAG_UID = 2;
/** struct xdp_diag_ring: entries u32. */
export const XDP_DIAG_RX_RING = 3;
export const XDP_DIAG_TX_RING = 4;
export const XDP_DIAG_UMEM = 5;
export const XDP_DIAG_UMEM_FILL_RING = 6;
export const XDP_DIAG_UMEM_COMPLETION_RING = 7;
/** u32[]: SK_MEMINFO_*. */
export const XDP_DIAG_MEMINFO = 8;
/** struct xdp_diag_stats: 6 u64. */
export const XDP_DIAG_STATS = 9;

/** Of the UMEM's flags: the driver works on it without copying. */
export const XDP_DU_F_ZEROCOPY = 0x1;

const LAYOUT = {
  struct: "xdp_diag_msg",
  size: 16,
  fields: {
    /** SOCK_RAW. Kernel: `xdiag_type`. */
    type: { type: "u8", at: 1 },
    /** Kernel: `xdiag_ino`. */
    inode: { type: "u32", at: 4 },
    /** Kernel: `xdiag_cookie`. */
    cookie: { type: "cookie", at: 8 },
    /** 0 while not bound, -1 where it was not asked for. Kernel: `ifindex` of xdp_diag_info. */
    interfaceIndex: { type: "u32", attribute: XDP_DIAG_INFO },
    /** -1 where it was not asked for. Kernel: `queue_id` of xdp_diag_info. */
    queue: { type: "u32", attribute: XDP_DIAG_INFO, word: 1 },
    uid: { type: "u32", attribute: XDP_DIAG_UID },
    /** Kernel: `SK_MEMINFO_RMEM_ALLOC`. -1 where it was not asked for. */
    receiveQueue: { type: "u32", attribute: XDP_DIAG_MEMINFO },
    /** Kernel: `SK_MEMINFO_WMEM_ALLOC`. -1 where it was not asked for. */
    sendQueue: { type: "u32", attribute: XDP_DIAG_MEMINFO, word: 2 },
  },
  attributes: {
    [XDP_DIAG_INFO]: ["info", ["ifindex", "queue_id"]],
    [XDP_DIAG_UID]: ["uid", u32],
    [XDP_DIAG_RX_RING]: ["rx_ring", ["entries"]],
    [XDP_DIAG_TX_RING]: ["tx_ring", ["entries"]],
    [XDP_DIAG_UMEM]: ["umem", umem],
    [XDP_DIAG_UMEM_FILL_RING]: ["umem_fill_ring", ["entries"]],
    [XDP_DIAG_UMEM_COMPLETION_RING]: ["umem_completion_ring", ["entries"]],
    [XDP_DIAG_MEMINFO]: ["meminfo", SKMEMINFO_NAMES],
    [XDP_DIAG_STATS]: ["stats", stats],
  },
} as const satisfies MessageLayout;

/** struct xdp_diag_umem: size u64 0 in bytes, then these u32 from 8. */
function umem({ view, offset, length }: AttributeCursor): AttributeValue {
  return {
    size: length >= 8 ? view.getBigUint64(offset, true) : null,
    ...words({ view, offset: offset + 8, length: length - 8 }, [
      "id",
      "num_pages",
      "chunk_size",
      "headroom",
      "ifindex",
      "queue_id",
      "flags",
      "refs",
    ]),
  };
}

/** struct xdp_diag_stats: u64 counts in this order. */
function stats({ view, offset, length }: AttributeCursor): AttributeValue {
  const names = [
    "rx_dropped",
    "rx_invalid",
    "rx_full",
    "fill_ring_empty",
    "tx_invalid",
    "tx_ring_empty",
  ];
  const values: Record<string, AttributeValue> = {};
  for (let i = 0; i < names.length && 8 * i + 8 <= length; i++) {
    values[names[i]!] = view.getBigUint64(offset + 8 * i, true);
  }
  return values;
}

/** A cursor over xdp_diag_msg. */
export type XdpMessage = DiagCursor<typeof LAYOUT.fields>;

/** Makes a cursor. */
export function xdpMessage(): XdpMessage {
  return diagCursor(LAYOUT);
}

/** Builds a dump request. `show` is made of XDP_SHOW_*. The kernel knows no filter. */
export function dumpRequest(show: number): Uint8Array<ArrayBuffer> {
  return endDump(beginDump(AF_XDP), show);
}

/** Makes a Socket. */
export function xdpSocket(message: XdpMessage, context: DecodeContext): Socket {
  const { interfaceIndex, queue, uid, inode, cookie, receiveQueue, sendQueue } = message;
  const name = interfaceIndex <= 0 ? null : context.interfaceName(interfaceIndex);
  return newSocket(context, {
    family: "xdp",
    transport: "xdp",
    type: "raw",
    local: { interface: name, queue: name === null || queue < 0 ? null : queue },
    uid,
    inode,
    cookie,
    recvQueue: receiveQueue,
    sendQueue,
    reach: name === null
      ? { scope: "unknown", reasons: ["not bound to an interface yet"] }
      : { scope: "link_local", reasons: [`sees frames of ${name}, before any firewall`] },
  });
}

/** An interface and one of its queues: `eth0:q3`, or `*` while not bound. */
export const xdpEndpoint: EndpointTraits = {
  text: ({ interface: name, queue }: XdpEndpoint) => name === null ? "*" : `${name}:q${queue ?? 0}`,
  prints: (text) => /^[^\s:]+:q\d+$/.test(text),
  json: ({ interface: name, queue }: XdpEndpoint) => ({ interface: name, queue }),
  rank: () => 0,
  compare: (a: XdpEndpoint, b: XdpEndpoint) =>
    compareText(a.interface ?? "", b.interface ?? "") || (a.queue ?? 0) - (b.queue ?? 0),
};

const SHOW = XDP_SHOW_INFO | XDP_SHOW_MEMINFO;
const SHOW_INFO = XDP_SHOW_RING_CFG | XDP_SHOW_UMEM | XDP_SHOW_STATS;

function requests({ families, states, ports, info }: Query): DiagRequest[] {
  if (!families.has("xdp") || ports !== null) return [];
  // They have no connections.
  if (((states ?? ALL_STATES) & 1 << TCP_CLOSE) === 0) return [];
  const message = xdpMessage();
  return [{
    label: "xdp",
    message: dumpRequest(info ? SHOW | SHOW_INFO : SHOW),
    table: null,
    protocol: "XDP",
    decode: (view, start, end, context) => xdpSocket(message.at(view, start, end), context),
    info: (view, start, end) => message.at(view, start, end).info(),
  }];
}

/** The XDP family. */
export const xdp: Family = {
  name: "xdp",
  label: () => "xdp",
  endpoint: xdpEndpoint,
  requests,
  serves: () => true,
  meaning: () => null,
};
