/**
 * Attributes of an inet_diag_msg: one decoder each, in a table indexed by the kernel's number.
 *
 * A decoder reads as many fields as the attribute is long, because kernels append; an attribute this program does not
 * know is kept as its bytes. Source: include/uapi/linux/inet_diag.h, tls.h, mptcp.h.
 *
 * @module
 */
import type { Transport } from "../../model/socket.ts";
import type { AttributeCursor } from "../../netlink/attribute.ts";
import {
  type AttributeDecoder,
  type AttributeValue,
  type Getter,
  named,
  readTable,
  skmeminfo,
  u16,
  u32,
  u64,
  u8,
  words,
} from "../attribute_table.ts";
export { type AttributeDecoder, type AttributeValue, SKMEMINFO_NAMES } from "../attribute_table.ts";
import * as uapi from "./uapi.ts";
import { readMptcpInfo } from "./mptcp_info.ts";
import { readAddresses, readSctpInfo } from "./sctp_info.ts";
import { readTcpInfo } from "./tcp_info.ts";

/** struct inet_diag_meminfo: bytes. */
const meminfo = words(["rmem", "wmem", "fmem", "tmem"]);

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

/** struct sockaddr_storage, 128 bytes each: addresses as text. */
const addresses: Getter = ({ view, offset, length }) => readAddresses(view, offset, length);

/** The table. A hole is a number that the kernel does not use. */
export const ATTRIBUTES: readonly (AttributeDecoder | null)[] = (() => {
  const table = new Array<AttributeDecoder | null>(uapi.INET_DIAG_MAX + 1).fill(null);
  const set = (type: number, name: string, decode: Getter) => table[type] = { name, decode };
  // Padding says nothing.
  set(uapi.INET_DIAG_PAD, "", () => null);
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
  set(uapi.INET_DIAG_LOCALS, "locals", addresses);
  set(uapi.INET_DIAG_PEERS, "peers", addresses);
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

const MPTCP_ATTRIBUTES = ATTRIBUTES.with(uapi.INET_DIAG_INFO, {
  name: "info",
  decode: ({ view, offset, length }) => readMptcpInfo(view, offset, length),
});

const SCTP_ATTRIBUTES = ATTRIBUTES.with(uapi.INET_DIAG_INFO, {
  name: "info",
  decode: ({ view, offset, length }) => readSctpInfo(view, offset, length),
});

/**
 * Every attribute of a message, decoded, by name. One this program does not know is kept as its bytes under
 * `attribute_N`. What INET_DIAG_INFO holds depends on the transport. Throws DecodeError when a length does not add up.
 */
export function readAttributes(
  attributes: AttributeCursor,
  transport: Transport = "tcp",
): Record<string, AttributeValue> {
  const table = transport === "mptcp"
    ? MPTCP_ATTRIBUTES
    : transport === "sctp"
    ? SCTP_ATTRIBUTES
    : ATTRIBUTES;
  return readTable(attributes, table);
}
