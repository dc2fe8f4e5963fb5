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
  type AttributeTable,
  type AttributeValue,
  flag,
  type Getter,
  PADDING,
  raw,
  readTable,
  SKMEMINFO_NAMES,
  u16,
  u32,
  u64,
  u8,
} from "../attribute_table.ts";
import * as uapi from "./uapi.ts";
import { readMptcpInfo } from "./mptcp_info.ts";
import { readAddresses, readSctpInfo } from "./sctp_info.ts";
import { readTcpInfo } from "./tcp_info.ts";

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

/** struct sockaddr_storage, 128 bytes each: addresses as text. */
const addresses: Getter = ({ view, offset, length }) => readAddresses(view, offset, length);
const text: Getter = (attribute) => attribute.string();

/** INET_ULP_INFO_*: include/uapi/linux/inet_diag.h. */
const ULP_INFO: AttributeTable = {
  1: ["name", text],
  // TLS_INFO_*: include/uapi/linux/tls.h.
  2: ["tls", {
    nest: {
      1: ["version", u16],
      2: ["cipher", u16],
      3: ["txconf", u16],
      4: ["rxconf", u16],
      5: ["zc_ro_tx", flag],
      6: ["rx_no_pad", flag],
    },
  }],
  // MPTCP_SUBFLOW_ATTR_*: include/uapi/linux/mptcp.h.
  3: ["mptcp", {
    nest: {
      1: ["token_rem", u32],
      2: ["token_loc", u32],
      3: ["relwrite_seq", u32],
      4: ["map_seq", u64],
      5: ["map_sfseq", u32],
      6: ["ssn_offset", u32],
      7: ["map_datalen", u16],
      8: ["flags", u32],
      9: ["id_rem", u8],
      10: ["id_loc", u8],
    },
  }],
};

/** By INET_DIAG_*; INET_DIAG_INFO depends on the transport. */
const ATTRIBUTES: AttributeTable = {
  [uapi.INET_DIAG_PAD]: PADDING,
  /** struct inet_diag_meminfo: bytes. */
  [uapi.INET_DIAG_MEMINFO]: ["meminfo", ["rmem", "wmem", "fmem", "tmem"]],
  [uapi.INET_DIAG_INFO]: ["info", raw],
  /** struct tcpvegas_info: rtt and minrtt in microseconds. */
  [uapi.INET_DIAG_VEGASINFO]: ["vegasinfo", ["enabled", "rttcnt", "rtt_us", "minrtt_us"]],
  [uapi.INET_DIAG_CONG]: ["cong", text],
  [uapi.INET_DIAG_TOS]: ["tos", u8],
  [uapi.INET_DIAG_TCLASS]: ["tclass", u8],
  [uapi.INET_DIAG_SKMEMINFO]: ["skmeminfo", SKMEMINFO_NAMES],
  [uapi.INET_DIAG_SHUTDOWN]: ["shutdown", u8],
  [uapi.INET_DIAG_DCTCPINFO]: ["dctcpinfo", dctcp],
  [uapi.INET_DIAG_PROTOCOL]: ["protocol", u8],
  [uapi.INET_DIAG_SKV6ONLY]: ["skv6only", u8],
  [uapi.INET_DIAG_LOCALS]: ["locals", addresses],
  [uapi.INET_DIAG_PEERS]: ["peers", addresses],
  [uapi.INET_DIAG_MARK]: ["mark", u32],
  [uapi.INET_DIAG_BBRINFO]: ["bbrinfo", bbr],
  [uapi.INET_DIAG_CLASS_ID]: ["class_id", u32],
  [uapi.INET_DIAG_MD5SIG]: ["md5sig", md5sig],
  [uapi.INET_DIAG_ULP_INFO]: ["ulp_info", { nest: ULP_INFO }],
  [uapi.INET_DIAG_SK_BPF_STORAGES]: ["sk_bpf_storages", raw],
  [uapi.INET_DIAG_CGROUP_ID]: ["cgroup_id", u64],
  [uapi.INET_DIAG_SOCKOPT]: ["sockopt", sockopt],
};

const tcpAttributes = (kernel: string | null): AttributeTable => ({
  ...ATTRIBUTES,
  [uapi.INET_DIAG_INFO]: [
    "info",
    ({ view, offset, length }) => readTcpInfo(view, offset, length, kernel),
  ],
});

const MPTCP_ATTRIBUTES: AttributeTable = {
  ...ATTRIBUTES,
  [uapi.INET_DIAG_INFO]: [
    "info",
    ({ view, offset, length }) => readMptcpInfo(view, offset, length),
  ],
};

const SCTP_ATTRIBUTES: AttributeTable = {
  ...ATTRIBUTES,
  [uapi.INET_DIAG_INFO]: [
    "info",
    ({ view, offset, length }) => readSctpInfo(view, offset, length),
  ],
};

let lastTable: { readonly kernel: string | null; readonly table: AttributeTable } | null = null;

// One run reads from one kernel.
function tcpTable(kernel: string | null): AttributeTable {
  if (lastTable?.kernel !== kernel) lastTable = { kernel, table: tcpAttributes(kernel) };
  return lastTable!.table;
}

/**
 * Every attribute of a message, decoded, by name. One this program does not know is kept as its bytes under
 * `attribute_N`. What INET_DIAG_INFO holds depends on the transport, and its end on the release of the `kernel`. Throws DecodeError when a length does not add up.
 */
export function readAttributes(
  attributes: AttributeCursor,
  transport: Transport = "tcp",
  kernel: string | null = null,
): Record<string, AttributeValue> {
  const table = transport === "mptcp"
    ? MPTCP_ATTRIBUTES
    : transport === "sctp"
    ? SCTP_ATTRIBUTES
    : tcpTable(kernel);
  return readTable(attributes, table);
}
