/**
 * Attributes of an inet_diag_msg: one decoder each, in a table indexed by the kernel's number.
 *
 * A decoder reads as many fields as the attribute is long, because kernels append; an attribute this program does not
 * know is kept as its bytes. Source: include/uapi/linux/inet_diag.h, tls.h, mptcp.h.
 *
 * @module
 */
import type { AttributeCursor } from "../../netlink/attribute.ts";
import * as uapi from "./uapi.ts";
import { readTcpInfo } from "./tcp_info.ts";

/** A decoded value: plain data that JSON can carry, but for bigints and bytes. */
export type AttributeValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue };

/** One attribute's name, as in the header file, and its decoder. */
export interface AttributeDecoder {
  readonly name: string;
  readonly decode: (attribute: AttributeCursor) => AttributeValue;
}

/** u32 values one after the other, named; those past the end of the attribute are left out. */
function words(names: readonly string[]): (attribute: AttributeCursor) => AttributeValue {
  return ({ view, offset, length }) => {
    const values: Record<string, AttributeValue> = {};
    for (const [i, name] of names.entries()) {
      if (4 * i + 4 > length) break;
      values[name] = view.getUint32(offset + 4 * i, true);
    }
    return values;
  };
}

/** struct inet_diag_meminfo: bytes. */
const meminfo = words(["rmem", "wmem", "fmem", "tmem"]);

/** SK_MEMINFO_*: bytes, but for `drops`, which counts packets. */
export const SKMEMINFO_NAMES = [
  "rmem_alloc",
  "rcvbuf",
  "wmem_alloc",
  "sndbuf",
  "fwd_alloc",
  "wmem_queued",
  "optmem",
  "backlog",
  "drops",
] as const;
const skmeminfo = words(SKMEMINFO_NAMES);

/** struct tcpvegas_info: rtt and minrtt in microseconds. */
const vegas = words(["enabled", "rttcnt", "rtt_us", "minrtt_us"]);

/** struct tcp_dctcp_info. `alpha` is scaled by 1024. */
function dctcp({ view, offset, length }: AttributeCursor): AttributeValue {
  return {
    enabled: length >= 2 ? view.getUint16(offset, true) : null,
    ce_state: length >= 4 ? view.getUint16(offset + 2, true) : null,
    alpha: length >= 8 ? view.getUint32(offset + 4, true) : null,
    ab_ecn: length >= 12 ? view.getUint32(offset + 8, true) : null,
    ab_tot: length >= 16 ? view.getUint32(offset + 12, true) : null,
  };
}

/** struct tcp_bbr_info: bandwidth in bytes a second, the gains shifted left by 8. */
function bbr({ view, offset, length }: AttributeCursor): AttributeValue {
  return {
    bw_bytes_per_sec: length >= 8 ? view.getBigUint64(offset, true) : null,
    min_rtt_us: length >= 12 ? view.getUint32(offset + 8, true) : null,
    pacing_gain: length >= 16 ? view.getUint32(offset + 12, true) : null,
    cwnd_gain: length >= 20 ? view.getUint32(offset + 16, true) : null,
  };
}

/** struct inet_diag_sockopt: bit-fields, the first named in the lowest bit. */
export const SOCKOPT_NAMES = [
  "recverr",
  "is_icsk",
  "freebind",
  "hdrincl",
  "mc_loop",
  "transparent",
  "mc_all",
  "nodefrag",
  "bind_address_no_port",
  "recverr_rfc4884",
  "defer_connect",
] as const;

function sockopt({ view, offset, length }: AttributeCursor): AttributeValue {
  const options: Record<string, AttributeValue> = {};
  for (const [i, name] of SOCKOPT_NAMES.entries()) {
    const byte = i >>> 3;
    if (byte >= length) break;
    options[name] = (view.getUint8(offset + byte) >>> (i & 7) & 1) !== 0;
  }
  return options;
}

/** struct tcp_diag_md5sig, 100 bytes each. The key at 20 is a secret: only its length is told. */
function md5sig({ view, offset, length }: AttributeCursor): AttributeValue {
  const keys: AttributeValue[] = [];
  for (let at = offset; at + 100 <= offset + length; at += 100) {
    keys.push({
      family: view.getUint8(at),
      prefix_length: view.getUint8(at + 1),
      key_length: view.getUint16(at + 2, true),
      address: new Uint8Array(view.buffer, view.byteOffset + at + 4, 16).slice(),
    });
  }
  return keys;
}

/** INET_ULP_INFO_*: NAME 1, TLS 2, MPTCP 3. */
function ulp(attribute: AttributeCursor): AttributeValue {
  const info: Record<string, AttributeValue> = {};
  const nest = attribute.nested();
  while (nest.next()) {
    if (nest.type === 1) info.name = nest.string();
    else if (nest.type === 2) info.tls = named(nest, TLS_INFO);
    else if (nest.type === 3) info.mptcp = named(nest, MPTCP_SUBFLOW);
    else info[`attribute_${nest.type}`] = nest.bytes();
  }
  return info;
}

type Getter = (attribute: AttributeCursor) => AttributeValue;
const u8: Getter = (attribute) => attribute.u8();
const u16: Getter = (attribute) => attribute.u16();
const u32: Getter = (attribute) => attribute.u32();
const u64: Getter = (attribute) => attribute.u64();
const flag: Getter = () => true;

/** TLS_INFO_*: include/uapi/linux/tls.h. */
const TLS_INFO: readonly (readonly [string, Getter] | null)[] = [
  null,
  ["version", u16],
  ["cipher", u16],
  ["txconf", u16],
  ["rxconf", u16],
  ["zc_ro_tx", flag],
  ["rx_no_pad", flag],
];

/** MPTCP_SUBFLOW_ATTR_*: include/uapi/linux/mptcp.h. */
const MPTCP_SUBFLOW: readonly (readonly [string, Getter] | null)[] = [
  null,
  ["token_rem", u32],
  ["token_loc", u32],
  ["relwrite_seq", u32],
  ["map_seq", u64],
  ["map_sfseq", u32],
  ["ssn_offset", u32],
  ["map_datalen", u16],
  ["flags", u32],
  ["id_rem", u8],
  ["id_loc", u8],
];

function named(
  attribute: AttributeCursor,
  table: readonly (readonly [string, Getter] | null)[],
): AttributeValue {
  const values: Record<string, AttributeValue> = {};
  const nest = attribute.nested();
  while (nest.next()) {
    const entry = table[nest.type];
    if (entry) values[entry[0]] = entry[1](nest);
    else values[`attribute_${nest.type}`] = nest.bytes();
  }
  return values;
}

/** The table. A hole is a number that the kernel does not use. */
export const ATTRIBUTES: readonly (AttributeDecoder | null)[] = (() => {
  const table = new Array<AttributeDecoder | null>(uapi.INET_DIAG_MAX + 1).fill(null);
  const set = (type: number, name: string, decode: Getter) => table[type] = { name, decode };
  set(uapi.INET_DIAG_MEMINFO, "meminfo", meminfo);
  set(uapi.INET_DIAG_INFO, "info", ({ view, offset, length }) => readTcpInfo(view, offset, length));
  set(uapi.INET_DIAG_VEGASINFO, "vegasinfo", vegas);
  set(uapi.INET_DIAG_CONG, "cong", (attribute) => attribute.string());
  set(uapi.INET_DIAG_TOS, "tos", u8);
  set(uapi.INET_DIAG_TCLASS, "tclass", u8);
  set(uapi.INET_DIAG_SKMEMINFO, "skmeminfo", skmeminfo);
  set(uapi.INET_DIAG_SHUTDOWN, "shutdown", u8);
  set(uapi.INET_DIAG_DCTCPINFO, "dctcpinfo", dctcp);
  set(uapi.INET_DIAG_PROTOCOL, "protocol", u8);
  set(uapi.INET_DIAG_SKV6ONLY, "skv6only", u8);
  set(uapi.INET_DIAG_LOCALS, "locals", (attribute) => attribute.bytes());
  set(uapi.INET_DIAG_PEERS, "peers", (attribute) => attribute.bytes());
  set(uapi.INET_DIAG_MARK, "mark", u32);
  set(uapi.INET_DIAG_BBRINFO, "bbrinfo", bbr);
  set(uapi.INET_DIAG_CLASS_ID, "class_id", u32);
  set(uapi.INET_DIAG_MD5SIG, "md5sig", md5sig);
  set(uapi.INET_DIAG_ULP_INFO, "ulp_info", ulp);
  set(uapi.INET_DIAG_SK_BPF_STORAGES, "sk_bpf_storages", (attribute) => attribute.bytes());
  set(uapi.INET_DIAG_CGROUP_ID, "cgroup_id", u64);
  set(uapi.INET_DIAG_SOCKOPT, "sockopt", sockopt);
  return table;
})();

/**
 * Every attribute of a message, decoded, by name. One this program does not know is kept as its bytes under
 * `attribute_N`. Throws DecodeError when a length does not add up.
 */
export function readAttributes(attributes: AttributeCursor): Record<string, AttributeValue> {
  const values: Record<string, AttributeValue> = {};
  while (attributes.next()) {
    if (attributes.type === uapi.INET_DIAG_PAD) continue;
    const decoder = ATTRIBUTES[attributes.type];
    if (decoder) values[decoder.name] = decoder.decode(attributes);
    else values[`attribute_${attributes.type}`] = attributes.bytes();
  }
  return values;
}
