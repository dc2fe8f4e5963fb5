/**
 * struct tcp_info: one table that drives reading, JSON names and documentation.
 *
 * The kernel only ever appends to it, so the length of the attribute says which fields exist. Source:
 * include/uapi/linux/tcp.h as of Linux 6.18 (280 bytes). The last four bytes changed their meaning while the size stayed:
 * two u16 in 6.18 and 6.19, bit-fields since 7.0. Nothing in the reply tells which, so the kernel's release decides.
 *
 * @module
 */

/** Unit of a value, which its name ends in. */
type TcpInfoUnit =
  | "us"
  | "ms"
  | "bytes"
  | "bytes_per_sec"
  | "count"
  | "segments"
  | "enum"
  | "flags";

/** One field. */
interface TcpInfoField {
  /** Name in JSON: the kernel's without `tcpi_`, with its unit. */
  readonly name: string;
  /** The kernel's name. */
  readonly kernel: string;
  readonly offset: number;
  /** Bytes: 1, 2, 4 or 8. Host byte order. */
  readonly width: 1 | 2 | 4 | 8;
  readonly unit: TcpInfoUnit;
}

const field = (
  kernel: string,
  offset: number,
  width: 1 | 2 | 4 | 8,
  unit: TcpInfoUnit,
  name = kernel.slice(5),
): TcpInfoField => ({ kernel, offset, width, unit, name });

/** Every field, by offset. The bit-fields at 6 and 7 have readers of their own below. */
export const TCP_INFO_FIELDS: readonly TcpInfoField[] = [
  field("tcpi_state", 0, 1, "enum"),
  field("tcpi_ca_state", 1, 1, "enum"),
  field("tcpi_retransmits", 2, 1, "count"),
  field("tcpi_probes", 3, 1, "count"),
  field("tcpi_backoff", 4, 1, "count"),
  field("tcpi_options", 5, 1, "flags"),
  field("tcpi_rto", 8, 4, "us", "rto_us"),
  field("tcpi_ato", 12, 4, "us", "ato_us"),
  field("tcpi_snd_mss", 16, 4, "bytes", "snd_mss_bytes"),
  field("tcpi_rcv_mss", 20, 4, "bytes", "rcv_mss_bytes"),
  field("tcpi_unacked", 24, 4, "segments"),
  field("tcpi_sacked", 28, 4, "segments"),
  field("tcpi_lost", 32, 4, "segments"),
  field("tcpi_retrans", 36, 4, "segments"),
  field("tcpi_fackets", 40, 4, "segments"),
  field("tcpi_last_data_sent", 44, 4, "ms", "last_data_sent_ms"),
  field("tcpi_last_ack_sent", 48, 4, "ms", "last_ack_sent_ms"),
  field("tcpi_last_data_recv", 52, 4, "ms", "last_data_recv_ms"),
  field("tcpi_last_ack_recv", 56, 4, "ms", "last_ack_recv_ms"),
  field("tcpi_pmtu", 60, 4, "bytes", "pmtu_bytes"),
  field("tcpi_rcv_ssthresh", 64, 4, "bytes", "rcv_ssthresh_bytes"),
  field("tcpi_rtt", 68, 4, "us", "rtt_us"),
  field("tcpi_rttvar", 72, 4, "us", "rttvar_us"),
  field("tcpi_snd_ssthresh", 76, 4, "segments"),
  field("tcpi_snd_cwnd", 80, 4, "segments"),
  field("tcpi_advmss", 84, 4, "bytes", "advmss_bytes"),
  field("tcpi_reordering", 88, 4, "segments"),
  field("tcpi_rcv_rtt", 92, 4, "us", "rcv_rtt_us"),
  field("tcpi_rcv_space", 96, 4, "bytes", "rcv_space_bytes"),
  field("tcpi_total_retrans", 100, 4, "segments"),
  field("tcpi_pacing_rate", 104, 8, "bytes_per_sec", "pacing_rate_bytes_per_sec"),
  field("tcpi_max_pacing_rate", 112, 8, "bytes_per_sec", "max_pacing_rate_bytes_per_sec"),
  field("tcpi_bytes_acked", 120, 8, "bytes"),
  field("tcpi_bytes_received", 128, 8, "bytes"),
  field("tcpi_segs_out", 136, 4, "segments"),
  field("tcpi_segs_in", 140, 4, "segments"),
  field("tcpi_notsent_bytes", 144, 4, "bytes"),
  field("tcpi_min_rtt", 148, 4, "us", "min_rtt_us"),
  field("tcpi_data_segs_in", 152, 4, "segments"),
  field("tcpi_data_segs_out", 156, 4, "segments"),
  field("tcpi_delivery_rate", 160, 8, "bytes_per_sec", "delivery_rate_bytes_per_sec"),
  field("tcpi_busy_time", 168, 8, "us", "busy_time_us"),
  field("tcpi_rwnd_limited", 176, 8, "us", "rwnd_limited_us"),
  field("tcpi_sndbuf_limited", 184, 8, "us", "sndbuf_limited_us"),
  field("tcpi_delivered", 192, 4, "segments"),
  field("tcpi_delivered_ce", 196, 4, "segments"),
  field("tcpi_bytes_sent", 200, 8, "bytes"),
  field("tcpi_bytes_retrans", 208, 8, "bytes"),
  field("tcpi_dsack_dups", 216, 4, "count"),
  field("tcpi_reord_seen", 220, 4, "count"),
  field("tcpi_rcv_ooopack", 224, 4, "segments"),
  field("tcpi_snd_wnd", 228, 4, "bytes", "snd_wnd_bytes"),
  field("tcpi_rcv_wnd", 232, 4, "bytes", "rcv_wnd_bytes"),
  field("tcpi_rehash", 236, 4, "count"),
  field("tcpi_total_rto", 240, 2, "count"),
  field("tcpi_total_rto_recoveries", 242, 2, "count"),
  field("tcpi_total_rto_time", 244, 4, "ms", "total_rto_time_ms"),
  field("tcpi_received_ce", 248, 4, "segments"),
  field("tcpi_delivered_e1_bytes", 252, 4, "bytes"),
  field("tcpi_delivered_e0_bytes", 256, 4, "bytes"),
  field("tcpi_delivered_ce_bytes", 260, 4, "bytes"),
  field("tcpi_received_e1_bytes", 264, 4, "bytes"),
  field("tcpi_received_e0_bytes", 268, 4, "bytes"),
  field("tcpi_received_ce_bytes", 272, 4, "bytes"),
];

/** Send window scale: low four bits of byte 6. `null` where the attribute is too short. Kernel: `tcpi_snd_wscale:4`. */
function sndWscale(view: DataView, offset: number, length: number): number | null {
  return length > 6 ? view.getUint8(offset + 6) & 0xf : null;
}

/** Receive window scale: high four bits of byte 6. Kernel: `tcpi_rcv_wscale:4`. */
function rcvWscale(view: DataView, offset: number, length: number): number | null {
  return length > 6 ? view.getUint8(offset + 6) >>> 4 : null;
}

/** True while the sender has had nothing to send: bit 0 of byte 7. Kernel: `tcpi_delivery_rate_app_limited:1`. */
function appLimited(view: DataView, offset: number, length: number): boolean | null {
  return length > 7 ? (view.getUint8(offset + 7) & 1) !== 0 : null;
}

/** Why TCP Fast Open failed on the client: bits 1 and 2 of byte 7. Kernel: `tcpi_fastopen_client_fail:2`. */
function fastopenClientFail(view: DataView, offset: number, length: number): number | null {
  return length > 7 ? view.getUint8(offset + 7) >>> 1 & 3 : null;
}

/** Where the last four bytes begin. */
const ACCECN = 276;

/**
 * The last four bytes: how Accurate ECN fares. 6.18 and 6.19: `tcpi_accecn_fail_mode` u16 0, `tcpi_accecn_opt_seen` u16 2.
 * Since 7.0, from the lowest bit: `tcpi_ecn_mode:2`, `tcpi_accecn_opt_seen:2`, `tcpi_accecn_fail_mode:4`,
 * `tcpi_options2:24`. Nothing for a release that is not known, because the same bytes would mean either.
 */
function accurateEcn(view: DataView, at: number, kernel: string | null): Record<string, number> {
  const release = /^(\d+)\.(\d+)/.exec(kernel ?? "");
  if (release === null) return {};
  if (Number(release[1]) < 7) {
    return {
      accecn_fail_mode: view.getUint16(at, true),
      accecn_opt_seen: view.getUint16(at + 2, true),
    };
  }
  const word = view.getUint32(at, true);
  return {
    ecn_mode: word & 3,
    accecn_opt_seen: word >>> 2 & 3,
    accecn_fail_mode: word >>> 4 & 15,
    options2: word >>> 8,
  };
}

/**
 * All fields that the attribute is long enough to hold, by their JSON names. 64-bit values are numbers below 2^53 and
 * bigints above; a rate of all ones (unlimited) is `null`. `kernel` is the release of the kernel that sent it.
 */
export function readTcpInfo(
  view: DataView,
  offset: number,
  length: number,
  kernel: string | null,
): Record<string, number | bigint | boolean | null> {
  const info: Record<string, number | bigint | boolean | null> = {};
  for (const { name, offset: at, width } of TCP_INFO_FIELDS) {
    if (at + width > length) break;
    info[name] = readField(view, offset + at, width);
  }
  info.snd_wscale = sndWscale(view, offset, length);
  info.rcv_wscale = rcvWscale(view, offset, length);
  info.delivery_rate_app_limited = appLimited(view, offset, length);
  info.fastopen_client_fail = fastopenClientFail(view, offset, length);
  return length >= ACCECN + 4 ? { ...info, ...accurateEcn(view, offset + ACCECN, kernel) } : info;
}

function readField(view: DataView, at: number, width: 1 | 2 | 4 | 8): number | bigint | null {
  if (width === 1) return view.getUint8(at);
  if (width === 2) return view.getUint16(at, true);
  if (width === 4) return view.getUint32(at, true);
  const low = view.getUint32(at, true);
  const high = view.getUint32(at + 4, true);
  if (low === 0xffff_ffff && high === 0xffff_ffff) return null;
  return high < 0x20_0000 ? high * 0x1_0000_0000 + low : view.getBigUint64(at, true);
}
