/**
 * A netlink message as text: one line for header and struct, and one for each attribute below it.
 *
 * @module
 */
import { errnoName } from "../../ffi/errno.ts";
import { AF_INET } from "../model/address_family.ts";
import { DecodeError } from "../model/decode_error.ts";
import { formatAddress } from "../model/endpoint.ts";
import { STATES } from "../model/state.ts";
import { AttributeCursor, NLA_F_NESTED } from "../netlink/attribute.ts";
import { NETLINK_NETFILTER, NETLINK_ROUTE, NETLINK_SOCK_DIAG } from "../netlink/connection.ts";
import {
  align,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_HEADER_SIZE,
  NLMSG_MIN_TYPE,
} from "../netlink/header.ts";
import type { MessageCursor } from "../netlink/message.ts";
import {
  NFNL_SUBSYS_NFTABLES,
  RTM_DELADDR,
  RTM_DELLINK,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_NEWADDR,
  RTM_NEWLINK,
  SOCK_DESTROY,
  SOCK_DIAG_BY_FAMILY,
  TCPDIAG_GETSOCK,
} from "../netlink/message_types.ts";
import { latin1Text } from "../text/encoding.ts";
import { sanitizeBytes } from "../text/sanitize.ts";
import {
  ADDRESS,
  ADDRESS_STRUCT,
  type AttributeTable,
  CONTROL_TYPES,
  DIAG_FAMILIES,
  type Field,
  FLAGS,
  GET_FLAGS,
  type Kind,
  LINK,
  LINK_STRUCT,
  NETFILTER_STRUCT,
  NFT_MESSAGES,
  NLMSGERR_ATTR,
  type Struct,
  TCPDIAG_REQUEST_STRUCT,
  VERDICT_FLAGS,
} from "./names.ts";

/** More bytes of one attribute are counted and not shown. */
const SHOWN_BYTES = 32;
/** Deeper nests are shown as bytes. */
const MAX_DEPTH = 12;

/** What the messages of a connection are read as. */
interface MessageContext {
  /** NETLINK_*. */
  readonly protocol: number;
  readonly sent: boolean;
  /** Address family that the request was about: a reply about TIPC does not say. */
  readonly family: number;
}

/** How one type of message is built. */
interface Form {
  readonly type: string;
  readonly struct: Struct | null;
  readonly attributes: AttributeTable;
}

const UNKNOWN: AttributeTable = { prefix: "", names: [] };

const TCPDIAG = { type: "TCPDIAG_GETSOCK" } as const;

const ROUTE_TYPES: Readonly<Record<number, Form>> = {
  [RTM_NEWLINK]: { type: "RTM_NEWLINK", struct: LINK_STRUCT, attributes: LINK },
  [RTM_DELLINK]: { type: "RTM_DELLINK", struct: LINK_STRUCT, attributes: LINK },
  [RTM_GETLINK]: { type: "RTM_GETLINK", struct: LINK_STRUCT, attributes: LINK },
  [RTM_NEWADDR]: { type: "RTM_NEWADDR", struct: ADDRESS_STRUCT, attributes: ADDRESS },
  [RTM_DELADDR]: { type: "RTM_DELADDR", struct: ADDRESS_STRUCT, attributes: ADDRESS },
  [RTM_GETADDR]: { type: "RTM_GETADDR", struct: ADDRESS_STRUCT, attributes: ADDRESS },
};

function formOf(message: MessageCursor, context: MessageContext): Form {
  const { type, view, start, end } = message;
  const none: Form = { type: `type ${type}`, struct: null, attributes: UNKNOWN };
  switch (context.protocol) {
    case NETLINK_SOCK_DIAG: {
      if (type === TCPDIAG_GETSOCK) {
        const { requestAttributes, reply, replyAttributes } = DIAG_FAMILIES[AF_INET]!;
        return context.sent
          ? { ...TCPDIAG, struct: TCPDIAG_REQUEST_STRUCT, attributes: requestAttributes }
          : { ...TCPDIAG, struct: reply, attributes: replyAttributes };
      }
      if (type !== SOCK_DIAG_BY_FAMILY && type !== SOCK_DESTROY) return none;
      const name = type === SOCK_DESTROY ? "SOCK_DESTROY" : "SOCK_DIAG_BY_FAMILY";
      // Of all replies only that about TIPC has no family in front.
      const named = context.sent || DIAG_FAMILIES[context.family]?.reply.size !== 0;
      const number = named && end > start ? view.getUint8(start) : context.family;
      const family = DIAG_FAMILIES[number];
      if (family === undefined) return { ...none, type: name };
      return context.sent
        ? { type: name, struct: family.request, attributes: family.requestAttributes }
        : { type: name, struct: family.reply, attributes: family.replyAttributes };
    }
    case NETLINK_ROUTE:
      return ROUTE_TYPES[type] ?? none;
    case NETLINK_NETFILTER: {
      const known = type >> 8 === NFNL_SUBSYS_NFTABLES ? NFT_MESSAGES[type & 0xff] : undefined;
      return known === undefined
        ? { ...none, type: `type 0x${type.toString(16)}`, struct: NETFILTER_STRUCT }
        : { type: `NFT_MSG_${known[0]}`, struct: NETFILTER_STRUCT, attributes: known[1] };
    }
    default:
      return none;
  }
}

/** The message that the cursor is at, as lines that end in a newline. Never throws for what a message holds. */
export function formatMessage(message: MessageCursor, context: MessageContext): string {
  const { view, start, end, type } = message;
  const control = type < NLMSG_MIN_TYPE;
  const form: Form = control
    ? { type: CONTROL_TYPES[type] ?? `type ${type}`, struct: null, attributes: UNKNOWN }
    : formOf(message, context);
  const length = end - start + NLMSG_HEADER_SIZE;
  let text = `${context.sent ? ">" : "<"} ${form.type} len=${length} flags=${
    flagNames(message, control, context.sent)
  } seq=${message.sequence} port_id=${message.portId}`;
  if (control) return `${text}${verdictText(message)}`;
  const { struct } = form;
  if (struct === null) return `${text}\n${bytesLine(view, start, end)}`;
  if (end - start < struct.size) {
    return `${text} ${struct.name}: ${end - start} bytes where ${struct.size} are needed\n`;
  }
  if (struct.size > 0) text += ` ${structText(view, start, struct)}`;
  return `${text}\n${
    attributeLines(
      view,
      start + align(struct.size),
      end,
      form.attributes,
      1,
      addressFamily(view, start, struct),
    )
  }`;
}

function addressFamily(view: DataView, start: number, struct: Struct): number {
  return struct.size === 0 ? 0 : view.getUint8(start);
}

function flagNames(message: MessageCursor, control: boolean, sent: boolean): string {
  const names: string[] = [];
  let rest = message.flags;
  for (const [bits, name] of [...FLAGS, ...(control ? VERDICT_FLAGS : sent ? GET_FLAGS : [])]) {
    if ((rest & bits) !== bits) continue;
    names.push(name);
    rest &= ~bits;
  }
  if (rest !== 0) names.push(`0x${rest.toString(16)}`);
  return names.length === 0 ? "0" : names.join("|");
}

// NLMSG_ERROR: the negated errno, the request, and attributes. NLMSG_DONE: the same without a request.
function verdictText(message: MessageCursor): string {
  const { view, start, end, type } = message;
  if (type !== NLMSG_ERROR && type !== NLMSG_DONE || end - start < 4) return "\n";
  const error = view.getInt32(start, true);
  const text = ` error=${error < 0 ? `-${errnoName(-error)}` : error}\n`;
  if ((message.flags & NLM_F_ACK_TLVS) === 0) return text;
  let at = start + 4;
  if (type === NLMSG_ERROR && end - at >= NLMSG_HEADER_SIZE) {
    const capped = (message.flags & NLM_F_CAPPED) !== 0;
    at += align(capped ? NLMSG_HEADER_SIZE : view.getUint32(at, true));
  }
  return text + attributeLines(view, Math.min(at, end), end, NLMSGERR_ATTR, 1, 0);
}

function structText(view: DataView, start: number, struct: Struct): string {
  const family = view.getUint8(start);
  const fields = struct.fields.map((field) =>
    `${field[0]}=${fieldText(view, start, field, family)}`
  );
  return `${struct.name} {${fields.join(", ")}}`;
}

function fieldText(view: DataView, start: number, field: Field, family: number): string {
  const [, offset, form] = field;
  const at = start + offset;
  switch (form) {
    case "u8":
      return String(view.getUint8(at));
    case "hex8":
      return hex(view.getUint8(at));
    case "u16":
      return String(view.getUint16(at, true));
    case "be16":
      return String(view.getUint16(at, false));
    case "u32":
      return String(view.getUint32(at, true));
    case "s32":
      return String(view.getInt32(at, true));
    case "hex32":
      return hex(view.getUint32(at, true));
    case "u64":
      return String(view.getBigUint64(at, true));
    case "cookie": {
      // Two words, the low one first: they need not be aligned.
      const cookie = BigInt(view.getUint32(at + 4, true)) << 32n | BigInt(view.getUint32(at, true));
      return cookie === 0xffff_ffff_ffff_ffffn ? "INET_DIAG_NOCOOKIE" : `0x${cookie.toString(16)}`;
    }
    case "family":
      return DIAG_FAMILIES[view.getUint8(at)]?.name ?? hex(view.getUint8(at));
    case "state": {
      const state = view.getUint8(at);
      const name = STATES[state];
      return name ? `TCP_${name.toUpperCase()}` : hex(state);
    }
    case "address":
      return formatAddress(bytesOf(view, at, family === AF_INET ? 4 : 16));
  }
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

function bytesOf(view: DataView, at: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, length);
}

function hexBytes(view: DataView, at: number, length: number): string {
  let text = "";
  for (const byte of bytesOf(view, at, Math.min(length, SHOWN_BYTES))) {
    text += byte.toString(16).padStart(2, "0");
  }
  if (length === 0) return "(empty)";
  return length > SHOWN_BYTES ? `0x${text}… (${length} bytes)` : `0x${text}`;
}

function bytesLine(view: DataView, start: number, end: number): string {
  return end > start ? `    ${hexBytes(view, start, end - start)}\n` : "";
}

function attributeLines(
  view: DataView,
  start: number,
  end: number,
  table: AttributeTable,
  depth: number,
  family: number,
): string {
  const indent = "    ".repeat(depth);
  const cursor = new AttributeCursor(view, start, end);
  let text = "";
  try {
    while (cursor.next()) {
      const name = table.names[cursor.type];
      const label = name === undefined ? `attribute ${cursor.type}` : `${table.prefix}${name}`;
      const kind = table.every ?? table.kinds?.[name ?? ""] ??
        ((view.getUint16(cursor.offset - 2, true) & NLA_F_NESTED) !== 0 ? UNKNOWN : "bytes");
      if (typeof kind === "object" && depth < MAX_DEPTH) {
        const last = cursor.offset + cursor.length;
        text += `${indent}${label}\n` +
          attributeLines(view, cursor.offset, last, kind, depth + 1, family);
      } else {
        text += `${indent}${label}: ${valueText(cursor, kind)}\n`;
      }
    }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    text += `${indent}${error.message}\n`;
  }
  return text;
}

/** Sizes of what has one. A payload of another size is shown as bytes. */
const SIZES: Readonly<Partial<Record<string, number>>> = {
  u8: 1,
  u16: 2,
  u32: 4,
  s32: 4,
  be32: 4,
  u64: 8,
  be64: 8,
};

function valueText(cursor: AttributeCursor, kind: Kind): string {
  const { view, offset, length } = cursor;
  if (kind === "secret") return `(${length} bytes, not shown)`;
  const size = typeof kind === "string" ? SIZES[kind] : undefined;
  if (size !== undefined && length !== size) return hexBytes(view, offset, length);
  switch (kind) {
    case "u8":
      return String(cursor.u8());
    case "u16":
      return String(cursor.u16());
    case "u32":
      return String(cursor.u32());
    case "s32":
      return String(cursor.s32());
    case "u64":
      return String(cursor.u64());
    case "be32":
      return String(view.getUint32(offset, false));
    case "be64":
      return String(view.getBigUint64(offset, false));
    case "words":
      if (length % 4 !== 0 || length > 4 * SHOWN_BYTES) return hexBytes(view, offset, length);
      return `[${
        Array.from({ length: length / 4 }, (_, i) => view.getUint32(offset + 4 * i, true)).join(
          ", ",
        )
      }]`;
    case "string":
      return quoted(bytesOf(view, offset, length));
    case "address":
      return length === 4 || length === 16
        ? formatAddress(bytesOf(view, offset, length))
        : hexBytes(view, offset, length);
    default:
      return hexBytes(view, offset, length);
  }
}

// A name ends at its NUL; that of an abstract socket begins with one.
function quoted(bytes: Uint8Array): string {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  const plain = bytes.subarray(0, end);
  const text = sanitizeBytes(plain);
  return `"${latin1Text(plain).includes('"') ? text.replaceAll('"', "\\x22") : text}"`;
}
