/**
 * The `-i` part of a TCP row in ss mode.
 *
 * @module
 */
import type { SsCells } from "../ss_row.ts";
import { TCP_LISTEN } from "../../model/state.ts";
import { formatFixed, formatGeneral } from "./printf.ts";
import type { InetMessage } from "./message.ts";
import { TCP_INFO_FIELDS } from "./tcp_info.ts";
import {
  INET_DIAG_BBRINFO,
  INET_DIAG_CONG,
  INET_DIAG_DCTCPINFO,
  INET_DIAG_INFO,
  INET_DIAG_VEGASINFO,
} from "./uapi.ts";

function offsetOf(kernel: string): number {
  const field = TCP_INFO_FIELDS.find((candidate) => candidate.kernel === `tcpi_${kernel}`);
  if (field === undefined) throw new TypeError(`struct tcp_info has no field tcpi_${kernel}`);
  return field.offset;
}

// Only what is computed with; plain counters are in the lists below.
const BACKOFF = offsetOf("backoff");
const OPTIONS = offsetOf("options");
const RTO = offsetOf("rto");
const ATO = offsetOf("ato");
const SND_MSS = offsetOf("snd_mss");
const RTT = offsetOf("rtt");
const RTTVAR = offsetOf("rttvar");
const SND_SSTHRESH = offsetOf("snd_ssthresh");
const SND_CWND = offsetOf("snd_cwnd");
const REORDERING = offsetOf("reordering");
const REORD_SEEN = offsetOf("reord_seen");
const RCV_RTT = offsetOf("rcv_rtt");
const MIN_RTT = offsetOf("min_rtt");
const RETRANS = offsetOf("retrans");
const TOTAL_RETRANS = offsetOf("total_retrans");
const SACKED = offsetOf("sacked");
const PACING_RATE = offsetOf("pacing_rate");
const MAX_PACING_RATE = offsetOf("max_pacing_rate");
const DELIVERY_RATE = offsetOf("delivery_rate");
const BUSY_TIME = offsetOf("busy_time");
const RWND_LIMITED = offsetOf("rwnd_limited");
const SNDBUF_LIMITED = offsetOf("sndbuf_limited");

/** Bits of tcpi_options, TCPI_OPT_* (include/uapi/linux/tcp.h), in the order of output. */
const OPTION_NAMES: readonly (readonly [bit: number, text: string])[] = [
  [1, " ts"],
  [64, " usec_ts"],
  [2, " sack"],
  [8, " ecn"],
  [16, " ecnseen"],
  [32, " fastopen"],
];
const OPTION_WSCALE = 4;

/** Counters that are printed when they are not 0. */
type Counters = readonly (readonly [text: string, offset: number, width: 4 | 8])[];

const u32s = (...names: readonly (readonly [string, string])[]): Counters =>
  names.map(([text, kernel]) => [text, offsetOf(kernel), 4]);
const u64s = (...names: readonly (readonly [string, string])[]): Counters =>
  names.map(([text, kernel]) => [text, offsetOf(kernel), 8]);

const SIZES = u32s([" mss:", "snd_mss"], [" pmtu:", "pmtu"], [" rcvmss:", "rcv_mss"], [
  " advmss:",
  "advmss",
], [" cwnd:", "snd_cwnd"]);
const TRAFFIC: Counters = [
  ...u64s([" bytes_sent:", "bytes_sent"], [" bytes_retrans:", "bytes_retrans"], [
    " bytes_acked:",
    "bytes_acked",
  ], [" bytes_received:", "bytes_received"]),
  ...u32s([" segs_out:", "segs_out"], [" segs_in:", "segs_in"], [
    " data_segs_out:",
    "data_segs_out",
  ], [" data_segs_in:", "data_segs_in"]),
];
const LAST = u32s([" lastsnd:", "last_data_sent"], [" lastrcv:", "last_data_recv"], [
  " lastack:",
  "last_ack_recv",
]);
const DELIVERED = u32s([" delivered:", "delivered"], [" delivered_ce:", "delivered_ce"]);
const UNACKED = u32s([" unacked:", "unacked"]);
const LOST = u32s([" lost:", "lost"]);
const DSACK = u32s([" dsack_dups:", "dsack_dups"], [" fackets:", "fackets"]);
const RECEIVE = u32s([" rcv_space:", "rcv_space"], [" rcv_ssthresh:", "rcv_ssthresh"], [
  " notsent:",
  "notsent_bytes",
]);
const WINDOWS = u32s([" rcv_ooopack:", "rcv_ooopack"], [" snd_wnd:", "snd_wnd"], [
  " rcv_wnd:",
  "rcv_wnd",
], [" rehash:", "rehash"]);

const UNLIMITED = 0xffff_ffff;
/** A retransmission timeout that is the default says nothing. Microseconds. */
const DEFAULT_RTO = 3_000_000;
/** Kernel: TCP_INFINITE_SSTHRESH is larger; ss draws the line here. */
const SSTHRESH_LIMIT = 0xffff;

/** Writes tcp_info and what else the congestion control tells. */
export class TcpInfoWriter {
  readonly #cells: SsCells;
  /** With `-o`: the negotiated options too. */
  readonly #options: boolean;
  /** With `-n`: rates as plain numbers. */
  readonly #numeric: boolean;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #offset = 0;
  #length = 0;

  constructor(cells: SsCells, options: boolean, numeric: boolean) {
    this.#cells = cells;
    this.#options = options;
    this.#numeric = numeric;
  }

  // Fields that this kernel's struct does not have are 0, as to ss.
  #u8(at: number): number {
    return at < this.#length ? this.#view.getUint8(this.#offset + at) : 0;
  }

  #u32(at: number): number {
    return at + 4 <= this.#length ? this.#view.getUint32(this.#offset + at, true) : 0;
  }

  #u64(at: number): number {
    if (at + 8 > this.#length) return 0;
    return this.#view.getUint32(this.#offset + at + 4, true) * 0x1_0000_0000 +
      this.#view.getUint32(this.#offset + at, true);
  }

  #counters(list: Counters): void {
    for (let i = 0; i < list.length; i++) {
      const [text, at, width] = list[i]!;
      const value = width === 4 ? this.#u32(at) : this.#u64(at);
      if (value === 0) continue;
      this.#cells.ascii(text);
      this.#cells.decimal(
        value > Number.MAX_SAFE_INTEGER ? this.#view.getBigUint64(this.#offset + at, true) : value,
      );
    }
  }

  #text(text: string): void {
    this.#cells.ascii(text);
  }

  #ms(label: string, us: number): void {
    if (us === 0) return;
    this.#text(label);
    writeMilliseconds(this.#cells, us);
  }

  #rate(bitsPerSec: number): void {
    this.#text(formatRate(bitsPerSec, this.#numeric));
    this.#text("bps");
  }

  /** Writes everything, or nothing where the kernel sent no tcp_info. */
  write(message: InetMessage): void {
    const cells = this.#cells;
    this.#length = message.attributeLength(INET_DIAG_INFO);
    if (this.#length < 0) return;
    this.#view = message.view;
    this.#offset = message.attributeOffset(INET_DIAG_INFO);
    const options = this.#u8(OPTIONS);
    if (this.#options) {
      for (const [bit, text] of OPTION_NAMES) if ((options & bit) !== 0) cells.ascii(text);
    }
    writeCString(cells, " ", message, INET_DIAG_CONG);
    if ((options & OPTION_WSCALE) !== 0) {
      const scales = this.#u8(6);
      cells.ascii(" wscale:");
      cells.decimal(scales & 0xf);
      cells.byte(0x2c);
      cells.decimal(scales >>> 4);
    }
    const rto = this.#u32(RTO);
    if (rto !== DEFAULT_RTO) this.#ms(" rto:", rto);
    const backoff = this.#u8(BACKOFF);
    if (backoff !== 0) {
      cells.ascii(" backoff:");
      cells.decimal(backoff);
    }
    const rtt = this.#roundTrip(message);
    if (rtt !== 0) {
      this.#ms(" rtt:", rtt);
      cells.byte(0x2f);
      writeMilliseconds(cells, this.#u32(RTTVAR));
    }
    this.#ms(" ato:", this.#u32(ATO));
    this.#counters(SIZES);
    const threshold = this.#u32(SND_SSTHRESH);
    if (threshold !== 0 && threshold < SSTHRESH_LIMIT) {
      cells.ascii(" ssthresh:");
      cells.decimal(threshold);
    }
    this.#counters(TRAFFIC);
    writeDctcp(cells, message);
    this.#bbr(message);
    const sendRate = rtt > 0 ? this.#u32(SND_CWND) * this.#u32(SND_MSS) * 8_000_000 / rtt : 0;
    if (sendRate > 0) {
      cells.ascii(" send ");
      this.#rate(sendRate);
    }
    this.#counters(LAST);
    this.#rates();
    this.#limits();
    this.#losses(message);
    this.#ms(" rcv_rtt:", this.#u32(RCV_RTT));
    this.#counters(RECEIVE);
    const minRtt = this.#u32(MIN_RTT);
    if (minRtt !== UNLIMITED) this.#ms(" minrtt:", minRtt);
    this.#counters(WINDOWS);
  }

  /** Microseconds: the smoothed one, or Vegas's own measurement. */
  #roundTrip(message: InetMessage): number {
    const at = message.attributeOffset(INET_DIAG_VEGASINFO);
    if (at >= 0 && message.attributeLength(INET_DIAG_VEGASINFO) >= 16) {
      const { view } = message;
      const rtt = view.getUint32(at + 8, true);
      if (view.getUint32(at, true) !== 0 && rtt !== 0 && rtt !== 0x7fff_ffff) return rtt;
    }
    return this.#u32(RTT);
  }

  #bbr(message: InetMessage): void {
    const at = message.attributeOffset(INET_DIAG_BBRINFO);
    if (at < 0 || message.attributeLength(INET_DIAG_BBRINFO) < 20) return;
    const { view } = message;
    const bytesPerSec = view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true);
    this.#text(" bbr:(bw:");
    this.#rate(bytesPerSec * 8);
    this.#text(`,mrtt:${formatGeneral(view.getUint32(at + 8, true) / 1000)}`);
    const pacing = view.getUint32(at + 12, true);
    if (pacing !== 0) this.#text(`,pacing_gain:${formatGeneral(pacing / 256)}`);
    const cwnd = view.getUint32(at + 16, true);
    if (cwnd !== 0) this.#text(`,cwnd_gain:${formatGeneral(cwnd / 256)}`);
    this.#text(")");
  }

  #unlimited(at: number): boolean {
    return this.#u32(at) === UNLIMITED && this.#u32(at + 4) === UNLIMITED;
  }

  #rates(): void {
    const pacing = this.#u64(PACING_RATE);
    if (pacing !== 0 && !this.#unlimited(PACING_RATE)) {
      this.#text(" pacing_rate ");
      this.#rate(pacing * 8);
      const limit = this.#u64(MAX_PACING_RATE);
      if (limit !== 0 && !this.#unlimited(MAX_PACING_RATE)) {
        this.#text("/");
        this.#rate(limit * 8);
      }
    }
    const delivery = this.#u64(DELIVERY_RATE);
    if (delivery !== 0) {
      this.#text(" delivery_rate ");
      this.#rate(delivery * 8);
    }
    this.#counters(DELIVERED);
    // tcpi_delivery_rate_app_limited:1
    if ((this.#u8(7) & 1) !== 0) this.#text(" app_limited");
  }

  #limits(): void {
    const busy = this.#u64(BUSY_TIME);
    if (busy === 0) return;
    this.#text(` busy:${Math.floor(busy / 1000)}ms`);
    this.#share(" rwnd_limited:", this.#u64(RWND_LIMITED), busy);
    this.#share(" sndbuf_limited:", this.#u64(SNDBUF_LIMITED), busy);
  }

  #share(label: string, us: number, busy: number): void {
    if (us === 0) return;
    this.#text(`${label}${Math.floor(us / 1000)}ms(${formatFixed(100 * us / busy, 1)}%)`);
  }

  #losses(message: InetMessage): void {
    const cells = this.#cells;
    this.#counters(UNACKED);
    const retrans = this.#u32(RETRANS);
    const total = this.#u32(TOTAL_RETRANS);
    if (retrans !== 0 || total !== 0) {
      cells.ascii(" retrans:");
      cells.decimal(retrans);
      cells.byte(0x2f);
      cells.decimal(total);
    }
    this.#counters(LOST);
    const sacked = this.#u32(SACKED);
    // For a listener the field holds the limit of its queue.
    if (sacked !== 0 && message.state !== TCP_LISTEN) {
      cells.ascii(" sacked:");
      cells.decimal(sacked);
    }
    this.#counters(DSACK);
    const reordering = this.#u32(REORDERING) | 0;
    if (reordering !== 3) {
      cells.ascii(" reordering:");
      cells.decimal(reordering);
    }
    const seen = this.#u32(REORD_SEEN) | 0;
    if (seen !== 0) {
      cells.ascii(" reord_seen:");
      cells.decimal(seen);
    }
  }
}

/** Microseconds as milliseconds, `%g`. Below a second no digit is lost, and the number is written without rounding. */
function writeMilliseconds(cells: SsCells, us: number): void {
  if (us >= 1_000_000) {
    cells.ascii(formatGeneral(us / 1000));
    return;
  }
  cells.decimal(us / 1000 >>> 0);
  const thousandths = us % 1000;
  if (thousandths === 0) return;
  cells.byte(0x2e);
  cells.byte(0x30 + (thousandths / 100 >>> 0));
  const hundredths = thousandths % 100;
  if (hundredths === 0) return;
  cells.byte(0x30 + (hundredths / 10 >>> 0));
  if (hundredths % 10 !== 0) cells.byte(0x30 + hundredths % 10);
}

/** An attribute that holds a NUL-terminated name, after `label`; nothing where it is empty or absent. */
export function writeCString(
  cells: SsCells,
  label: string,
  message: InetMessage,
  type: number,
): void {
  const at = message.attributeOffset(type);
  const length = message.attributeLength(type);
  if (length < 1 || message.view.getUint8(at) === 0) return;
  cells.ascii(label);
  for (let i = 0; i < length; i++) {
    const byte = message.view.getUint8(at + i);
    if (byte === 0) break;
    cells.byte(byte);
  }
}

function writeDctcp(cells: SsCells, message: InetMessage): void {
  const at = message.attributeOffset(INET_DIAG_DCTCPINFO);
  if (at < 0 || message.attributeLength(INET_DIAG_DCTCPINFO) < 16) return;
  const { view } = message;
  if (view.getUint16(at, true) === 0) {
    cells.ascii(" dctcp:fallback_mode");
    return;
  }
  cells.ascii(
    ` dctcp:(ce_state:${view.getUint16(at + 2, true)},alpha:${
      view.getUint32(at + 4, true)
    },ab_ecn:${view.getUint32(at + 8, true)},ab_tot:${view.getUint32(at + 12, true)})`,
  );
}

const UNITS: readonly (readonly [number, string])[] = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [
  1e3,
  "k",
]];

/** Bits a second with a decimal prefix and three digits; with `-n` as a plain number. */
export function formatRate(bitsPerSec: number, numeric: boolean): string {
  if (numeric) return formatFixed(bitsPerSec, 0);
  for (const [unit, letter] of UNITS) {
    if (bitsPerSec >= unit) return formatGeneral(bitsPerSec / unit, 3) + letter;
  }
  return formatGeneral(bitsPerSec);
}
