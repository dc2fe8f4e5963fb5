/**
 * The `-i` part of a TCP row in ss mode.
 *
 * @module
 */
import type { ByteWriter } from "../../../../text/byte_writer.ts";
import { type Label, label } from "../../../../text/label.ts";
import { TCP_LISTEN } from "../../../../model/state.ts";
import { formatFixed, formatGeneral } from "../printf.ts";
import type { InetMessage } from "../../../../families/inet/message.ts";
import { TCP_INFO_FIELDS } from "../../../../families/inet/tcp_info.ts";
import {
  INET_DIAG_BBRINFO,
  INET_DIAG_CONG,
  INET_DIAG_DCTCPINFO,
  INET_DIAG_INFO,
  INET_DIAG_VEGASINFO,
} from "../../../../families/inet/uapi.ts";

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
const OPTION_LABELS: readonly (readonly [bit: number, text: Label])[] = [
  [1, label(" ts")],
  [64, label(" usec_ts")],
  [2, label(" sack")],
  [8, label(" ecn")],
  [16, label(" ecnseen")],
  [32, label(" fastopen")],
];
const OPTION_WSCALE = 4;

/** A counter that is printed when it is not 0. */
interface Counter {
  readonly label: Label;
  readonly offset: number;
  /** True for 64 bits. */
  readonly wide: boolean;
}

const u32 = (text: string, kernel: string): Counter => ({
  label: label(text),
  offset: offsetOf(kernel),
  wide: false,
});
const u64 = (text: string, kernel: string): Counter => ({
  label: label(text),
  offset: offsetOf(kernel),
  wide: true,
});

const SIZES = [
  u32(" mss:", "snd_mss"),
  u32(" pmtu:", "pmtu"),
  u32(" rcvmss:", "rcv_mss"),
  u32(" advmss:", "advmss"),
  u32(" cwnd:", "snd_cwnd"),
];
const TRAFFIC = [
  u64(" bytes_sent:", "bytes_sent"),
  u64(" bytes_retrans:", "bytes_retrans"),
  u64(" bytes_acked:", "bytes_acked"),
  u64(" bytes_received:", "bytes_received"),
  u32(" segs_out:", "segs_out"),
  u32(" segs_in:", "segs_in"),
  u32(" data_segs_out:", "data_segs_out"),
  u32(" data_segs_in:", "data_segs_in"),
];
const LAST = [
  u32(" lastsnd:", "last_data_sent"),
  u32(" lastrcv:", "last_data_recv"),
  u32(" lastack:", "last_ack_recv"),
];
const DELIVERED = [u32(" delivered:", "delivered"), u32(" delivered_ce:", "delivered_ce")];
const UNACKED = [u32(" unacked:", "unacked")];
const LOST = [u32(" lost:", "lost")];
const DSACK = [u32(" dsack_dups:", "dsack_dups"), u32(" fackets:", "fackets")];
const RECEIVE = [
  u32(" rcv_space:", "rcv_space"),
  u32(" rcv_ssthresh:", "rcv_ssthresh"),
  u32(" notsent:", "notsent_bytes"),
];
const WINDOWS = [
  u32(" rcv_ooopack:", "rcv_ooopack"),
  u32(" snd_wnd:", "snd_wnd"),
  u32(" rcv_wnd:", "rcv_wnd"),
  u32(" rehash:", "rehash"),
];

/** The other labels. */
const TEXT = {
  appLimited: label(" app_limited"),
  ato: label(" ato:"),
  backoff: label(" backoff:"),
  bbr: label(" bbr:(bw:"),
  bps: label("bps"),
  busy: label(" busy:"),
  cwndGain: label(",cwnd_gain:"),
  deliveryRate: label(" delivery_rate "),
  minRtt: label(" minrtt:"),
  mrtt: label(",mrtt:"),
  ms: label("ms"),
  pacingGain: label(",pacing_gain:"),
  pacingRate: label(" pacing_rate "),
  receiveRtt: label(" rcv_rtt:"),
  receiveWindowLimited: label(" rwnd_limited:"),
  reordering: label(" reordering:"),
  reorderingSeen: label(" reord_seen:"),
  retrans: label(" retrans:"),
  rto: label(" rto:"),
  rtt: label(" rtt:"),
  sacked: label(" sacked:"),
  send: label(" send "),
  sendBufferLimited: label(" sndbuf_limited:"),
  ssthresh: label(" ssthresh:"),
  wscale: label(" wscale:"),
} as const;

const UNLIMITED = 0xffff_ffff;
/** A retransmission timeout that is the default says nothing. Microseconds. */
const DEFAULT_RTO = 3_000_000;
/** Kernel: TCP_INFINITE_SSTHRESH is larger; ss draws the line here. */
const SSTHRESH_LIMIT = 0xffff;

/** Writes tcp_info and what else the congestion control tells. */
export class TcpInfoWriter {
  readonly #out: ByteWriter;
  /** With `-o`: the negotiated options too. */
  readonly #options: boolean;
  /** With `-n`: rates as plain numbers. */
  readonly #numeric: boolean;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #offset = 0;
  #length = 0;

  constructor(out: ByteWriter, options: boolean, numeric: boolean) {
    this.#out = out;
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

  // One loop over tables: code of its own for each counter would take longer to be compiled than most runs last.
  #counters(list: readonly Counter[]): void {
    const out = this.#out;
    for (let i = 0; i < list.length; i++) {
      const { label, offset, wide } = list[i]!;
      const value = wide ? this.#u64(offset) : this.#u32(offset);
      if (value === 0) continue;
      out.label(label);
      if (value <= Number.MAX_SAFE_INTEGER) out.decimal(value);
      else out.text(String(this.#view.getBigUint64(this.#offset + offset, true)));
    }
  }

  #number(label: Label, value: number): void {
    this.#out.label(label);
    this.#out.decimal(value);
  }

  #signed(label: Label, value: number): void {
    this.#out.label(label);
    if (value >= 0) this.#out.decimal(value);
    else this.#out.text(String(value));
  }

  #ms(label: Label, us: number): void {
    if (us === 0) return;
    this.#out.label(label);
    putMilliseconds(this.#out, us);
  }

  #rate(bitsPerSec: number): void {
    if (this.#numeric) putRounded(this.#out, bitsPerSec);
    else this.#out.text(formatRate(bitsPerSec, false));
    this.#out.label(TEXT.bps);
  }

  /** Writes everything, or nothing where the kernel sent no tcp_info. */
  write(message: InetMessage): void {
    this.#length = message.attributeLength(INET_DIAG_INFO);
    if (this.#length < 0) return;
    this.#view = message.view;
    this.#offset = message.attributeOffset(INET_DIAG_INFO);
    this.#negotiated(message);
    const rtt = this.#times(message);
    this.#counters(SIZES);
    const threshold = this.#u32(SND_SSTHRESH);
    if (threshold !== 0 && threshold < SSTHRESH_LIMIT) this.#number(TEXT.ssthresh, threshold);
    this.#counters(TRAFFIC);
    this.#dctcp(message);
    this.#bbr(message);
    const sendRate = rtt > 0 ? this.#u32(SND_CWND) * this.#u32(SND_MSS) * 8_000_000 / rtt : 0;
    if (sendRate > 0) {
      this.#out.label(TEXT.send);
      this.#rate(sendRate);
    }
    this.#counters(LAST);
    this.#rates();
    this.#limits();
    this.#losses(message);
    this.#ms(TEXT.receiveRtt, this.#u32(RCV_RTT));
    this.#counters(RECEIVE);
    const minRtt = this.#u32(MIN_RTT);
    if (minRtt !== UNLIMITED) this.#ms(TEXT.minRtt, minRtt);
    this.#counters(WINDOWS);
  }

  #negotiated(message: InetMessage): void {
    const options = this.#u8(OPTIONS);
    if (this.#options) {
      for (const [bit, text] of OPTION_LABELS) if ((options & bit) !== 0) this.#out.label(text);
    }
    this.#congestionControl(message);
    if ((options & OPTION_WSCALE) !== 0) {
      const scales = this.#u8(6);
      this.#number(TEXT.wscale, scales & 0xf);
      this.#out.byte(0x2c);
      this.#out.decimal(scales >>> 4);
    }
  }

  #congestionControl(message: InetMessage): void {
    const at = message.attributeOffset(INET_DIAG_CONG);
    const length = message.attributeLength(INET_DIAG_CONG);
    if (length < 1 || message.view.getUint8(at) === 0) return;
    this.#out.byte(0x20);
    for (let i = 0; i < length; i++) {
      const byte = message.view.getUint8(at + i);
      if (byte === 0) break;
      this.#out.byte(byte);
    }
  }

  /** Returns the round trip. */
  #times(message: InetMessage): number {
    const rto = this.#u32(RTO);
    if (rto !== DEFAULT_RTO) this.#ms(TEXT.rto, rto);
    const backoff = this.#u8(BACKOFF);
    if (backoff !== 0) this.#number(TEXT.backoff, backoff);
    const rtt = this.#u32(RTT);
    if (rtt !== 0) {
      this.#ms(TEXT.rtt, rtt);
      this.#out.byte(0x2f);
      putMilliseconds(this.#out, this.#u32(RTTVAR));
    }
    this.#ms(TEXT.ato, this.#u32(ATO));
    return this.#rateRtt(message, rtt);
  }

  /** What the rate of sending is reckoned with, in microseconds: Vegas's own measurement, else the smoothed one. */
  #rateRtt(message: InetMessage, smoothed: number): number {
    const at = message.attributeOffset(INET_DIAG_VEGASINFO);
    if (at >= 0 && message.attributeLength(INET_DIAG_VEGASINFO) >= 16) {
      const { view } = message;
      const rtt = view.getUint32(at + 8, true);
      if (view.getUint32(at, true) !== 0 && rtt !== 0 && rtt !== 0x7fff_ffff) return rtt;
    }
    return smoothed;
  }

  #bbr(message: InetMessage): void {
    const at = message.attributeOffset(INET_DIAG_BBRINFO);
    if (at < 0 || message.attributeLength(INET_DIAG_BBRINFO) < 20) return;
    const { view } = message;
    const bytesPerSec = view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true);
    const out = this.#out;
    out.label(TEXT.bbr);
    this.#rate(bytesPerSec * 8);
    out.label(TEXT.mrtt);
    putMilliseconds(out, view.getUint32(at + 8, true));
    this.#gain(TEXT.pacingGain, view.getUint32(at + 12, true));
    this.#gain(TEXT.cwndGain, view.getUint32(at + 16, true));
    out.byte(0x29);
  }

  // In 256ths.
  #gain(label: Label, gain: number): void {
    if (gain === 0) return;
    this.#out.label(label);
    if ((gain & 0xff) === 0 && gain >>> 8 < 1_000_000) this.#out.decimal(gain >>> 8);
    else this.#out.text(formatGeneral(gain / 256));
  }

  #dctcp(message: InetMessage): void {
    const at = message.attributeOffset(INET_DIAG_DCTCPINFO);
    if (at < 0 || message.attributeLength(INET_DIAG_DCTCPINFO) < 16) return;
    const { view } = message;
    if (view.getUint16(at, true) === 0) {
      this.#out.text(" dctcp:fallback_mode");
      return;
    }
    this.#out.text(
      ` dctcp:(ce_state:${view.getUint16(at + 2, true)},alpha:${
        view.getUint32(at + 4, true)
      },ab_ecn:${view.getUint32(at + 8, true)},ab_tot:${view.getUint32(at + 12, true)})`,
    );
  }

  #unlimited(at: number): boolean {
    return this.#u32(at) === UNLIMITED && this.#u32(at + 4) === UNLIMITED;
  }

  #rates(): void {
    const pacing = this.#u64(PACING_RATE);
    if (pacing !== 0 && !this.#unlimited(PACING_RATE)) {
      this.#out.label(TEXT.pacingRate);
      this.#rate(pacing * 8);
      const limit = this.#u64(MAX_PACING_RATE);
      if (limit !== 0 && !this.#unlimited(MAX_PACING_RATE)) {
        this.#out.byte(0x2f);
        this.#rate(limit * 8);
      }
    }
    const delivery = this.#u64(DELIVERY_RATE);
    if (delivery !== 0) {
      this.#out.label(TEXT.deliveryRate);
      this.#rate(delivery * 8);
    }
    this.#counters(DELIVERED);
    // tcpi_delivery_rate_app_limited:1
    if ((this.#u8(7) & 1) !== 0) this.#out.label(TEXT.appLimited);
  }

  #limits(): void {
    const busy = this.#u64(BUSY_TIME);
    if (busy === 0) return;
    this.#out.label(TEXT.busy);
    this.#wholeMilliseconds(busy);
    this.#share(TEXT.receiveWindowLimited, this.#u64(RWND_LIMITED), busy);
    this.#share(TEXT.sendBufferLimited, this.#u64(SNDBUF_LIMITED), busy);
  }

  #wholeMilliseconds(us: number): void {
    this.#out.text(String(Math.floor(us / 1000)));
    this.#out.label(TEXT.ms);
  }

  #share(label: Label, us: number, busy: number): void {
    if (us === 0) return;
    this.#out.label(label);
    this.#wholeMilliseconds(us);
    this.#out.text(`(${formatFixed(100 * us / busy, 1)}%)`);
  }

  #losses(message: InetMessage): void {
    this.#counters(UNACKED);
    const retrans = this.#u32(RETRANS);
    const total = this.#u32(TOTAL_RETRANS);
    if (retrans !== 0 || total !== 0) {
      this.#number(TEXT.retrans, retrans);
      this.#out.byte(0x2f);
      this.#out.decimal(total);
    }
    this.#counters(LOST);
    const sacked = this.#u32(SACKED);
    // For a listener the field holds the limit of its queue.
    if (sacked !== 0 && message.state !== TCP_LISTEN) this.#number(TEXT.sacked, sacked);
    this.#counters(DSACK);
    const reordering = this.#u32(REORDERING) | 0;
    if (reordering !== 3) this.#signed(TEXT.reordering, reordering);
    const seen = this.#u32(REORD_SEEN) | 0;
    if (seen !== 0) this.#signed(TEXT.reorderingSeen, seen);
  }
}

/** Microseconds as milliseconds, `%g`. Below a second no digit is lost, and the number is written without rounding. */
function putMilliseconds(out: ByteWriter, us: number): void {
  if (us >= 1_000_000) {
    out.text(formatGeneral(us / 1000));
    return;
  }
  out.decimal(us / 1000 | 0);
  const thousandths = us % 1000;
  if (thousandths === 0) return;
  out.byte(0x2e);
  if (thousandths % 10 !== 0) out.digits(thousandths, 3);
  else if (thousandths % 100 !== 0) out.digits(thousandths / 10 | 0, 2);
  else out.digits(thousandths / 100 | 0, 1);
}

/** `%.0f` of a number that is not negative: ties go to the even one. */
function putRounded(out: ByteWriter, value: number): void {
  if (value > Number.MAX_SAFE_INTEGER) {
    out.text(formatFixed(value, 0));
    return;
  }
  const whole = Math.floor(value);
  // Exact, as both are of the same magnitude.
  const fraction = value - whole;
  out.decimal(fraction > 0.5 || fraction === 0.5 && whole % 2 === 1 ? whole + 1 : whole);
}

const UNITS: readonly (readonly [number, string])[] = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [
  1e3,
  "k",
]];

/** Bits a second with a decimal prefix and three digits; with `-n` as a plain number. */
function formatRate(bitsPerSec: number, numeric: boolean): string {
  if (numeric) return formatFixed(bitsPerSec, 0);
  for (const [unit, letter] of UNITS) {
    if (bitsPerSec >= unit) return formatGeneral(bitsPerSec / unit, 3) + letter;
  }
  return formatGeneral(bitsPerSec);
}
