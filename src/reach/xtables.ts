/**
 * Rules of the older iptables, which are not kept in nftables: the table `nat`, read by getsockopt(2).
 *
 * @module
 */
import { close } from "../../ffi/files.ts";
import { AF_INET, AF_INET6, SOCK_RAW, socket, tryGetOption } from "../../ffi/socket.ts";
import { DecodeError } from "../model/decode_error.ts";
import { both, type ChainRule, type Conditions, type DnatRule, followRules } from "./nat_rule.ts";
import { addressText, matchConditions, targetOutcome } from "./xt_match.ts";
import { latin1Text, utf8Bytes } from "../text/encoding.ts";

const IPPROTO_RAW = 255;
const SOL_IP = 0;
const SOL_IPV6 = 41;
// include/uapi/linux/netfilter_ipv4/ip_tables.h; ip6_tables.h has the same numbers.
const IPT_SO_GET_INFO = 64;
const IPT_SO_GET_ENTRIES = 65;
/** struct ipt_getinfo: name 0, valid_hooks u32 32, hook_entry u32[5] 36, underflow u32[5] 56, num_entries u32 76, size u32 80. */
const INFO_SIZE = 84;
/** struct ipt_get_entries: name 0, size u32 32, the entries from 40. */
const ENTRIES_OFFSET = 40;
const NF_INET_PRE_ROUTING = 0;
/** A larger table is not read. So much is enough for a million rules. */
const MAX_TABLE = 256 * 1024 * 1024;
/** struct xt_entry_match and xt_entry_target: size u16 0, name 2, revision u8 31, data from 32. */
const ELEMENT_HEADER = 32;
const IPT_INV_VIA_IN = 0x01;
const IPT_INV_SRCIP = 0x08;
const IPT_INV_DSTIP = 0x10;
const IPT_INV_PROTO = 0x40;

/**
 * Offsets of the fields of an entry. struct ipt_entry: an ipt_ip (source, destination and their masks, interface names and
 * masks in pairs, protocol u16, flags u8, inverted u8), cache u32, target_offset u16, next_offset u16, two counters. For IPv6
 * the addresses are longer, and one more u8 follows the protocol.
 */
interface Layout {
  readonly address: number;
  readonly protocol: number;
  readonly inverted: number;
  readonly targetOffset: number;
  readonly size: number;
}

const IPV4: Layout = { address: 4, protocol: 80, inverted: 83, targetOffset: 88, size: 112 };
const IPV6: Layout = { address: 16, protocol: 128, inverted: 132, targetOffset: 140, size: 168 };

/** The table `nat`, as the kernel holds it. */
export interface XtTable {
  readonly bytes: Uint8Array;
  /** Offset of the first rule for incoming packets. */
  readonly entry: number;
  readonly v6: boolean;
}

/** Reads the table `nat` of IPv4 or IPv6; `null` without CAP_NET_ADMIN, or if it changes during every attempt to read it. */
export function readXtTable(v6: boolean): XtTable | null {
  const level = v6 ? SOL_IPV6 : SOL_IP;
  let fd: number;
  try {
    fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_RAW, IPPROTO_RAW);
  } catch {
    return null;
  }
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      const info = new Uint8Array(INFO_SIZE);
      info.set(utf8Bytes("nat"));
      if (tryGetOption(fd, level, IPT_SO_GET_INFO, info) < INFO_SIZE) return null;
      const view = new DataView(info.buffer);
      const size = view.getUint32(80, true);
      if (size > MAX_TABLE) return null;
      const bytes = new Uint8Array(ENTRIES_OFFSET + size);
      bytes.set(info.subarray(0, 32));
      new DataView(bytes.buffer).setUint32(32, size, true);
      // EAGAIN: the table was replaced in between and has another size.
      if (tryGetOption(fd, level, IPT_SO_GET_ENTRIES, bytes) !== bytes.length) continue;
      const entry = view.getUint32(36 + 4 * NF_INET_PRE_ROUTING, true);
      return { bytes: bytes.subarray(ENTRIES_OFFSET), entry, v6 };
    }
    return null;
  } finally {
    close(fd);
  }
}

/** The rules of a table that send packets from outside to another address. Throws DecodeError. */
export function followXtTable(
  { bytes, entry, v6 }: XtTable,
  ports: readonly number[] | null = null,
): {
  readonly rules: readonly DnatRule[];
  readonly complete: boolean;
} {
  const rules: DnatRule[] = [];
  const chains = new Map<string, readonly ChainRule[]>();
  const complete = followRules(
    [String(entry)],
    (chain) => {
      let found = chains.get(chain);
      if (found === undefined) {
        found = decodeChain(bytes, Number(chain), v6);
        chains.set(chain, found);
      }
      return found;
    },
    (conditions, toAddress, toPort) =>
      rules.push({ via: "iptables", ...conditions, toAddress, toPort }),
    ports,
  );
  return { rules, complete };
}

// Decodes from an offset to the first rule that ends every packet's way: a policy, or the RETURN at the end of a chain.
function decodeChain(bytes: Uint8Array, start: number, v6: boolean): ChainRule[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const layout = v6 ? IPV6 : IPV4;
  const rules: ChainRule[] = [];
  for (let at = start; at < bytes.length;) {
    if (at + layout.size > bytes.length) throw new DecodeError("ipt_entry", at, "it is cut off");
    const targetAt = at + view.getUint16(at + layout.targetOffset, true);
    const next = at + view.getUint16(at + layout.targetOffset + 2, true);
    if (targetAt < at + layout.size || targetAt + ELEMENT_HEADER > next || next > bytes.length) {
      throw new DecodeError("ipt_entry", at, "its offsets do not add up");
    }
    let conditions: Conditions | null = packetConditions(bytes, view, at, layout);
    for (let match = at + layout.size; match < targetAt;) {
      const size = view.getUint16(match, true);
      if (size < ELEMENT_HEADER || match + size > targetAt) {
        throw new DecodeError("xt_entry_match", match, `length ${size}`);
      }
      const info = bytes.subarray(match + ELEMENT_HEADER, match + size);
      const asked = matchConditions(nameAt(bytes, match), bytes[match + 31]!, info);
      conditions = conditions === null ? null : both(conditions, asked);
      match += size;
    }
    const target = nameAt(bytes, targetAt);
    const data = bytes.subarray(targetAt + ELEMENT_HEADER, next);
    if (target === "" && data.length >= 4) {
      const verdict = view.getInt32(targetAt + ELEMENT_HEADER, true);
      const everything = conditions !== null && targetAt === at + layout.size &&
        bytes.subarray(at, at + layout.targetOffset - 4).every((byte) => byte === 0);
      if (verdict < 0 && everything) return rules;
      // A jump to the next rule does nothing.
      if (verdict >= 0 && verdict !== next && conditions !== null) {
        rules.push({ conditions, outcome: { kind: "jump", chain: String(verdict) } });
      }
    } else if (target === "ERROR") return rules;
    else if (conditions !== null) {
      const outcome = targetOutcome(target, bytes[targetAt + 31]!, data, v6);
      if (outcome !== null) rules.push({ conditions, outcome });
    }
    at = next;
  }
  return rules;
}

function nameAt(bytes: Uint8Array, element: number): string {
  const start = element + 2;
  let end = start;
  while (end < element + 31 && end < bytes.length && bytes[end] !== 0) end++;
  return latin1Text(bytes, start, end);
}

function packetConditions(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  { address: length, protocol: protocolAt, inverted: invertedAt }: Layout,
): Conditions {
  const inverted = bytes[at + invertedAt]!;
  const part = (i: number) => bytes.subarray(at + i * length, at + (i + 1) * length);
  const [, destination, sourceMask, mask] = [part(0), part(1), part(2), part(3)] as const;
  const set = (some: Uint8Array) => some.some((byte) => byte !== 0);
  const exact = mask.every((byte) => byte === 255) && (inverted & IPT_INV_DSTIP) === 0;
  // Interface names: in 0, out 16, their masks 32 and 48, behind the four addresses.
  const interfaces = at + 4 * length;
  const throughOne = set(bytes.subarray(interfaces + 32, interfaces + 48)) &&
    // "Not from this interface" usually excludes the containers' own bridge, so it is no further condition.
    (inverted & IPT_INV_VIA_IN) === 0;
  const protocol = view.getUint16(at + protocolAt, true);
  const plain = (inverted & IPT_INV_PROTO) === 0;
  return {
    protocol: plain && protocol === 6 ? "tcp" : plain && protocol === 17 ? "udp" : null,
    address: exact ? addressText(destination) : null,
    ports: null,
    more: set(sourceMask) || (inverted & IPT_INV_SRCIP) !== 0 || throughOne ||
      set(mask) && !exact || protocol !== 0 && !(plain && (protocol === 6 || protocol === 17)),
  };
}
