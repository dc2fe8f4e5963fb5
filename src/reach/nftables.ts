/**
 * Rules of nftables, native or written by iptables-nft, read through NETLINK_NETFILTER.
 *
 * @module
 */
import { DecodeError } from "../model/decode_error.ts";
import { AttributeCursor } from "../netlink/attribute.ts";
import type { NetlinkSocket } from "../netlink/connection.ts";
import { dumpWhole } from "../netlink/dump.ts";
import { NLM_F_DUMP, NLM_F_REQUEST } from "../netlink/header.ts";
import { MessageBuilder } from "../netlink/builder.ts";
import { NFNL_SUBSYS_NFTABLES } from "../netlink/message_types.ts";
import type { PortRange } from "../model/port_range.ts";
import {
  ANY_PACKET,
  both,
  type ChainRule,
  type Conditions,
  type DnatRule,
  followRules,
  type Outcome,
} from "./nat_rule.ts";
import { type Fields, fields } from "./nft_fields.ts";
import {
  decodeMapElements,
  expandMap,
  type KeyPart,
  type MapElement,
  type MapLookup,
  type Mapped,
  MapValue,
  NFT_GOTO,
  NFT_JUMP,
  NFTA_DATA_VERDICT,
  NFTA_VERDICT_CHAIN,
  NFTA_VERDICT_CODE,
} from "./nft_map.ts";
import { addressText, matchConditions, targetOutcome } from "./xt_match.ts";
import { utf8Bytes } from "../text/encoding.ts";

// include/uapi/linux/netfilter/nfnetlink.h, nf_tables.h. struct nfgenmsg: family u8 0, version u8 1, res_id be16 2.
const NFGENMSG_SIZE = 4;
const NFPROTO_IPV6 = 10;
const NFT_MSG_NEWCHAIN = 3;
const NFT_MSG_GETCHAIN = 4;
const NFT_MSG_NEWRULE = 6;
const NFT_MSG_GETRULE = 7;
const NFT_MSG_NEWSETELEM = 12;
const NFT_MSG_GETSETELEM = 13;
const NFTA_CHAIN_TABLE = 1;
const NFTA_CHAIN_NAME = 3;
const NFTA_CHAIN_HOOK = 4;
const NFTA_HOOK_HOOKNUM = 1;
const NF_INET_PRE_ROUTING = 0;
const NFTA_RULE_TABLE = 1;
const NFTA_RULE_CHAIN = 2;
const NFTA_RULE_EXPRESSIONS = 4;
const NFTA_EXPR_NAME = 1;
const NFTA_EXPR_DATA = 2;
const NFTA_SET_ELEM_LIST_TABLE = 1;
const NFTA_SET_ELEM_LIST_SET = 2;
const NFTA_SET_ELEM_LIST_ELEMENTS = 3;
const NFTA_SET_ELEM_KEY = 1;
const NFTA_SET_ELEM_FLAGS = 3;
const NFT_SET_ELEM_INTERVAL_END = 1;
const NFT_REG_VERDICT = 0;
const NFT_META_IIF = 4;
const NFT_META_IIFNAME = 6;
const NFT_META_L4PROTO = 16;
const NFT_META_NFPROTO = 15;
const NFT_PAYLOAD_NETWORK_HEADER = 1;
const NFT_PAYLOAD_TRANSPORT_HEADER = 2;
const NFT_FIB_RESULT_ADDRTYPE = 3;
const NFTA_FIB_F_DADDR = 2;
const RTN_LOCAL = 2;
const NFT_CMP_EQ = 0;
const NFT_CMP_NEQ = 1;
const NFT_CMP_LT = 2;
const NFT_CMP_LTE = 3;
const NFT_CMP_GT = 4;
const NFT_CMP_GTE = 5;
const NFT_NAT_DNAT = 1;

/** The rules that send packets from outside to another address. */
export interface NftablesRules {
  readonly rules: readonly DnatRule[];
  /** False if there are rules that this program cannot follow. */
  readonly complete: boolean;
}

/**
 * Reads the rules through `transport`, those that may be about `ports`; `null`: all. A rule is only decoded when its chain is
 * followed. Throws NetlinkError (EPERM without CAP_NET_ADMIN), SyscallError, DecodeError.
 */
export function readNftables(
  transport: NetlinkSocket,
  ports: readonly number[] | null = null,
): NftablesRules {
  const entries: { key: string }[] = [];
  list(transport, NFT_MSG_GETCHAIN, NFT_MSG_NEWCHAIN, "chains", (view, start, end) => {
    const chain = decodeChain(view, start, end);
    if (chain.hook !== NF_INET_PRE_ROUTING) return;
    entries.push({ key: `${chain.table}\0${chain.name}` });
  }, () => entries.length = 0);
  const chains = new Map<string, Uint8Array<ArrayBuffer>[]>();
  list(transport, NFT_MSG_GETRULE, NFT_MSG_NEWRULE, "rules", (view, start, end) => {
    const key = chainOfRule(view, start, end);
    const message = new Uint8Array(view.buffer, view.byteOffset + start, end - start).slice();
    const rules = chains.get(key);
    if (rules === undefined) chains.set(key, [message]);
    else rules.push(message);
  }, () => chains.clear());
  const sets = new Map<string, readonly PortRange[] | null>();
  const portsOf = (family: number, table: string, set: string) => {
    const key = `${family}\0${table}\0${set}`;
    let ports = sets.get(key);
    if (ports === undefined) {
      ports = readPortSet(transport, family, table, set);
      sets.set(key, ports);
    }
    return ports;
  };
  const maps = new Map<string, readonly MapElement[]>();
  const elementsOf = (family: number, table: string, set: string) => {
    const key = `${family}\0${table}\0${set}`;
    let elements = maps.get(key);
    if (elements === undefined) {
      elements = readElements(transport, family, table, set, decodeMapElements);
      maps.set(key, elements);
    }
    return elements;
  };
  const expanded = new Map<string, readonly ChainRule[]>();
  const rulesOf = (chain: string) => {
    let rules = expanded.get(chain);
    if (rules === undefined) {
      rules = (chains.get(chain) ?? []).flatMap((message) =>
        plainRules(
          decodeRule(new DataView(message.buffer), 0, message.length),
          portsOf,
          elementsOf,
        )
      );
      expanded.set(chain, rules);
    }
    return rules;
  };
  const rules: DnatRule[] = [];
  let complete = true;
  for (const { key } of entries) {
    const whole = followRules(
      [key],
      rulesOf,
      (conditions, toAddress, toPort) => {
        rules.push({ via: "nftables", ...conditions, toAddress, toPort });
      },
      ports,
    );
    complete &&= whole;
  }
  return { rules, complete };
}

type PortsOf = (family: number, table: string, set: string) => readonly PortRange[] | null;
type ElementsOf = (family: number, table: string, set: string) => readonly MapElement[];

/** A rule with what its sets and maps hold: one rule for each element of a map. */
function plainRules(rule: RawRule, portsOf: PortsOf, elementsOf: ElementsOf): ChainRule[] {
  const { family, table, outcome, maps } = rule;
  const name = table.slice(table.indexOf("/") + 1);
  // What leads nowhere else may have sets of anything.
  const conditions = outcome === null ? rule.conditions : withSets(rule, portsOf);
  const inTable = (told: Outcome | null): Outcome | null =>
    told?.kind === "jump" ? { kind: "jump", chain: `${table}\0${told.chain}` } : told;
  const [map, ...more] = maps;
  if (outcome?.kind !== "mapped" || map === undefined) {
    return [{ conditions, outcome: inTable(outcome as Outcome | null) }];
  }
  // No rule of any program that publishes ports looks into two.
  if (more.length > 0) return [{ conditions, outcome: { kind: "opaque" } }];
  return expandMap(conditions, map, outcome, elementsOf(family, name, map.set))
    .map((one) => ({ ...one, outcome: inTable(one.outcome) }));
}

function withSets(
  { conditions, sets, family, table }: RawRule,
  portsOf: PortsOf,
): Conditions {
  let whole = conditions;
  for (const set of sets) {
    const ports = portsOf(family, table.slice(table.indexOf("/") + 1), set);
    whole = (ports === null ? null : both(whole, { ...whole, ports })) ?? { ...whole, more: true };
  }
  return whole;
}

function list(
  transport: NetlinkSocket,
  get: number,
  wanted: number,
  what: string,
  message: (view: DataView, start: number, end: number) => void,
  restart: () => void,
): void {
  const request = new MessageBuilder(
    NFNL_SUBSYS_NFTABLES << 8 | get,
    NLM_F_REQUEST | NLM_F_DUMP,
  ).zeros(NFGENMSG_SIZE).finish();
  dumpWhole(transport, request, `list nftables ${what}`, {
    message(view, start, end, type) {
      if ((type & 0xff) === wanted) message(view, start, end);
    },
    restart,
  });
}

const name = (value: string) => utf8Bytes(`${value}\0`);

// The ranges in a set of ports; `null` for a set of something else.
function readPortSet(
  transport: NetlinkSocket,
  family: number,
  table: string,
  set: string,
): PortRange[] | null {
  return portRanges(readElements(transport, family, table, set, decodeElements));
}

function readElements<Element>(
  transport: NetlinkSocket,
  family: number,
  table: string,
  set: string,
  decode: (view: DataView, start: number, end: number) => Element[],
): Element[] {
  const request = new MessageBuilder(
    NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM,
    NLM_F_REQUEST | NLM_F_DUMP,
  ).u8(family).zeros(NFGENMSG_SIZE - 1)
    .attribute(NFTA_SET_ELEM_LIST_TABLE, name(table))
    .attribute(NFTA_SET_ELEM_LIST_SET, name(set)).finish();
  const elements: Element[] = [];
  dumpWhole(transport, request, `list the nftables set ${set}`, {
    message(view, start, end, type) {
      if ((type & 0xff) === NFT_MSG_NEWSETELEM) {
        for (const element of decode(view, start, end)) elements.push(element);
      }
    },
    restart: () => {
      elements.length = 0;
    },
  });
  return elements;
}

/** One element of a set: its key, and whether it is the end of an interval or the start. */
interface SetElement {
  readonly key: Uint8Array;
  readonly end: boolean;
}

/** Ranges from the elements of a set of ports, where starts and ends are separate elements; `null` for another set. */
export function portRanges(elements: readonly SetElement[]): PortRange[] | null {
  if (elements.some(({ key }) => key.length !== 2)) return null;
  const port = ({ key }: SetElement) => key[0]! << 8 | key[1]!;
  const ends = elements.filter(({ end }) => end).map(port).sort((a, b) => a - b);
  const starts = elements.filter(({ end }) => !end).map(port).sort((a, b) => a - b);
  return starts.map((first) => {
    if (ends.length === 0) return { first, last: first };
    // The end is the first port after the interval. Without one, the interval goes up to 65535.
    const after = ends.find((end) => end > first);
    return { first, last: after === undefined ? 65535 : after - 1 };
  });
}

/** Decodes the elements in one NFT_MSG_NEWSETELEM. Throws DecodeError. */
export function decodeElements(view: DataView, start: number, end: number): SetElement[] {
  needHeader(start, end);
  const elements: SetElement[] = [];
  const attributes = new AttributeCursor(view, start + NFGENMSG_SIZE, end);
  while (attributes.next()) {
    if (attributes.type !== NFTA_SET_ELEM_LIST_ELEMENTS) continue;
    const each = attributes.nested();
    while (each.next()) {
      const data = fields(each.nested());
      const key = data.value(NFTA_SET_ELEM_KEY);
      const flags = data.number(NFTA_SET_ELEM_FLAGS) ?? 0;
      if (key !== null) elements.push({ key, end: (flags & NFT_SET_ELEM_INTERVAL_END) !== 0 });
    }
  }
  return elements;
}

/** Decodes a chain from NFT_MSG_NEWCHAIN; `hook` is `null` if only rules jump to it. Throws DecodeError. */
export function decodeChain(
  view: DataView,
  start: number,
  end: number,
): { table: string; name: string; hook: number | null } {
  needHeader(start, end);
  let table = "";
  let chain = "";
  let hook: number | null = null;
  const attributes = new AttributeCursor(view, start + NFGENMSG_SIZE, end);
  while (attributes.next()) {
    if (attributes.type === NFTA_CHAIN_TABLE) table = attributes.string();
    else if (attributes.type === NFTA_CHAIN_NAME) chain = attributes.string();
    else if (attributes.type === NFTA_CHAIN_HOOK) {
      hook = fields(attributes.nested()).number(NFTA_HOOK_HOOKNUM);
    }
  }
  return { table: `${view.getUint8(start)}/${table}`, name: chain, hook };
}

function needHeader(start: number, end: number): void {
  if (end - start >= NFGENMSG_SIZE) return;
  throw new DecodeError(
    "nfgenmsg",
    start,
    `${end - start} bytes where ${NFGENMSG_SIZE} are needed`,
  );
}

/** A rule as it was decoded. */
interface RawRule {
  readonly conditions: Conditions;
  readonly outcome: Outcome | Mapped | null;
  readonly family: number;
  /** `FAMILY/NAME`, because tables of two families may have the same name. */
  readonly table: string;
  readonly chain: string;
  /** Names of the sets that the destination port has to be in. */
  readonly sets: readonly string[];
  /** Maps that a value or a verdict is looked up in. */
  readonly maps: readonly MapLookup[];
}

/** `FAMILY/TABLE`, a NUL and the chain that a rule is in. Throws DecodeError. */
function chainOfRule(view: DataView, start: number, end: number): string {
  needHeader(start, end);
  const attributes = new AttributeCursor(view, start + NFGENMSG_SIZE, end);
  let table: string | null = null;
  let chain: string | null = null;
  while ((table === null || chain === null) && attributes.next()) {
    if (attributes.type === NFTA_RULE_TABLE) table = attributes.string();
    else if (attributes.type === NFTA_RULE_CHAIN) chain = attributes.string();
  }
  return `${view.getUint8(start)}/${table ?? ""}\0${chain ?? ""}`;
}

/** Decodes a rule from NFT_MSG_NEWRULE. Throws DecodeError. */
export function decodeRule(view: DataView, start: number, end: number): RawRule {
  needHeader(start, end);
  const family = view.getUint8(start);
  const reading = new RuleReader(family);
  const attributes = new AttributeCursor(view, start + NFGENMSG_SIZE, end);
  let table = "";
  let chain = "";
  while (attributes.next()) {
    if (attributes.type === NFTA_RULE_TABLE) table = attributes.string();
    else if (attributes.type === NFTA_RULE_CHAIN) chain = attributes.string();
    else if (attributes.type === NFTA_RULE_EXPRESSIONS) {
      const expressions = attributes.nested();
      while (expressions.next()) reading.expression(expressions.nested());
    }
  }
  const { outcome, sets, maps } = reading;
  return {
    family,
    table: `${family}/${table}`,
    chain,
    conditions: reading.conditions,
    outcome,
    sets,
    maps,
  };
}

/** The content of a register: bytes from the rule, a part of the packet that this program understands, or a value out of a map. */
type Register = Uint8Array | KeyPart | MapValue;

/** Follows the expressions of one rule, as the virtual machine in the kernel does. */
class RuleReader {
  readonly #registers = new Map<number, Register>();
  readonly #v6: boolean;
  conditions: Conditions = ANY_PACKET;
  readonly sets: string[] = [];
  readonly maps: MapLookup[] = [];
  outcome: Outcome | Mapped | null = null;

  constructor(family: number) {
    this.#v6 = family === NFPROTO_IPV6;
  }

  expression(cursor: AttributeCursor): void {
    let kind = "";
    while (cursor.next()) {
      if (cursor.type === NFTA_EXPR_NAME) kind = cursor.string();
      else if (cursor.type === NFTA_EXPR_DATA) this.#run(kind, fields(cursor.nested()));
    }
  }

  #run(kind: string, data: Fields): void {
    switch (kind) {
      case "meta":
        this.#set(data.number(1), this.#meta(data.number(2)));
        break;
      case "fib":
        // "To an address of the host itself" is what publishing a port means, so it is no further condition.
        this.#set(
          data.number(1),
          data.number(2) === NFT_FIB_RESULT_ADDRTYPE && data.number(3) === NFTA_FIB_F_DADDR
            ? "type"
            : null,
        );
        break;
      case "payload":
        this.#payload(data);
        break;
      case "cmp":
        this.#compare(data.number(1), data.number(2) ?? NFT_CMP_EQ, data.value(3));
        break;
      case "range":
        this.#range(data.number(1), data.number(2) ?? NFT_CMP_EQ, data.value(3), data.value(4));
        break;
      case "lookup":
        this.#lookup(data);
        break;
      case "immediate":
        this.#immediate(data);
        break;
      case "nat":
        if (data.number(1) === NFT_NAT_DNAT) {
          this.#lead(data.number(3), data.number(5));
        }
        break;
      case "match":
        this.#require(matchConditions(data.text(1), data.number(2) ?? 0, data.bytes(3)));
        break;
      case "target":
        this.outcome ??= targetOutcome(
          data.text(1),
          data.number(2) ?? 0,
          data.bytes(3),
          this.#v6,
        );
        break;
      case "numgen":
        // Each of several destinations gets a share.
        this.#set(data.number(1), "choice");
        break;
      case "hash":
        this.#set(data.number(2), "choice");
        break;
      case "counter":
      case "log":
      case "objref":
      case "masq":
        break;
      case "redir":
        this.#redirect(data.number(1));
        break;
      default:
        // Expressions that change a value or test something else: bitwise, ct, limit, numgen and more.
        this.#set(data.number(1), null);
        this.#set(data.number(2), null);
        this.#more();
    }
  }

  #meta(key: number | null): Register | null {
    switch (key) {
      case NFT_META_L4PROTO:
        return "protocol";
      case NFT_META_NFPROTO:
        return "version";
      case NFT_META_IIF:
      case NFT_META_IIFNAME:
        return "interface";
      default:
        return null;
    }
  }

  #more(): void {
    this.conditions = { ...this.conditions, more: true };
  }

  // If two conditions exclude each other, no packet reaches the rule.
  #require(conditions: Conditions): void {
    this.conditions = both(this.conditions, conditions) ?? { ...this.conditions, more: true };
  }

  // Registers 1 to 4 stand for four 32-bit registers each, which are numbered from 8 on.
  #set(register: number | null, value: Register | null): void {
    if (register === null) return;
    if (value === null) this.#registers.delete(slot(register));
    else this.#registers.set(slot(register), value);
  }

  #get(register: number | null): Register | null {
    return register === null ? null : this.#registers.get(slot(register)) ?? null;
  }

  #payload(data: Fields): void {
    const [register, base, offset, length] = [1, 2, 3, 4].map((field) => data.number(field));
    const network = base === NFT_PAYLOAD_NETWORK_HEADER;
    this.#set(
      register!,
      base === NFT_PAYLOAD_TRANSPORT_HEADER && offset === 2 && length === 2
        ? "port"
        : network && (offset === 16 && length === 4 || offset === 24 && length === 16)
        ? "address"
        : network && (offset === 9 || offset === 6) && length === 1
        ? "protocol"
        : null,
    );
  }

  #compare(register: number | null, operator: number, value: Uint8Array | null): void {
    const part = this.#get(register);
    const equal = operator === NFT_CMP_EQ;
    if (value === null || typeof part !== "string") return this.#more();
    if (part === "port" && value.length >= 2) {
      const port = value[0]! << 8 | value[1]!;
      const range = portsBy(operator, port);
      return range === null ? this.#more() : this.#require({ ...ANY_PACKET, ports: [range] });
    }
    if (part === "protocol" && equal && (value[0] === 6 || value[0] === 17)) {
      return this.#require({ ...ANY_PACKET, protocol: value[0] === 6 ? "tcp" : "udp" });
    }
    if (part === "address" && equal) {
      const address = addressText(value);
      return address === null ? this.#more() : this.#require({ ...ANY_PACKET, address });
    }
    if (part === "type" && equal && value[0] === RTN_LOCAL) return;
    if (part === "version" && equal) return;
    // "Not from this interface" usually excludes the containers' own bridge, so it is no further condition.
    if (part === "interface" && operator === NFT_CMP_NEQ) return;
    this.#more();
  }

  #range(
    register: number | null,
    operator: number,
    from: Uint8Array | null,
    to: Uint8Array | null,
  ): void {
    const part = this.#get(register);
    if (part !== "port" || operator !== NFT_CMP_EQ || from?.length !== 2 || to?.length !== 2) {
      return this.#more();
    }
    const first = from[0]! << 8 | from[1]!;
    this.#require({ ...ANY_PACKET, ports: [{ first, last: to[0]! << 8 | to[1]! }] });
  }

  // NFTA_LOOKUP_SET 1, SREG 2, DREG 3, FLAGS 5 (1: inverted).
  #lookup(data: Fields): void {
    const to = data.number(3);
    if (to !== null) {
      const map: MapLookup = { set: data.text(1), parts: this.#keyParts(data.number(2)) };
      this.maps.push(map);
      if (to === NFT_REG_VERDICT) this.outcome ??= { kind: "mapped", address: null, port: null };
      else this.#set(to, new MapValue(map, 0));
      return;
    }
    const part = this.#get(data.number(2));
    const inverted = ((data.number(5) ?? 0) & 1) !== 0;
    if (part === "port" && !inverted) this.sets.push(data.text(1));
    else this.#more();
  }

  // The parts of a key stand in registers one after another; an IPv6 address takes four.
  #keyParts(register: number | null): KeyPart[] {
    const parts: KeyPart[] = [];
    let at = register === null ? -1 : slot(register);
    for (
      let part = this.#registers.get(at);
      typeof part === "string";
      part = this.#registers.get(at)
    ) {
      parts.push(part);
      at += part === "address" && this.#registers.get(at + 1) === undefined &&
          this.#registers.get(at + 4) !== undefined
        ? 4
        : 1;
    }
    return parts;
  }

  // A value out of a map may reach over several registers.
  #mapValue(register: number | null): MapValue | null {
    if (register === null) return null;
    const at = slot(register);
    for (let start = at; start > at - 4; start--) {
      const value = this.#registers.get(start);
      if (value instanceof MapValue) {
        return new MapValue(value.map, value.offset + 4 * (at - start));
      }
      if (value !== undefined) return null;
    }
    return null;
  }

  #immediate(data: Fields): void {
    const register = data.number(1);
    if (register !== NFT_REG_VERDICT) {
      this.#set(register, data.value(2));
      return;
    }
    const nest = data.bytes(2);
    const verdict = new AttributeCursor(new DataView(nest.buffer), 0, nest.length);
    while (verdict.next()) {
      if (verdict.type !== NFTA_DATA_VERDICT) continue;
      const told = fields(verdict.nested());
      const code = (told.number(NFTA_VERDICT_CODE) ?? 0) | 0;
      if (code === NFT_JUMP || code === NFT_GOTO) {
        this.outcome ??= { kind: "jump", chain: told.text(NFTA_VERDICT_CHAIN) };
      }
    }
  }

  /** `port`: the register of the first port; `null`: it is not changed, so that the same port leads to the same socket. */
  #redirect(port: number | null): void {
    if (port === null) return;
    const number = this.#get(port);
    this.outcome = number instanceof Uint8Array && number.length >= 2
      ? { kind: "dnat", address: null, port: number[0]! << 8 | number[1]! }
      : { kind: "opaque" };
  }

  #lead(address: number | null, port: number | null): void {
    const mapped = this.#mapValue(address);
    if (mapped !== null) {
      const given = this.#get(port);
      this.outcome = {
        kind: "mapped",
        address: mapped.offset,
        port: port === null
          ? null
          : given instanceof Uint8Array && given.length >= 2
          ? { fixed: given[0]! << 8 | given[1]! }
          : { offset: this.#mapValue(port)?.offset ?? -1 },
      };
      return;
    }
    const to = this.#get(address);
    const text = to instanceof Uint8Array ? addressText(to) : null;
    const number = this.#get(port);
    // The packet is redirected to the machine itself.
    if (text === null || port !== null && !(number instanceof Uint8Array)) {
      this.outcome = { kind: "opaque" };
      return;
    }
    this.outcome = {
      kind: "dnat",
      address: text,
      port: number instanceof Uint8Array && number.length >= 2
        ? number[0]! << 8 | number[1]!
        : null,
    };
  }
}

function portsBy(operator: number, port: number): PortRange | null {
  switch (operator) {
    case NFT_CMP_EQ:
      return { first: port, last: port };
    case NFT_CMP_LT:
      return { first: 0, last: port - 1 };
    case NFT_CMP_LTE:
      return { first: 0, last: port };
    case NFT_CMP_GT:
      return { first: port + 1, last: 65535 };
    case NFT_CMP_GTE:
      return { first: port, last: 65535 };
    default:
      return null;
  }
}

function slot(register: number): number {
  return register >= 1 && register <= 4 ? 8 + 4 * (register - 1) : register;
}
