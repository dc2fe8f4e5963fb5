/**
 * The packet family: sockets that tap frames off interfaces.
 *
 * Source: include/uapi/linux/packet_diag.h, as of Linux 6.18. All integers are in host byte order, the protocol too.
 *
 * @module
 */
import { AF_PACKET } from "../../ffi/socket.ts";
import type { PacketEndpoint, Reach, Socket } from "../model/socket.ts";
import { socketType } from "../model/socket_type.ts";
import { ALL_STATES, TCP_CLOSE } from "../model/state.ts";
import type { AttributeCursor } from "../netlink/attribute.ts";
import { MessageBuilder } from "../netlink/builder.ts";
import { SOCK_DIAG_BY_FAMILY } from "../netlink/message_types.ts";
import { eachPacketRow } from "../proc/net_packet.ts";
import type { Query } from "../query.ts";
import { type AttributeValue, SKMEMINFO_NAMES, u32 } from "./attribute_table.ts";
import { type DiagCursor, diagCursor, type MessageLayout } from "./diag_cursor.ts";
import { NO_COOKIE } from "../model/cookie.ts";
import { beginDump, endDump } from "./diag_request.ts";
import { ethertypeName, isEthertypeName } from "./ethertypes.ts";
import type { DecodeContext, DiagRequest, EndpointTraits, Family, ProcTable } from "./family.ts";
import { newSocket } from "./new_socket.ts";
import { compareText } from "./order.ts";
import { bodyOf, procTable } from "./proc_table.ts";

// struct packet_diag_req: family u8 0, protocol u8 1 (must be 0), pad u16 2, ino u32 4, show u32 8, cookie u32[2] 12.
export const PACKET_DIAG_REQ_SIZE = 20;
export const PACKET_SHOW_INFO = 0x01;
const PACKET_SHOW_MCLIST = 0x02;
export const PACKET_SHOW_RING_CFG = 0x04;
export const PACKET_SHOW_FANOUT = 0x08;
export const PACKET_SHOW_MEMINFO = 0x10;
export const PACKET_SHOW_FILTER = 0x20;

/** struct packet_diag_info: index u32 0, version 4, reserve 8, copy_thresh 12, tstamp 16, flags 20. */
export const PACKET_DIAG_INFO = 0;
/** struct packet_diag_mclist, 44 bytes each: index u32 0, count u32 4, type u16 8, alen u16 10, addr u8[32] 12. */
const PACKET_DIAG_MCLIST = 1;
/** struct packet_diag_ring, 7 u32: sizes in bytes, the timeout in milliseconds. */
export const PACKET_DIAG_RX_RING = 2;
export const PACKET_DIAG_TX_RING = 3;
/** u32: the group's id in the lower half, its type in the upper. */
export const PACKET_DIAG_FANOUT = 4;
export const PACKET_DIAG_UID = 5;
/** u32[]: SK_MEMINFO_*. */
export const PACKET_DIAG_MEMINFO = 6;
/** struct sock_filter, 8 bytes each: code u16 0, jt u8 2, jf u8 3, k u32 4. Empty without CAP_NET_ADMIN. */
export const PACKET_DIAG_FILTER = 7;

// Flags of packet_diag_info.
export const PDI_RUNNING = 0x01;
export const PDI_AUXDATA = 0x02;
export const PDI_ORIGDEV = 0x04;
export const PDI_VNETHDR = 0x08;
export const PDI_LOSS = 0x10;

const RING = [
  "block_size",
  "block_nr",
  "frame_size",
  "frame_nr",
  "retire_tmo",
  "sizeof_priv",
  "features",
] as const;

const LAYOUT = {
  struct: "packet_diag_msg",
  size: 16,
  fields: {
    /** SOCK_RAW, SOCK_DGRAM or the obsolete SOCK_PACKET. Kernel: `pdiag_type`. */
    type: { type: "u8", at: 1 },
    /** EtherType. Kernel: `pdiag_num`. */
    ethertype: { type: "u16", at: 2 },
    /** 0 when only a memory mapping holds the socket. Kernel: `pdiag_ino`. */
    inode: { type: "u32", at: 4 },
    /** Kernel: `pdiag_cookie`. */
    cookie: { type: "cookie", at: 8 },
    /** 0 for all interfaces, -1 where it was not asked for. Kernel: `pdi_index`. */
    interfaceIndex: { type: "u32", attribute: PACKET_DIAG_INFO },
    uid: { type: "u32", attribute: PACKET_DIAG_UID },
    /** Bytes waiting to be read, -1 where they were not asked for. Kernel: `SK_MEMINFO_RMEM_ALLOC`. */
    receiveQueue: { type: "u32", attribute: PACKET_DIAG_MEMINFO },
    /** Bytes on their way out, -1 where the source does not tell. Kernel: `SK_MEMINFO_WMEM_ALLOC`. */
    sendQueue: { type: "u32", attribute: PACKET_DIAG_MEMINFO, word: 2 },
  },
  attributes: {
    [PACKET_DIAG_INFO]: ["info", [
      "index",
      "version",
      "reserve",
      "copy_thresh",
      "tstamp",
      "flags",
    ]],
    [PACKET_DIAG_MCLIST]: ["mclist", mclist],
    [PACKET_DIAG_RX_RING]: ["rx_ring", RING],
    [PACKET_DIAG_TX_RING]: ["tx_ring", RING],
    [PACKET_DIAG_FANOUT]: ["fanout", fanout],
    [PACKET_DIAG_UID]: ["uid", u32],
    [PACKET_DIAG_MEMINFO]: ["meminfo", SKMEMINFO_NAMES],
    [PACKET_DIAG_FILTER]: ["filter", filter],
  },
} as const satisfies MessageLayout;

function mclist({ view, offset, length }: AttributeCursor): AttributeValue {
  const list: AttributeValue[] = [];
  for (let at = offset; at + 44 <= offset + length; at += 44) {
    const addressLength = Math.min(view.getUint16(at + 10, true), 32);
    list.push({
      index: view.getUint32(at, true),
      count: view.getUint32(at + 4, true),
      type: view.getUint16(at + 8, true),
      address: new Uint8Array(view.buffer, view.byteOffset + at + 12, addressLength).slice(),
    });
  }
  return list;
}

function fanout(attribute: AttributeCursor): AttributeValue {
  const word = attribute.u32();
  return { id: word & 0xffff, type: word >>> 16 };
}

/** The program of SO_ATTACH_FILTER. */
function filter({ view, offset, length }: AttributeCursor): AttributeValue {
  const program: AttributeValue[] = [];
  for (let at = offset; at + 8 <= offset + length; at += 8) {
    program.push({
      code: view.getUint16(at, true),
      jt: view.getUint8(at + 2),
      jf: view.getUint8(at + 3),
      k: view.getUint32(at + 4, true),
    });
  }
  return program;
}

/** A cursor over packet_diag_msg. */
export type PacketMessage = DiagCursor<typeof LAYOUT.fields>;

/** Makes a cursor. */
export function packetMessage(): PacketMessage {
  return diagCursor(LAYOUT);
}

/** Builds a dump request. `show` is made of PACKET_SHOW_*. The kernel knows no filter. */
export function dumpRequest(show: number): Uint8Array<ArrayBuffer> {
  return endDump(beginDump(AF_PACKET), show);
}

/** /proc/net/packet, which tells nothing of what is on its way out. */
export const packetProcTable: ProcTable = procTable("packet", eachPacketRow, (row) => {
  const info = new DataView(new ArrayBuffer(24));
  info.setUint32(0, row.interfaceIndex, true);
  info.setUint32(20, row.running ? PDI_RUNNING : 0, true);
  return bodyOf(
    new MessageBuilder(SOCK_DIAG_BY_FAMILY, 0)
      .u8(AF_PACKET)
      .u8(row.type)
      .u16(row.ethertype)
      .u32(row.inode)
      .u32(NO_COOKIE)
      .u32(NO_COOKIE)
      .attribute(PACKET_DIAG_INFO, new Uint8Array(info.buffer))
      .u32Attribute(PACKET_DIAG_UID, row.uid)
      // Only the first word of the array, the bytes waiting to be read: /proc has no others.
      .u32Attribute(PACKET_DIAG_MEMINFO, row.receiveMemory),
  );
});

/** Makes a Socket. */
export function packetSocket(message: PacketMessage, context: DecodeContext): Socket {
  const { ethertype, interfaceIndex, uid, inode, cookie, receiveQueue, sendQueue } = message;
  const name = interfaceIndex <= 0 ? null : context.interfaceName(interfaceIndex);
  return newSocket(context, {
    family: "packet",
    transport: "packet",
    type: socketType(message.type),
    local: { ethertype, interface: name },
    uid,
    inode,
    cookie,
    recvQueue: receiveQueue,
    sendQueue,
    reach: packetReach(ethertype, name),
  });
}

function packetReach(ethertype: number, name: string | null): Reach {
  if (ethertype === 0) return { scope: "host", reasons: ["only sends: it asks for no protocol"] };
  return {
    scope: "link_local",
    reasons: [
      `sees frames ${name === null ? "of every interface" : `of ${name}`}, before any firewall`,
    ],
  };
}

/** A protocol and an interface: `ipv4:eth0`, `all:*`, `0x9000:eth0`. */
export const packetEndpoint: EndpointTraits = {
  text: ({ ethertype, interface: name }: PacketEndpoint) =>
    `${ethertypeName(ethertype)}:${name ?? "*"}`,
  prints(text) {
    const [, ethertype] = /^([^\s:]+):[^\s:]+$/.exec(text) ?? [];
    return ethertype !== undefined &&
      (/^0x[0-9a-f]{4}$/.test(ethertype) || isEthertypeName(ethertype));
  },
  json: ({ ethertype, interface: name }: PacketEndpoint) => ({ ethertype, interface: name }),
  rank: () => 0,
  compare: (a: PacketEndpoint, b: PacketEndpoint) =>
    compareText(a.interface ?? "", b.interface ?? "") || a.ethertype - b.ethertype,
};

const SHOW = PACKET_SHOW_INFO | PACKET_SHOW_MEMINFO;
const SHOW_INFO = PACKET_SHOW_MCLIST | PACKET_SHOW_RING_CFG | PACKET_SHOW_FANOUT |
  PACKET_SHOW_FILTER;

function requests({ families, states, ports, info }: Query): DiagRequest[] {
  if (!families.has("packet") || ports !== null) return [];
  // They have no connections.
  if (((states ?? ALL_STATES) & 1 << TCP_CLOSE) === 0) return [];
  const message = packetMessage();
  return [{
    label: "packet",
    message: dumpRequest(info ? SHOW | SHOW_INFO : SHOW),
    table: packetProcTable,
    decode: (view, start, end, context) => packetSocket(message.at(view, start, end), context),
    info: (view, start, end) => message.at(view, start, end).info(),
  }];
}

/** The packet family. */
export const packet: Family = {
  name: "packet",
  label: () => "packet",
  endpoint: packetEndpoint,
  requests,
  serves: () => true,
  meaning: () => null,
};
