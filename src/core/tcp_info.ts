/**
 * The `-i` part of a TCP row of ss: struct tcp_info as text, and what the congestion control tells.
 *
 * @module
 */
import { INFO } from "./arena.ts";
import {
  bbrAt,
  bbrLength,
  congAt,
  congLength,
  dctcpAt,
  dctcpLength,
  infoAt,
  infoLength,
  vegasAt,
  vegasLength,
} from "./attributes.ts";
import * as text from "./labels.ts";
import { copy, div, fill, float, get16, get32, get8, getSigned32, whole } from "./memory.ts";
import { byte, decimal, decimal64, digits, label, signedDecimal } from "./out.ts";
import { general, oneDecimal, rounded } from "./printf.ts";

/** As much as is printed of struct tcp_info: a later kernel has more. */
const INFO_SIZE: u32 = 240;

// Offsets in struct tcp_info (include/uapi/linux/tcp.h): families/inet/tcp_info.ts has the whole of it.
const BACKOFF: u32 = INFO + 4;
const OPTIONS: u32 = INFO + 5;
const SCALES: u32 = INFO + 6;
const FLAGS: u32 = INFO + 7;
const RTO: u32 = INFO + 8;
const ATO: u32 = INFO + 12;
const SND_MSS: u32 = INFO + 16;
const RCV_MSS: u32 = INFO + 20;
const UNACKED: u32 = INFO + 24;
const SACKED: u32 = INFO + 28;
const LOST: u32 = INFO + 32;
const RETRANS: u32 = INFO + 36;
const FACKETS: u32 = INFO + 40;
const LAST_DATA_SENT: u32 = INFO + 44;
const LAST_DATA_RECV: u32 = INFO + 52;
const LAST_ACK_RECV: u32 = INFO + 56;
const PMTU: u32 = INFO + 60;
const RCV_SSTHRESH: u32 = INFO + 64;
const RTT: u32 = INFO + 68;
const RTTVAR: u32 = INFO + 72;
const SND_SSTHRESH: u32 = INFO + 76;
const SND_CWND: u32 = INFO + 80;
const ADVMSS: u32 = INFO + 84;
const REORDERING: u32 = INFO + 88;
const RCV_RTT: u32 = INFO + 92;
const RCV_SPACE: u32 = INFO + 96;
const TOTAL_RETRANS: u32 = INFO + 100;
const PACING_RATE: u32 = INFO + 104;
const MAX_PACING_RATE: u32 = INFO + 112;
const BYTES_ACKED: u32 = INFO + 120;
const BYTES_RECEIVED: u32 = INFO + 128;
const SEGS_OUT: u32 = INFO + 136;
const SEGS_IN: u32 = INFO + 140;
const NOTSENT_BYTES: u32 = INFO + 144;
const MIN_RTT: u32 = INFO + 148;
const DATA_SEGS_IN: u32 = INFO + 152;
const DATA_SEGS_OUT: u32 = INFO + 156;
const DELIVERY_RATE: u32 = INFO + 160;
const BUSY_TIME: u32 = INFO + 168;
const RWND_LIMITED: u32 = INFO + 176;
const SNDBUF_LIMITED: u32 = INFO + 184;
const DELIVERED: u32 = INFO + 192;
const DELIVERED_CE: u32 = INFO + 196;
const BYTES_SENT: u32 = INFO + 200;
const BYTES_RETRANS: u32 = INFO + 208;
const DSACK_DUPS: u32 = INFO + 216;
const REORD_SEEN: u32 = INFO + 220;
const RCV_OOOPACK: u32 = INFO + 224;
const SND_WND: u32 = INFO + 228;
const RCV_WND: u32 = INFO + 232;
const REHASH: u32 = INFO + 236;

const UNLIMITED: u32 = 0xffffffff;
/** A retransmission timeout that is the default says nothing. Microseconds. */
const DEFAULT_RTO: u32 = 3000000;
/** Kernel: TCP_INFINITE_SSTHRESH is larger; ss draws the line here. */
const SSTHRESH_LIMIT: u32 = 0xffff;
const TCP_LISTEN: u32 = 10;

/** True when rates are plain numbers: `-n`. */
let plain: boolean = false;

/** A counter that is printed when it is not 0. */
function counter(name: u32, p: u32): void {
  const value: u32 = get32(p);
  if (value === 0) return;
  label(name);
  decimal(value);
}

/** As {@linkcode counter}, of 64 bits. */
function wide(name: u32, p: u32): void {
  const low: u32 = get32(p);
  const high: u32 = get32(p + 4);
  if (low === 0 && high === 0) return;
  label(name);
  decimal64(low, high);
}

function float64(p: u32): f64 {
  return float(get32(p + 4)) * 4294967296.0 + float(get32(p));
}

/** Microseconds as milliseconds, `%g`. Below a second no digit is lost, and the number is written without rounding. */
function milliseconds(us: u32): void {
  if (us >= 1000000) {
    general(float(us) / 1000.0, 6);
    return;
  }
  const ms: u32 = div(us, 1000);
  decimal(ms);
  const thousandths: u32 = us - ms * 1000;
  if (thousandths === 0) return;
  byte(0x2e);
  if (thousandths % 10 !== 0) digits(thousandths, 3);
  else if (thousandths % 100 !== 0) digits(div(thousandths, 10), 2);
  else digits(div(thousandths, 100), 1);
}

function time(name: u32, us: u32): void {
  if (us === 0) return;
  label(name);
  milliseconds(us);
}

/** Bits a second: with a decimal prefix and three digits, or as a plain number. */
function rate(bitsPerSec: f64): void {
  if (plain) rounded(bitsPerSec);
  else if (bitsPerSec >= 1000000000000.0) {
    general(bitsPerSec / 1000000000000.0, 3);
    byte(0x54);
  } else if (bitsPerSec >= 1000000000.0) {
    general(bitsPerSec / 1000000000.0, 3);
    byte(0x47);
  } else if (bitsPerSec >= 1000000.0) {
    general(bitsPerSec / 1000000.0, 3);
    byte(0x4d);
  } else if (bitsPerSec >= 1000.0) {
    general(bitsPerSec / 1000.0, 3);
    byte(0x6b);
  } else general(bitsPerSec, 6);
  label(text.BPS);
}

function option(options: u32, bit: u32, name: u32): void {
  if ((options & bit) !== 0) label(name);
}

function negotiated(withOptions: boolean): void {
  const options: u32 = get8(OPTIONS);
  if (withOptions) {
    option(options, 1, text.TS);
    option(options, 64, text.USEC_TS);
    option(options, 2, text.SACK);
    option(options, 8, text.ECN);
    option(options, 16, text.ECNSEEN);
    option(options, 32, text.FASTOPEN);
  }
  congestionControl();
  if ((options & 4) !== 0) {
    const scales: u32 = get8(SCALES);
    label(text.WSCALE);
    decimal(scales & 15);
    byte(0x2c);
    decimal(scales >>> 4);
  }
}

function congestionControl(): void {
  if (congAt === 0 || congLength === 0 || get8(congAt) === 0) return;
  byte(0x20);
  for (let i: u32 = 0; i < congLength; i++) {
    const character: u32 = get8(congAt + i);
    if (character === 0) return;
    byte(character);
  }
}

/** What the rate of sending is reckoned with, in microseconds: Vegas's own measurement, else the smoothed one. */
function rateRtt(smoothed: u32): u32 {
  if (vegasAt === 0 || vegasLength < 16) return smoothed;
  const rtt: u32 = get32(vegasAt + 8);
  return get32(vegasAt) !== 0 && rtt !== 0 && rtt !== 0x7fffffff ? rtt : smoothed;
}

/** Returns the round trip that the rate of sending is reckoned with. */
function times(): u32 {
  const rto: u32 = get32(RTO);
  if (rto !== DEFAULT_RTO) time(text.RTO, rto);
  const backoff: u32 = get8(BACKOFF);
  if (backoff !== 0) {
    label(text.BACKOFF);
    decimal(backoff);
  }
  const rtt: u32 = get32(RTT);
  if (rtt !== 0) {
    time(text.RTT, rtt);
    byte(0x2f);
    milliseconds(get32(RTTVAR));
  }
  time(text.ATO, get32(ATO));
  return rateRtt(rtt);
}

function dctcp(): void {
  if (dctcpAt === 0 || dctcpLength < 16) return;
  label(text.DCTCP);
  if (get16(dctcpAt) === 0) {
    label(text.DCTCP_FALLBACK);
    return;
  }
  label(text.CE_STATE);
  decimal(get16(dctcpAt + 2));
  label(text.ALPHA);
  decimal(get32(dctcpAt + 4));
  label(text.AB_ECN);
  decimal(get32(dctcpAt + 8));
  label(text.AB_TOT);
  decimal(get32(dctcpAt + 12));
  byte(0x29);
}

function bbr(): void {
  if (bbrAt === 0 || bbrLength < 20) return;
  label(text.BBR);
  rate(float64(bbrAt) * 8.0);
  label(text.MRTT);
  milliseconds(get32(bbrAt + 8));
  gain(text.PACING_GAIN, get32(bbrAt + 12));
  gain(text.CWND_GAIN, get32(bbrAt + 16));
  byte(0x29);
}

// In 256ths.
function gain(name: u32, value: u32): void {
  if (value === 0) return;
  label(name);
  general(float(value) / 256.0, 6);
}

function isUnlimited(p: u32): boolean {
  return get32(p) === UNLIMITED && get32(p + 4) === UNLIMITED;
}

function rates(): void {
  const pacing: f64 = float64(PACING_RATE);
  if (pacing !== 0.0 && !isUnlimited(PACING_RATE)) {
    label(text.PACING_RATE);
    rate(pacing * 8.0);
    const limit: f64 = float64(MAX_PACING_RATE);
    if (limit !== 0.0 && !isUnlimited(MAX_PACING_RATE)) {
      byte(0x2f);
      rate(limit * 8.0);
    }
  }
  const delivery: f64 = float64(DELIVERY_RATE);
  if (delivery !== 0.0) {
    label(text.DELIVERY_RATE);
    rate(delivery * 8.0);
  }
  counter(text.DELIVERED, DELIVERED);
  counter(text.DELIVERED_CE, DELIVERED_CE);
  // tcpi_delivery_rate_app_limited:1
  if ((get8(FLAGS) & 1) !== 0) label(text.APP_LIMITED);
}

function limits(): void {
  const busy: f64 = float64(BUSY_TIME);
  if (busy === 0.0) return;
  label(text.BUSY);
  wholeMilliseconds(BUSY_TIME);
  share(text.RWND_LIMITED, RWND_LIMITED, busy);
  share(text.SNDBUF_LIMITED, SNDBUF_LIMITED, busy);
}

/** 64 bits of microseconds. */
function wholeMilliseconds(p: u32): void {
  const high: u32 = get32(p + 4);
  const upper: u32 = div(high, 1000);
  const rest: f64 = float(high - upper * 1000) * 4294967296.0 + float(get32(p));
  decimal64(whole(Math.floor(rest / 1000.0)), upper);
  label(text.MS);
}

function share(name: u32, p: u32, busy: f64): void {
  const us: f64 = float64(p);
  if (us === 0.0) return;
  label(name);
  wholeMilliseconds(p);
  byte(0x28);
  oneDecimal(100.0 * us / busy);
  byte(0x25);
  byte(0x29);
}

function losses(state: u32): void {
  counter(text.UNACKED, UNACKED);
  const retrans: u32 = get32(RETRANS);
  const total: u32 = get32(TOTAL_RETRANS);
  if (retrans !== 0 || total !== 0) {
    label(text.RETRANS);
    decimal(retrans);
    byte(0x2f);
    decimal(total);
  }
  counter(text.LOST, LOST);
  // For a listener the field holds the limit of its queue.
  if (state !== TCP_LISTEN) counter(text.SACKED, SACKED);
  counter(text.DSACK_DUPS, DSACK_DUPS);
  counter(text.FACKETS, FACKETS);
  const reordering: i32 = getSigned32(REORDERING);
  if (reordering !== 3) {
    label(text.REORDERING);
    signedDecimal(reordering);
  }
  const seen: i32 = getSigned32(REORD_SEEN);
  if (seen !== 0) {
    label(text.REORD_SEEN);
    signedDecimal(seen);
  }
}

/**
 * Writes everything, or nothing where the kernel sent no tcp_info. Fields that this kernel's struct does not have are 0, as to ss.
 * The attributes were found before. `withOptions`: what was negotiated too; `numeric`: rates as plain numbers.
 */
export function tcpInfo(state: u32, withOptions: boolean, numeric: boolean): void {
  if (infoAt === 0) return;
  plain = numeric;
  if (infoLength < INFO_SIZE) {
    fill(INFO, 0, INFO_SIZE);
    // A field that is cut is not there.
    copy(INFO, infoAt, infoLength);
    clearCut(infoLength);
  } else copy(INFO, infoAt, INFO_SIZE);
  negotiated(withOptions);
  const rtt: u32 = times();
  counter(text.MSS, SND_MSS);
  counter(text.PMTU, PMTU);
  counter(text.RCVMSS, RCV_MSS);
  counter(text.ADVMSS, ADVMSS);
  counter(text.CWND, SND_CWND);
  const threshold: u32 = get32(SND_SSTHRESH);
  if (threshold < SSTHRESH_LIMIT) counter(text.SSTHRESH, SND_SSTHRESH);
  wide(text.BYTES_SENT, BYTES_SENT);
  wide(text.BYTES_RETRANS, BYTES_RETRANS);
  wide(text.BYTES_ACKED, BYTES_ACKED);
  wide(text.BYTES_RECEIVED, BYTES_RECEIVED);
  counter(text.SEGS_OUT, SEGS_OUT);
  counter(text.SEGS_IN, SEGS_IN);
  counter(text.DATA_SEGS_OUT, DATA_SEGS_OUT);
  counter(text.DATA_SEGS_IN, DATA_SEGS_IN);
  dctcp();
  bbr();
  if (rtt > 0) {
    const sendRate: f64 = float(get32(SND_CWND)) * float(get32(SND_MSS)) * 8000000.0 / float(rtt);
    if (sendRate > 0.0) {
      label(text.SEND);
      rate(sendRate);
    }
  }
  counter(text.LASTSND, LAST_DATA_SENT);
  counter(text.LASTRCV, LAST_DATA_RECV);
  counter(text.LASTACK, LAST_ACK_RECV);
  rates();
  limits();
  losses(state);
  time(text.RCV_RTT, get32(RCV_RTT));
  counter(text.RCV_SPACE, RCV_SPACE);
  counter(text.RCV_SSTHRESH, RCV_SSTHRESH);
  counter(text.NOTSENT, NOTSENT_BYTES);
  const minRtt: u32 = get32(MIN_RTT);
  if (minRtt !== UNLIMITED) time(text.MINRTT, minRtt);
  counter(text.RCV_OOOPACK, RCV_OOOPACK);
  counter(text.SND_WND, SND_WND);
  counter(text.RCV_WND, RCV_WND);
  counter(text.REHASH, REHASH);
}

/** Clears the field that an attribute of `length` bytes cuts: those of 64 bits are at 104 to 136 and 160 to 192, and at 200 and 208. */
function clearCut(length: u32): void {
  if (length < 8) return;
  const isWide: boolean = length >= 104 && length < 136 || length >= 160 && length < 192 ||
    length >= 200 && length < 216;
  const size: u32 = isWide ? 8 : 4;
  // Every field of 64 bits is at a multiple of 8, of 32 bits of 4.
  const field: u32 = div(length, size) * size;
  fill(INFO + field, 0, length - field);
}
