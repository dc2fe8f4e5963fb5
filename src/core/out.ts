/**
 * Output: text and numbers, written at a cursor.
 *
 * @module
 */
import { BIG, LABELS, PAIRS } from "./arena.ts";
import {
  copyText,
  div,
  float,
  get16,
  get32,
  get8,
  put16,
  put32,
  put8,
  unsigned,
  whole,
} from "./memory.ts";

let at: u32 = 0;

/** Where the next byte goes. */
export function cursor(): u32 {
  return at;
}

export function setCursor(p: u32): void {
  at = p;
}

export function byte(value: u32): void {
  put8(at, value);
  at += 1;
}

/** One of labels.ts: up to 24 bytes. */
export function label(index: u32): void {
  const p: u32 = LABELS + (index << 5);
  const length: u32 = get32(p + 24);
  copyText(at, p, length);
  at += length;
}

// Digits of a number below 10,000, by multiplication: a division takes several times as long.
function small(value: u32): void {
  if (value < 10) {
    put8(at, 48 + value);
    at += 1;
    return;
  }
  if (value < 100) {
    put16(at, get16(PAIRS + (value << 1)));
    at += 2;
    return;
  }
  const hundreds: u32 = (value * 5243) >>> 19;
  const rest: u32 = value - hundreds * 100;
  if (hundreds < 10) {
    put8(at, 48 + hundreds);
    at += 1;
  } else {
    put16(at, get16(PAIRS + (hundreds << 1)));
    at += 2;
  }
  put16(at, get16(PAIRS + (rest << 1)));
  at += 2;
}

/** Four digits, zeros in front included. */
function four(value: u32): void {
  const hundreds: u32 = (value * 5243) >>> 19;
  put16(at, get16(PAIRS + (hundreds << 1)));
  put16(at + 2, get16(PAIRS + ((value - hundreds * 100) << 1)));
  at += 4;
}

export function decimal(value: u32): void {
  if (value < 10000) {
    small(value);
    return;
  }
  const upper: u32 = div(value, 10000);
  if (upper < 10000) small(upper);
  else {
    const top: u32 = div(upper, 10000);
    small(top);
    four(upper - top * 10000);
  }
  four(value - upper * 10000);
}

/** How many digits {@linkcode decimal} writes. */
export function decimalLength(value: u32): u32 {
  let length: u32 = 1;
  for (let limit: u32 = 10; value >= limit; limit *= 10) {
    length += 1;
    // The next power is more than 32 bits.
    if (length === 10) break;
  }
  return length;
}

/** Blanks up to an address; nothing where it is behind the cursor. */
export function blanksTo(end: u32): void {
  while (at < end) {
    put8(at, 0x20);
    at += 1;
  }
}

export function signedDecimal(value: i32): void {
  if (value >= 0) {
    decimal(unsigned(value));
    return;
  }
  byte(0x2d);
  decimal(unsigned(-value));
}

/** The last `count` digits of a number, zeros in front included. */
export function digits(value: u32, count: u32): void {
  let p: u32 = at + count;
  while (p > at) {
    p -= 1;
    const rest: u32 = div(value, 10);
    put8(p, 48 + value - rest * 10);
    value = rest;
  }
  at += count;
}

function hexadecimal(value: u32): void {
  let shift: u32 = 28;
  while (shift > 0 && value >>> shift === 0) shift -= 4;
  for (;;) {
    const digit: u32 = value >>> shift & 15;
    put8(at, digit < 10 ? 48 + digit : 87 + digit);
    at += 1;
    if (shift === 0) return;
    shift -= 4;
  }
}

/** A whole number that is not negative and below 2^53. */
export function wholeNumber(value: f64): void {
  if (value < 4294967296.0) {
    decimal(whole(value));
    return;
  }
  let upper: f64 = Math.floor(value / 1000000000.0);
  let lower: f64 = value - upper * 1000000000.0;
  if (lower < 0.0) {
    upper -= 1.0;
    lower += 1000000000.0;
  }
  decimal(whole(upper));
  digits(whole(lower), 9);
}

/** 64 bits by their halves. */
export function decimal64(low: u32, high: u32): void {
  if (high === 0) decimal(low);
  else if (high < 0x200000) wholeNumber(float(high) * 4294967296.0 + float(low));
  else {
    bigSet(float(high));
    for (let i: u32 = 0; i < 32; i++) bigDouble();
    bigAdd(low);
    bigWrite();
  }
}

/** A whole number from 2^53 on, however large: it is written exactly. */
export function hugeNumber(value: f64): void {
  let doublings: u32 = 0;
  while (value >= 9007199254740992.0) {
    value /= 2.0;
    doublings += 1;
  }
  bigSet(value);
  for (let i: u32 = 0; i < doublings; i++) bigDouble();
  bigWrite();
}

// Pieces of four digits, the lowest first: 40 of them, which is more than any rate has.
const PIECES: u32 = 40;

function bigSet(value: f64): void {
  for (let i: u32 = 0; i < PIECES; i++) {
    const rest: f64 = Math.floor(value / 10000.0);
    put32(BIG + (i << 2), whole(value - rest * 10000.0));
    value = rest;
  }
}

function bigDouble(): void {
  let carry: u32 = 0;
  for (let i: u32 = 0; i < PIECES; i++) {
    const p: u32 = BIG + (i << 2);
    let piece: u32 = get32(p) * 2 + carry;
    carry = 0;
    if (piece >= 10000) {
      piece -= 10000;
      carry = 1;
    }
    put32(p, piece);
  }
}

function bigAdd(value: u32): void {
  let carry: u32 = 0;
  for (let i: u32 = 0; i < PIECES; i++) {
    const p: u32 = BIG + (i << 2);
    const rest: u32 = div(value, 10000);
    const piece: u32 = get32(p) + value - rest * 10000 + carry;
    carry = div(piece, 10000);
    put32(p, piece - carry * 10000);
    value = rest;
  }
}

function bigWrite(): void {
  let i: u32 = PIECES - 1;
  while (i > 0 && get32(BIG + (i << 2)) === 0) i -= 1;
  decimal(get32(BIG + (i << 2)));
  while (i > 0) {
    i -= 1;
    four(get32(BIG + (i << 2)));
  }
}

/** One octet of an address. */
function octet(value: u32): void {
  if (value < 100) {
    small(value);
    return;
  }
  const hundreds: u32 = value < 200 ? 1 : 2;
  put8(at, 48 + hundreds);
  put16(at + 1, get16(PAIRS + ((value - hundreds * 100) << 1)));
  at += 3;
}

/** An IPv4 address in dotted form. */
export function ipv4(p: u32): void {
  octet(get8(p));
  byte(0x2e);
  octet(get8(p + 1));
  byte(0x2e);
  octet(get8(p + 2));
  byte(0x2e);
  octet(get8(p + 3));
}

function group(p: u32, i: u32): u32 {
  return get8(p + (i << 1)) << 8 | get8(p + (i << 1) + 1);
}

/**
 * An IPv6 address without brackets, as inet_ntop(3) writes it: RFC 5952, with a dotted end where the address is a mapped or
 * compatible IPv4 address.
 */
export function ipv6(p: u32): void {
  // inet_ntop writes ::a.b.c.d for a compatible address, but not for :: and the small ones such as ::1.
  const third: u32 = get32(p + 8);
  const dotted: boolean = get32(p) === 0 && get32(p + 4) === 0 &&
    (third === 0xffff0000 || third === 0 && group(p, 6) !== 0);
  const count: u32 = dotted ? 6 : 8;
  // The longest run of zero groups, the first of several, of two groups at least.
  let zeros: u32 = 8;
  let zerosEnd: u32 = 8;
  let longest: u32 = 1;
  for (let i: u32 = 0; i < count; i++) {
    let end: u32 = i;
    while (end < count && group(p, end) === 0) end++;
    if (end - i > longest) {
      longest = end - i;
      zeros = i;
      zerosEnd = end;
    }
    if (end > i) i = end;
  }
  let i: u32 = 0;
  while (i < count) {
    if (i === zeros) {
      byte(0x3a);
      byte(0x3a);
      i = zerosEnd;
      continue;
    }
    if (i > 0 && i !== zerosEnd) byte(0x3a);
    hexadecimal(group(p, i));
    i++;
  }
  if (!dotted) return;
  if (count !== zerosEnd) byte(0x3a);
  ipv4(p + 12);
}
