/**
 * struct sctp_info: one table that drives reading and JSON names; the sockaddr lists beside it; the association states.
 *
 * The length of the attribute says which fields exist. Source: include/uapi/linux/sctp.h as of Linux 6.18 (368 bytes).
 *
 * @module
 */
import { AF_INET, AF_INET6 } from "../../../ffi/socket.ts";
import { formatIpv4, formatIpv6 } from "../../model/endpoint.ts";
import {
  TCP_CLOSE,
  TCP_CLOSE_WAIT,
  TCP_ESTABLISHED,
  TCP_FIN_WAIT1,
  TCP_FIN_WAIT2,
  TCP_LAST_ACK,
  TCP_SYN_SENT,
} from "../../model/state.ts";
import type { AttributeValue } from "../attribute_table.ts";
import { SOCKADDR_STORAGE_SIZE } from "./uapi.ts";

/** The kernel's name without `sctpi_`, which JSON has as well; offset, and bytes. */
type SctpField = readonly [name: string, offset: number, width: 1 | 2 | 4 | 8];

/** Every field, by offset, but for the primary address (sockaddr_storage at 168). */
export const SCTP_INFO_FIELDS: readonly SctpField[] = [
  ["tag", 0, 4],
  ["state", 4, 4],
  ["rwnd", 8, 4],
  ["unackdata", 12, 2],
  ["penddata", 14, 2],
  ["instrms", 16, 2],
  ["outstrms", 18, 2],
  ["fragmentation_point", 20, 4],
  ["inqueue", 24, 4],
  ["outqueue", 28, 4],
  ["overall_error", 32, 4],
  ["max_burst", 36, 4],
  ["maxseg", 40, 4],
  ["peer_rwnd", 44, 4],
  ["peer_tag", 48, 4],
  ["peer_capable", 52, 1],
  ["peer_sack", 53, 1],
  ["isacks", 56, 8],
  ["osacks", 64, 8],
  ["opackets", 72, 8],
  ["ipackets", 80, 8],
  ["rtxchunks", 88, 8],
  ["outofseqtsns", 96, 8],
  ["idupchunks", 104, 8],
  ["gapcnt", 112, 8],
  ["ouodchunks", 120, 8],
  ["iuodchunks", 128, 8],
  ["oodchunks", 136, 8],
  ["iodchunks", 144, 8],
  ["octrlchunks", 152, 8],
  ["ictrlchunks", 160, 8],
  ["p_state", 296, 4],
  ["p_cwnd", 300, 4],
  ["p_srtt", 304, 4],
  ["p_rto", 308, 4],
  ["p_hbinterval", 312, 4],
  ["p_pathmaxrxt", 316, 4],
  ["p_sackdelay", 320, 4],
  ["p_sackfreq", 324, 4],
  ["p_ssthresh", 328, 4],
  ["p_partial_bytes_acked", 332, 4],
  ["p_flight_size", 336, 4],
  ["p_error", 340, 2],
  ["s_autoclose", 344, 4],
  ["s_adaptation_ind", 348, 4],
  ["s_pd_point", 352, 4],
  ["s_nodelay", 356, 1],
  ["s_disable_fragments", 357, 1],
  ["s_v4mapped", 358, 1],
  ["s_frag_interleave", 359, 1],
  ["s_type", 360, 4],
];

/** The value of a field of the struct at `offset`, in host byte order. Eight bytes are a bigint. */
export function sctpValue(
  view: DataView,
  offset: number,
  [, at, width]: SctpField,
): number | bigint {
  switch (width) {
    case 1:
      return view.getUint8(offset + at);
    case 2:
      return view.getUint16(offset + at, true);
    case 4:
      return view.getUint32(offset + at, true);
    case 8:
      return view.getBigUint64(offset + at, true);
  }
}

/** All fields that the attribute is long enough to hold. 64-bit values are bigints. */
export function readSctpInfo(
  view: DataView,
  offset: number,
  length: number,
): Record<string, AttributeValue> {
  const info: Record<string, AttributeValue> = {};
  for (const field of SCTP_INFO_FIELDS) {
    const [name, at, width] = field;
    if (at + width > length) break;
    info[name] = sctpValue(view, offset, field);
  }
  return info;
}

/**
 * Calls `take` for each address of an INET_DIAG_LOCALS or INET_DIAG_PEERS attribute, with its AF_* and where its bytes begin,
 * in network byte order. A family other than IPv4 and IPv6 comes too.
 *
 * sockaddr_in: family u16 0, port be16 2, addr be32 4; sockaddr_in6: family u16 0, port be16 2, flowinfo 4, addr be32[4] 8.
 */
export function eachSockaddr(
  view: DataView,
  offset: number,
  length: number,
  take: (family: number, at: number) => void,
): void {
  for (
    let at = offset;
    at + SOCKADDR_STORAGE_SIZE <= offset + length;
    at += SOCKADDR_STORAGE_SIZE
  ) {
    const family = view.getUint16(at, true);
    take(family, family === AF_INET6 ? at + 8 : at + 4);
  }
}

/** The addresses of such an attribute as text; empty for one of another family. */
export function readAddresses(view: DataView, offset: number, length: number): string[] {
  const addresses: string[] = [];
  eachSockaddr(view, offset, length, (family, at) => {
    const word = (index: number) => view.getUint32(at + 4 * index, false);
    if (family === AF_INET) addresses.push(formatIpv4(word(0)));
    else if (family === AF_INET6) addresses.push(formatIpv6(word(0), word(1), word(2), word(3)));
    else addresses.push("");
  });
  return addresses;
}

/**
 * The TCP state that corresponds to the state of an association (include/uapi/linux/sctp.h, enum sctp_sstat_state less 1):
 * CLOSED, COOKIE_WAIT, COOKIE_ECHOED, ESTABLISHED, SHUTDOWN_PENDING, SHUTDOWN_SENT, SHUTDOWN_RECEIVED, SHUTDOWN_ACK_SENT.
 */
const ASSOCIATION_STATES = [
  TCP_CLOSE,
  TCP_SYN_SENT,
  TCP_SYN_SENT,
  TCP_ESTABLISHED,
  TCP_FIN_WAIT1,
  TCP_FIN_WAIT2,
  TCP_CLOSE_WAIT,
  TCP_LAST_ACK,
];

/** The TCP state for the state of an association; CLOSE for one that this program does not know. */
export function associationState(state: number): number {
  return ASSOCIATION_STATES[state] ?? TCP_CLOSE;
}
