/**
 * DNAT rules of nftables, native and written by iptables-nft: which port is led to which address.
 *
 * @module
 */
import { EPERM, SyscallError } from "../../ffi/errno.ts";
import { DecodeError } from "../model/decode_error.ts";
import { formatIpv4, formatIpv6 } from "../model/endpoint.ts";
import { AttributeCursor } from "../netlink/attribute.ts";
import { Connection, type Transport } from "../netlink/connection.ts";
import { dump } from "../netlink/dump.ts";
import { NetlinkError } from "../netlink/error.ts";
import { NLM_F_DUMP, NLM_F_REQUEST } from "../netlink/header.ts";
import { MessageBuilder } from "../netlink/message.ts";
import type { ProcRoot } from "../proc/root.ts";

/** Source: include/uapi/linux/netlink.h. */
export const NETLINK_NETFILTER = 12;
// include/uapi/linux/netfilter/nfnetlink.h, nf_tables.h. struct nfgenmsg: family u8 0, version u8 1, res_id be16 2.
export const NFNL_SUBSYS_NFTABLES = 10;
const NFT_MSG_NEWRULE = 6;
const NFT_MSG_GETRULE = 7;
const NFGENMSG_SIZE = 4;
const NFTA_RULE_TABLE = 1;
const NFTA_RULE_CHAIN = 2;
const NFTA_RULE_EXPRESSIONS = 4;
const NFTA_EXPR_NAME = 1;
const NFTA_EXPR_DATA = 2;
const NFTA_DATA_VALUE = 1;
const NFT_META_L4PROTO = 16;
const NFT_PAYLOAD_NETWORK_HEADER = 1;
const NFT_PAYLOAD_TRANSPORT_HEADER = 2;
const NFT_CMP_EQ = 0;
const NFT_NAT_DNAT = 1;

/** A rule that leads a port somewhere. */
export interface DnatRule {
  readonly table: string;
  readonly chain: string;
  /** `null`: any. */
  readonly protocol: "tcp" | "udp" | null;
  /** What it was sent to; `null`: any address. */
  readonly address: string | null;
  /** `null`: any port. */
  readonly port: number | null;
  readonly toAddress: string;
  /** `null`: the port stays. */
  readonly toPort: number | null;
}

/** The rules of a namespace. */
export interface DnatRules {
  readonly rules: readonly DnatRule[];
  /** False when there are rules that this program does not understand: maps, or those of the older iptables. */
  readonly complete: boolean;
}

/** Reads the rules of the namespace that this thread is in; `null` without CAP_NET_ADMIN. */
export function readDnatRules(
  root: ProcRoot,
  open: () => Transport = () => new Connection(NETLINK_NETFILTER),
): DnatRules | null {
  const rules: DnatRule[] = [];
  let complete = !legacyTables(root);
  let transport: Transport | undefined;
  try {
    transport = open();
    const request = new MessageBuilder(
      NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE,
      NLM_F_REQUEST | NLM_F_DUMP,
    ).zeros(NFGENMSG_SIZE).finish();
    dump(transport, request, "list nftables rules", {
      message(view, start, end, type) {
        if ((type & 0xff) !== NFT_MSG_NEWRULE) return;
        const rule = decodeRule(view, start, end);
        if (rule === "opaque") complete = false;
        else if (rule !== null) rules.push(rule);
      },
      restart() {
        rules.length = 0;
      },
    });
  } catch (error) {
    if (error instanceof NetlinkError && error.errno !== EPERM) {
      // A kernel without nftables has no such rules.
      return { rules: [], complete };
    }
    if (
      error instanceof NetlinkError || error instanceof SyscallError || error instanceof DecodeError
    ) return null;
    throw error;
  } finally {
    transport?.close();
  }
  return { rules, complete };
}

// The older iptables keeps its rules elsewhere; the kernel says only that there is a table of them.
function legacyTables(root: ProcRoot): boolean {
  return ["ip_tables_names", "ip6_tables_names"].some((file) => {
    const bytes = root.readNet(file);
    return typeof bytes !== "number" && String.fromCharCode(...bytes).split("\n").includes("nat");
  });
}

/** What a register holds: bytes that the rule put there, or a part of the packet. */
type Register = Uint8Array | "protocol" | "address" | "port";

/**
 * A rule as NFT_MSG_NEWRULE tells it: `null` when it leads nothing anywhere, `opaque` when it does but what and where
 * cannot be told. Throws DecodeError.
 */
export function decodeRule(view: DataView, start: number, end: number): DnatRule | "opaque" | null {
  if (end - start < NFGENMSG_SIZE) {
    throw new DecodeError(
      "nfgenmsg",
      start,
      `${end - start} bytes where ${NFGENMSG_SIZE} are needed`,
    );
  }
  const reading = new RuleReader();
  const attributes = new AttributeCursor(view, start + NFGENMSG_SIZE, end);
  let table = "";
  let chain = "";
  while (attributes.next()) {
    if (attributes.type === NFTA_RULE_TABLE) table = attributes.string();
    else if (attributes.type === NFTA_RULE_CHAIN) chain = attributes.string();
    else if (attributes.type === NFTA_RULE_EXPRESSIONS) {
      const list = attributes.nested();
      while (list.next()) reading.expression(list.nested());
    }
  }
  const { target, opaque, protocol, address, port } = reading;
  if (target === null) return opaque ? "opaque" : null;
  return {
    table,
    chain,
    protocol,
    address,
    port,
    toAddress: target.address,
    toPort: target.port,
  };
}

/** Follows the expressions of one rule, as the kernel's little machine would. */
class RuleReader {
  readonly #registers = new Map<number, Register>();
  protocol: "tcp" | "udp" | null = null;
  address: string | null = null;
  port: number | null = null;
  target: { readonly address: string; readonly port: number | null } | null = null;
  /** True when it leads somewhere that cannot be told. */
  opaque = false;

  expression(cursor: AttributeCursor): void {
    let name = "";
    while (cursor.next()) {
      if (cursor.type === NFTA_EXPR_NAME) name = cursor.string();
      else if (cursor.type === NFTA_EXPR_DATA) this.#run(name, fields(cursor.nested()));
    }
  }

  #run(name: string, data: Fields): void {
    switch (name) {
      case "meta":
        if (data.number(2) === NFT_META_L4PROTO) this.#set(data.number(1), "protocol");
        break;
      case "payload":
        this.#payload(data);
        break;
      case "cmp":
        if (data.number(2) === NFT_CMP_EQ) this.#compare(data.number(1), data.value(3));
        break;
      case "immediate": {
        const value = data.value(2);
        if (value !== null) this.#set(data.number(1), value);
        break;
      }
      case "nat":
        if (data.number(1) === NFT_NAT_DNAT) {
          this.#lead(this.#bytes(data.number(3)), this.#bytes(data.number(5)));
        }
        break;
      case "match":
        this.#match(data.text(1), data.bytes(3));
        break;
      case "target":
        if (data.text(1) === "DNAT") this.#legacyTarget(data.bytes(3), data.number(2) ?? 0);
    }
  }

  // Registers 1 to 4 are names of four small ones each, from 8 on.
  #set(register: number | null, value: Register): void {
    if (register !== null) this.#registers.set(slot(register), value);
  }

  #bytes(register: number | null): Uint8Array | null {
    const value = register === null ? undefined : this.#registers.get(slot(register));
    return value instanceof Uint8Array ? value : null;
  }

  #payload(data: Fields): void {
    const [register, base, offset, length] = [1, 2, 3, 4].map((field) => data.number(field));
    if (base === NFT_PAYLOAD_TRANSPORT_HEADER && offset === 2 && length === 2) {
      this.#set(register!, "port");
    } else if (
      base === NFT_PAYLOAD_NETWORK_HEADER &&
      (offset === 16 && length === 4 || offset === 24 && length === 16)
    ) this.#set(register!, "address");
    else if (
      base === NFT_PAYLOAD_NETWORK_HEADER && (offset === 9 || offset === 6) && length === 1
    ) {
      this.#set(register!, "protocol");
    }
  }

  #compare(register: number | null, value: Uint8Array | null): void {
    if (register === null || value === null) return;
    const part = this.#registers.get(slot(register));
    if (part === "protocol") {
      this.protocol = value[0] === 6 ? "tcp" : value[0] === 17 ? "udp" : null;
    } else if (part === "port" && value.length >= 2) this.port = value[0]! << 8 | value[1]!;
    else if (part === "address") this.address = addressText(value);
  }

  #lead(address: Uint8Array | null, port: Uint8Array | null): void {
    const text = address === null ? null : addressText(address);
    // Out of a map, or to the machine itself.
    if (text === null) {
      this.opaque = true;
      return;
    }
    this.target = {
      address: text,
      port: port === null || port.length < 2 ? null : port[0]! << 8 | port[1]!,
    };
  }

  // struct xt_tcp, xt_udp: source ports u16[2] 0, destination ports u16[2] 4, host byte order.
  #match(name: string, info: Uint8Array): void {
    if (name !== "tcp" && name !== "udp" || info.length < 8) return;
    this.protocol = name;
    const view = new DataView(info.buffer, info.byteOffset);
    const first = view.getUint16(4, true);
    if (first === view.getUint16(6, true)) this.port = first;
  }

  // Revision 0: count u32, flags u32, first and last address be32 each, first port be16. Later: flags u32, first and last
  // address of 16 bytes each, first port be16.
  #legacyTarget(info: Uint8Array, revision: number): void {
    const view = new DataView(info.buffer, info.byteOffset, info.length);
    const ports = 2;
    if (revision === 0 && info.length >= 20) {
      const port = view.getUint16(16, false);
      const flags = view.getUint32(4, true);
      this.target = {
        address: formatIpv4(view.getUint32(8, false)),
        port: (flags & ports) === 0 ? null : port,
      };
    } else if (revision > 0 && info.length >= 38) {
      const flags = view.getUint32(0, true);
      const address = info.subarray(4, 20);
      const v4 = address.subarray(4).every((byte) => byte === 0);
      this.target = {
        address: addressText(v4 ? address.subarray(0, 4) : address)!,
        port: (flags & ports) === 0 ? null : view.getUint16(36, false),
      };
    } else this.opaque = true;
  }
}

function slot(register: number): number {
  return register >= 1 && register <= 4 ? 8 + 4 * (register - 1) : register;
}

function addressText(bytes: Uint8Array): string | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length === 4) return formatIpv4(view.getUint32(0, false));
  if (bytes.length !== 16) return null;
  return formatIpv6(
    view.getUint32(0, false),
    view.getUint32(4, false),
    view.getUint32(8, false),
    view.getUint32(12, false),
  );
}

/** The attributes of one expression by number, as nftables packs them: integers big-endian, values nested. */
interface Fields {
  number(type: number): number | null;
  text(type: number): string;
  bytes(type: number): Uint8Array;
  value(type: number): Uint8Array | null;
}

function fields(cursor: AttributeCursor): Fields {
  const found = new Map<number, Uint8Array<ArrayBuffer>>();
  while (cursor.next()) found.set(cursor.type, cursor.bytes());
  const bytes = (type: number) => found.get(type) ?? new Uint8Array();
  return {
    bytes,
    number(type) {
      const value = found.get(type);
      return value === undefined || value.length !== 4
        ? null
        : new DataView(value.buffer).getUint32(0, false);
    },
    text: (type) => String.fromCharCode(...bytes(type)).replace(/\0.*$/s, ""),
    value(type) {
      const nest = bytes(type);
      const inner = new AttributeCursor(new DataView(nest.buffer), 0, nest.length);
      while (inner.next()) if (inner.type === NFTA_DATA_VALUE) return inner.bytes();
      return null;
    },
  };
}
