/**
 * Maps of nftables: rules whose destination, or whose next chain, is looked up by a part of the packet.
 *
 * @module
 */
import { AttributeCursor } from "../netlink/attribute.ts";
import type { PortRange } from "../model/port_range.ts";
import { ANY_PACKET, both, type ChainRule, type Conditions, type Outcome } from "./nat_rule.ts";
import { fields } from "./nft_fields.ts";
import { addressText } from "./xt_match.ts";

// include/uapi/linux/netfilter/nf_tables.h. struct nfgenmsg has four bytes.
const NFGENMSG_SIZE = 4;
const NFTA_SET_ELEM_LIST_ELEMENTS = 3;
const NFTA_SET_ELEM_KEY = 1;
const NFTA_SET_ELEM_DATA = 2;
const NFTA_SET_ELEM_FLAGS = 3;
const NFTA_SET_ELEM_KEY_END = 10;
const NFT_SET_ELEM_INTERVAL_END = 1;
export const NFTA_DATA_VERDICT = 2;
export const NFTA_VERDICT_CODE = 1;
export const NFTA_VERDICT_CHAIN = 2;
export const NFT_JUMP = -3;
export const NFT_GOTO = -4;
const RTN_LOCAL = 2;

/** A part of the packet in a register. `choice`: a number that the kernel draws, to give each of several a share. */
export type KeyPart =
  | "protocol"
  | "address"
  | "port"
  | "interface"
  | "type"
  | "version"
  | "choice";

/** A look into a map: its name, and the parts of its key. Parts that are not understood, and those behind them, are missing. */
export interface MapLookup {
  readonly set: string;
  readonly parts: readonly KeyPart[];
}

/** A register that holds what was found in a map, from a byte on. */
export class MapValue {
  constructor(readonly map: MapLookup, readonly offset: number) {}
}

/** A destination out of a map. `address` `null`: the map tells which chain comes next. */
export interface Mapped {
  readonly kind: "mapped";
  /** Where the address stands in the value. */
  readonly address: number | null;
  /** The same of the port, or the port itself; `null`: it is not changed. */
  readonly port: { readonly offset: number } | { readonly fixed: number } | null;
}

/** One element of a map. */
export interface MapElement {
  readonly key: Uint8Array;
  /** The last key of a range; `null` for one key. */
  readonly keyEnd: Uint8Array | null;
  /** True for the first key after an interval, which has no value. */
  readonly end: boolean;
  readonly value: Uint8Array | null;
  /** The chain that a verdict leads to; `null` for another verdict, and for a value. */
  readonly chain: string | null;
}

/** Decodes the elements in one NFT_MSG_NEWSETELEM. Throws DecodeError. */
export function decodeMapElements(view: DataView, start: number, end: number): MapElement[] {
  const elements: MapElement[] = [];
  if (end - start < NFGENMSG_SIZE) return elements;
  const attributes = new AttributeCursor(view, start + NFGENMSG_SIZE, end);
  while (attributes.next()) {
    if (attributes.type !== NFTA_SET_ELEM_LIST_ELEMENTS) continue;
    const each = attributes.nested();
    while (each.next()) {
      const data = fields(each.nested());
      const key = data.value(NFTA_SET_ELEM_KEY);
      if (key === null) continue;
      elements.push({
        key,
        keyEnd: data.value(NFTA_SET_ELEM_KEY_END),
        end: ((data.number(NFTA_SET_ELEM_FLAGS) ?? 0) & NFT_SET_ELEM_INTERVAL_END) !== 0,
        value: data.value(NFTA_SET_ELEM_DATA),
        chain: chainOf(data.bytes(NFTA_SET_ELEM_DATA)),
      });
    }
  }
  return elements;
}

function chainOf(nest: Uint8Array<ArrayBuffer>): string | null {
  const data = new AttributeCursor(new DataView(nest.buffer), 0, nest.length);
  while (data.next()) {
    if (data.type !== NFTA_DATA_VERDICT) continue;
    const told = fields(data.nested());
    const code = (told.number(NFTA_VERDICT_CODE) ?? 0) | 0;
    return code === NFT_JUMP || code === NFT_GOTO ? told.text(NFTA_VERDICT_CHAIN) : null;
  }
  return null;
}

/** One rule for each element of a map. `conditions`: those of the rule that looks into it. */
export function expandMap(
  conditions: Conditions,
  { parts }: MapLookup,
  mapped: Mapped,
  elements: readonly MapElement[],
): ChainRule[] {
  const ends = elements.filter(({ end, key }) => end && key.length === 2).map(({ key }) =>
    port(key, 0)
  )
    .sort((a, b) => a - b);
  return elements.flatMap((element): ChainRule[] => {
    if (element.end) return [];
    const own = conditionsOf(element, parts, ends);
    const met = own === null ? null : both(conditions, own);
    if (met === null) return [];
    const outcome = outcomeOf(element, mapped);
    return outcome === null ? [] : [{ conditions: met, outcome }];
  });
}

const port = (bytes: Uint8Array, at: number) => bytes[at]! << 8 | bytes[at + 1]!;

function outcomeOf({ value, chain }: MapElement, { address, port: where }: Mapped): Outcome | null {
  if (address === null) return chain === null ? null : { kind: "jump", chain };
  if (value === null) return { kind: "opaque" };
  // An address alone fills the value; beside a port, IPv4 takes four bytes of it.
  const length = where === null || "fixed" in where
    ? value.length - address
    : where.offset > address
    ? where.offset - address
    : value.length - address;
  const text = addressText(value.subarray(address, address + length));
  if (text === null) return { kind: "opaque" };
  if (where === null) return { kind: "dnat", address: text, port: null };
  if ("fixed" in where) return { kind: "dnat", address: text, port: where.fixed };
  return where.offset < 0 || where.offset + 2 > value.length
    ? { kind: "opaque" }
    : { kind: "dnat", address: text, port: port(value, where.offset) };
}

// What a key asks of a packet; `null` if no packet of TCP or UDP has it.
function conditionsOf(
  { key, keyEnd }: MapElement,
  parts: readonly KeyPart[],
  ends: readonly number[],
): Conditions | null {
  let met: Conditions | null = ANY_PACKET;
  let at = 0;
  // A key of one part is not padded. Beside others, each takes a multiple of four bytes.
  const addressLength = key.length - 4 * (parts.length - 1);
  for (const part of parts) {
    const own = partConditions(part);
    met = met === null || own === null ? null : both(met, own);
    at += part === "address" ? addressLength : 4;
  }
  if (met !== null && parts.length === 0) return { ...met, more: true };
  return met;

  function partConditions(part: KeyPart): Conditions | null {
    switch (part) {
      case "port":
        return { ...ANY_PACKET, ports: [rangeAt()] };
      case "protocol":
        return key[at] === 6
          ? { ...ANY_PACKET, protocol: "tcp" }
          : key[at] === 17
          ? { ...ANY_PACKET, protocol: "udp" }
          : null;
      case "address": {
        const address = addressText(key.subarray(at, at + addressLength));
        return keyEnd !== null || address === null
          ? { ...ANY_PACKET, more: true }
          : { ...ANY_PACKET, address };
      }
      case "type":
        return key[at] === RTN_LOCAL ? ANY_PACKET : null;
      case "choice":
        return ANY_PACKET;
      case "interface":
      case "version":
        return { ...ANY_PACKET, more: true };
    }
  }

  function rangeAt(): PortRange {
    const first = port(key, at);
    if (keyEnd !== null && keyEnd.length >= at + 2) return { first, last: port(keyEnd, at) };
    if (parts.length > 1 || ends.length === 0) return { first, last: first };
    const after = ends.find((end) => end > first);
    return { first, last: after === undefined ? 65535 : after - 1 };
  }
}
