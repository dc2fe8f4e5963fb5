/**
 * Rows of ss: internet sockets, from the kernel's messages to cells.
 *
 * @module
 */
import { OPTIONS, STOPPED, WAITING } from "./arena.ts";
import {
  findAttributes,
  hasMore,
  memAt,
  memLength,
  skmemAt,
  skmemLength,
  v6onlyAt,
  v6onlyLength,
} from "./attributes.ts";
import { goTo, isShown, nextColumn } from "./cells.ts";
import {
  MAPPED,
  MEM,
  MINUTES,
  MS,
  NETID,
  NEXT_LINE,
  SECONDS,
  SKMEM,
  SKMEM_NAMES,
  STATE_COUNT,
  STATE_NAMES,
  TIMER,
  TIMER_NAMES,
} from "./labels.ts";
import { div, get16be, get32, get8, getSigned32, put32 } from "./memory.ts";
import { AF_INET, HEADER_SIZE, MESSAGE_SIZE, nextMessage, wholeLength } from "./message.ts";
import {
  byte,
  cursor,
  decimal,
  digits,
  ipv4,
  ipv6,
  label,
  setCursor,
  signedDecimal,
} from "./out.ts";
import { ownersCell } from "./owners_cell.ts";
import { tcpInfo } from "./tcp_info.ts";

/** Options of the rows. */
export const OPTION_TIMER: u32 = 1;
/** What `-m` and `-i` add, as far as the kernel was asked for it. */
export const OPTION_DETAILS: u32 = 2;
export const OPTION_ONELINE: u32 = 8;
export const OPTION_NUMERIC: u32 = 16;
/** There is a column of processes; those of threads count too. */
export const OPTION_OWNERS: u32 = 32;
export const OPTION_THREADS: u32 = 64;

/**
 * Why {@linkcode rows} stopped: at the end; at a message that it does not write; because the table has to be printed first;
 * or in the column of processes of a row whose owners it does not know.
 */
export const STOPPED_AT_END: u32 = 0;
export const STOPPED_AT_OTHER: u32 = 1;
export const STOPPED_FULL: u32 = 2;
export const STOPPED_AT_OWNERS: u32 = 3;

const QUEUE_WIDTH: u32 = 6;

/** The first column. */
const ROW_START: u32 = 0;

/**
 * Writes the messages from `p` to `end`, headers included, as rows. `at` is where the current cell is written. Returns where it
 * stopped, and says in STOPPED why; cursor() tells where writing goes on.
 */
export function rows(p: u32, end: u32, at: u32): u32 {
  setCursor(at);
  const options: u32 = get32(OPTIONS);
  put32(STOPPED, STOPPED_AT_END);
  while (p < end) {
    const message: u32 = p + HEADER_SIZE;
    const length: u32 = wholeLength(p, end);
    if (length === 0 || !isPlain(message, p + length, options)) {
      put32(STOPPED, STOPPED_AT_OTHER);
      break;
    }
    if (!goTo(ROW_START)) {
      put32(STOPPED, STOPPED_FULL);
      break;
    }
    p = nextMessage(p, length);
    start(message);
    if ((options & OPTION_OWNERS) !== 0 && !owners(message, options)) {
      put32(STOPPED, STOPPED_AT_OWNERS);
      put32(WAITING, message);
      break;
    }
    nextColumn();
    rest(message, options);
  }
  return p;
}

function owners(message: u32, options: u32): boolean {
  return ownersCell(get32(message + 68), (options & OPTION_THREADS) !== 0);
}

/** Writes what is behind the owners of the row that waited for them. Returns where writing goes on. */
export function finishRow(at: u32): u32 {
  setCursor(at);
  rest(get32(WAITING), get32(OPTIONS));
  return cursor();
}

/**
 * Begins the row of the message from `message` to `end`, up to the column of processes. Returns false, having done nothing, where
 * it is not for {@linkcode rows} either, or the table has to be printed first: STOPPED says which.
 */
export function startRow(message: u32, end: u32, at: u32): boolean {
  setCursor(at);
  put32(STOPPED, STOPPED_AT_OTHER);
  if (!isPlain(message, end, 0)) return false;
  put32(STOPPED, STOPPED_FULL);
  if (!goTo(ROW_START)) return false;
  start(message);
  return true;
}

/** True for a message that is whole and needs no names. Its attributes are found where they are needed. */
function isPlain(message: u32, end: u32, options: u32): boolean {
  if (message + MESSAGE_SIZE > end) return false;
  // A socket that is bound to an interface is shown with the name of that.
  if (get32(message + 40) !== 0) return false;
  const detailed: boolean = (options & OPTION_DETAILS) !== 0;
  if (!detailed && get8(message) === AF_INET) return true;
  return findAttributes(message + MESSAGE_SIZE, end) && !(detailed && hasMore);
}

/** Everything up to the peer's port. Ends in the column of processes. */
function start(message: u32): void {
  if (isShown(0)) label(NETID);
  nextColumn();
  const state: u32 = get8(message + 1);
  if (isShown(1)) label(STATE_NAMES + (state < STATE_COUNT ? state : STATE_COUNT - 1));
  nextColumn();
  if (isShown(2)) {
    queue(getSigned32(message + 56));
    nextColumn();
    queue(getSigned32(message + 60));
    nextColumn();
  } else {
    nextColumn();
    nextColumn();
  }
  const six: boolean = get8(message) !== AF_INET;
  address(message + 8, six);
  nextColumn();
  port(get16be(message + 4));
  nextColumn();
  address(message + 24, six);
  nextColumn();
  port(get16be(message + 6));
  nextColumn();
}

/** What is behind the processes. */
function rest(message: u32, options: u32): void {
  if ((options & OPTION_TIMER) !== 0) {
    timer(get8(message + 2), get32(message + 52), get8(message + 3));
  }
  details(get8(message + 1), options);
}

/** A queue is printed with at least six characters, and signed as ss prints it. */
function queue(value: i32): void {
  const from: u32 = cursor();
  put32(from, 0x20202020);
  put32(from + 4, 0x20202020);
  signedDecimal(value);
  if (cursor() < from + QUEUE_WIDTH) setCursor(from + QUEUE_WIDTH);
}

function address(p: u32, six: boolean): void {
  if (!six) ipv4(p);
  else if (get32(p) === 0 && get32(p + 4) === 0 && get32(p + 8) === 0xffff0000) {
    // Most of what a dual-stack server sees.
    byte(0x5b);
    label(MAPPED);
    ipv4(p + 12);
    byte(0x5d);
  } else if (get32(p) === 0 && get32(p + 4) === 0 && get32(p + 8) === 0 && get32(p + 12) === 0) {
    const only: boolean = v6onlyAt !== 0 && v6onlyLength !== 0 && get8(v6onlyAt) !== 0;
    if (only) {
      byte(0x5b);
      byte(0x3a);
      byte(0x3a);
      byte(0x5d);
    } else byte(0x2a);
  } else {
    byte(0x5b);
    ipv6(p);
    byte(0x5d);
  }
  byte(0x3a);
}

function port(value: u32): void {
  if (value === 0) byte(0x2a);
  else decimal(value);
}

/** ` timer:(on,200ms,0)`; nothing where none runs. */
function timer(kind: u32, expiresMs: u32, retransmits: u32): void {
  if (kind === 0) return;
  label(TIMER);
  label(TIMER_NAMES + (kind < 6 ? kind : 6));
  byte(0x2c);
  duration(expiresMs);
  byte(0x2c);
  decimal(retransmits);
  byte(0x29);
}

/** Exact below ten seconds, in seconds up to ten minutes, in minutes above. Nothing at all for 0. */
function duration(ms: u32): void {
  const all: u32 = div(ms, 1000);
  const thousandths: u32 = ms - all * 1000;
  const minutes: u32 = div(all, 60);
  const seconds: u32 = all - minutes * 60;
  if (minutes > 0) {
    decimal(minutes);
    label(MINUTES);
    if (minutes <= 9 && seconds > 0) {
      decimal(seconds);
      label(SECONDS);
    }
  } else if (seconds === 0) {
    if (thousandths === 0) return;
    digits(thousandths, 3);
    label(MS);
  } else {
    decimal(seconds);
    if (seconds <= 9 && thousandths !== 0) {
      byte(0x2e);
      digits(thousandths, 3);
    }
    label(SECONDS);
  }
}

/** What `-m` and `-i` add. The attributes were found before. */
function details(state: u32, options: u32): void {
  if ((options & OPTION_DETAILS) === 0) return;
  if ((options & OPTION_ONELINE) === 0) label(NEXT_LINE);
  if (skmemAt !== 0) socketMemory();
  else if (memAt !== 0 && memLength >= 16) plainMemory();
  tcpInfo(state, (options & OPTION_TIMER) !== 0, (options & OPTION_NUMERIC) !== 0);
}

function socketMemory(): void {
  label(SKMEM);
  for (let i: u32 = 0; i < 9 && (i << 2) + 4 <= skmemLength; i++) {
    label(SKMEM_NAMES + i);
    decimal(get32(skmemAt + (i << 2)));
  }
  byte(0x29);
}

function plainMemory(): void {
  label(MEM);
  byte(0x28);
  byte(0x72);
  decimal(get32(memAt));
  byte(0x2c);
  byte(0x77);
  decimal(get32(memAt + 4));
  byte(0x2c);
  byte(0x66);
  decimal(get32(memAt + 8));
  byte(0x2c);
  byte(0x74);
  decimal(get32(memAt + 12));
  byte(0x29);
}

/**
 * Writes what `-m` and `-i` add to the row of the message from `message` to `end`, for rows that TypeScript begins. Returns where
 * writing goes on; 0 where the attributes do not add up.
 */
export function writeDetails(message: u32, end: u32, at: u32): u32 {
  if (message + MESSAGE_SIZE > end || !findAttributes(message + MESSAGE_SIZE, end)) return 0;
  setCursor(at);
  details(get8(message + 1), get32(OPTIONS));
  return cursor();
}
