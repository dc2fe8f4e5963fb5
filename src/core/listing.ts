/**
 * Rows of the listing, and of its JSON: from records in order to text.
 *
 * What stands in a row and is no number, TypeScript has made once and put into the arena. A row that needs anything else is left
 * to it.
 *
 * @module
 */
import {
  ADDRESS,
  OUTPUT,
  OWNERSHIP_TEXTS,
  ROW_COUNT,
  ROW_NEXT,
  ROW_STOPPED,
  ROWS,
  SEPARATOR,
  STATE_TEXTS,
  TIMER_TEXTS,
  WIDTHS,
} from "./arena.ts";
import { copyText, get16, get32, get8, put32, put8 } from "./memory.ts";
import { AF_INET } from "./message.ts";
import {
  blanksTo,
  byte,
  cursor,
  decimal,
  decimal64,
  decimalLength,
  ipv4,
  ipv6,
  label,
  setCursor,
} from "./out.ts";
import {
  ACCEPT_QUEUE,
  ADDRESS_KEY,
  COOKIE_KEY,
  EXPIRES_KEY,
  FALSE,
  INODE_KEY,
  INTERFACE_KEY,
  KIND_KEY,
  LENGTH_KEY,
  LIMIT_KEY,
  LOCAL_KEY,
  NULL,
  OWNERS_KEY,
  OWNERSHIP_KEY,
  PEER_KEY,
  PEER_OWNERS,
  PORT_KEY,
  RECV_QUEUE,
  RETRANSMITS_KEY,
  SEND_QUEUE_KEY,
  TIMER_KEY,
  TRUE,
  UID_KEY,
  V6ONLY_KEY,
} from "./labels.ts";
import { prefixSlot } from "./owners_cell.ts";
import {
  ANNOTATIONS,
  COOKIE_HIGH,
  COOKIE_LOW,
  DESTINATION,
  EXPIRES_MS,
  FLAGS,
  HAS_V6ONLY,
  INODE,
  INTERFACE,
  IS_FOREIGN_ROW,
  KIND,
  PORTS,
  RECEIVE_QUEUE,
  SEND_QUEUE,
  SOURCE,
  STATES_KNOWN,
  UID,
  V6ONLY,
} from "./record.ts";
import { hasNoCookie, hasPeer, isWildcard } from "./record_ends.ts";
import { listedFd, listedPid, listOwners, NOT_LISTED, reachOf } from "./row_owners.ts";
import { HEAD, IS_FOREIGN, NETNS, PROTO, REACHES, tableOf, versionText } from "./tables.ts";

/** Why rows stopped: at the end, at one that TypeScript has to write, or because what is written has to go out. */
const STOPPED_AT_END: u32 = 0;
export const STOPPED_AT_FOREIGN: u32 = 1;
export const STOPPED_WITH_MUCH: u32 = 2;

/** What is written in one go. One row more has room behind it. */
const PORTION: u32 = 0x30000;
const MOST_OF_A_ROW: u32 = 0x20000;

/** Columns in order. The first has no width where there is none. */
const COLUMN_NETNS: u32 = 0;
const COLUMN_PROTO: u32 = 1;
const COLUMN_STATE: u32 = 2;
const COLUMN_RECV_Q: u32 = 3;
const COLUMN_SEND_Q: u32 = 4;
const COLUMN_LOCAL: u32 = 5;
const COLUMN_PEER: u32 = 6;
const COLUMN_REACH: u32 = 7;

const GAP: u32 = 2;
const SYN_RECV: u32 = 3;
const TIME_WAIT: u32 = 6;
const LISTEN: u32 = 10;
const NEW_SYN_RECV: u32 = 12;
const TIMER_TIME_WAIT: u32 = 3;

function record(row: u32): u32 {
  return get32(get32(ROWS) + (row << 2));
}

function isForeign(p: u32): boolean {
  return get32(p + INTERFACE) !== 0 || (get32(p + FLAGS) & IS_FOREIGN_ROW) !== 0 ||
    get32(tableOf(p) + IS_FOREIGN) !== 0;
}

/** The first row from number `row` on whose state is one of a mask; the number of rows where there is none. */
export function nextInStates(row: u32, states: u32): u32 {
  const count: u32 = get32(ROW_COUNT);
  while (row < count && (states >>> get8(record(row) + KIND + 1) & 1) === 0) row += 1;
  return row;
}

/** Writes a text: `at` has its address and its length. */
function text(at: u32): void {
  const length: u32 = get32(at + 4);
  copyText(cursor(), get32(at), length);
  setCursor(cursor() + length);
}

function stateText(p: u32): u32 {
  const state: u32 = get8(p + KIND + 1);
  return get32(STATE_TEXTS) + ((state < STATES_KNOWN ? state : 0) << 3);
}

function reachText(p: u32): u32 {
  return get32(tableOf(p) + REACHES) + (reachOf(p) << 3);
}

/** An address is in host order; functions that write one read it as it is sent. */
function address(words: u32, six: boolean): void {
  const size: u32 = six ? 16 : 4;
  for (let i: u32 = 0; i < size; i += 4) {
    put8(ADDRESS + i, get8(words + i + 3));
    put8(ADDRESS + i + 1, get8(words + i + 2));
    put8(ADDRESS + i + 2, get8(words + i + 1));
    put8(ADDRESS + i + 3, get8(words + i));
  }
  if (six) ipv6(ADDRESS);
  else ipv4(ADDRESS);
}

function endpoint(p: u32, words: u32, port: u32, isLocal: boolean): void {
  const six: boolean = get8(p + KIND) !== AF_INET;
  const forBoth: boolean = isLocal && six &&
    (get32(p + FLAGS) & (HAS_V6ONLY | V6ONLY)) === HAS_V6ONLY && isWildcard(words);
  if (forBoth) byte(0x2a);
  else {
    if (six) byte(0x5b);
    address(words, six);
    if (six) byte(0x5d);
  }
  byte(0x3a);
  if (port === 0) byte(0x2a);
  else decimal(port);
}

function localCell(p: u32): void {
  endpoint(p, p + SOURCE, get16(p + PORTS), true);
}

function peerCell(p: u32): void {
  if (hasPeer(p)) endpoint(p, p + DESTINATION, get16(p + PORTS + 2), false);
  else byte(0x2d);
}

function widen(column: u32, width: u32): void {
  const at: u32 = WIDTHS + (column << 2);
  if (width > get32(at)) put32(at, width);
}

/**
 * Makes the columns as wide as the rows from number `row` on need. Returns the first row that TypeScript has to measure, the number of
 * rows for none.
 */
export function measureRows(row: u32): u32 {
  const count: u32 = get32(ROW_COUNT);
  for (; row < count; row++) {
    const p: u32 = record(row);
    if (isForeign(p)) return row;
    const table: u32 = tableOf(p);
    if (get32(WIDTHS) !== 0) widen(COLUMN_NETNS, get32(table + NETNS + 4));
    widen(COLUMN_PROTO, get32(versionText(p, PROTO) + 4));
    widen(COLUMN_STATE, get32(stateText(p) + 4));
    widen(COLUMN_RECV_Q, decimalLength(get32(p + RECEIVE_QUEUE)));
    widen(COLUMN_SEND_Q, decimalLength(get32(p + SEND_QUEUE)));
    setCursor(OUTPUT);
    localCell(p);
    widen(COLUMN_LOCAL, cursor() - OUTPUT);
    setCursor(OUTPUT);
    peerCell(p);
    widen(COLUMN_PEER, cursor() - OUTPUT);
    widen(COLUMN_REACH, get32(reachText(p) + 4));
  }
  return count;
}

/** Fills a cell that began at `from` up to the width of its column, and writes the gap behind it. */
function endCell(column: u32, from: u32): void {
  blanksTo(from + get32(WIDTHS + (column << 2)) + GAP);
}

function textCell(column: u32, at: u32): void {
  const from: u32 = cursor();
  text(at);
  endCell(column, from);
}

function queueCell(column: u32, value: u32): void {
  const from: u32 = cursor();
  const width: u32 = get32(WIDTHS + (column << 2));
  blanksTo(from + width - decimalLength(value));
  decimal(value);
  endCell(column, from);
}

function columns(p: u32): void {
  const table: u32 = tableOf(p);
  if (get32(WIDTHS) !== 0) textCell(COLUMN_NETNS, table + NETNS);
  textCell(COLUMN_PROTO, versionText(p, PROTO));
  textCell(COLUMN_STATE, stateText(p));
  queueCell(COLUMN_RECV_Q, get32(p + RECEIVE_QUEUE));
  queueCell(COLUMN_SEND_Q, get32(p + SEND_QUEUE));
  let from: u32 = cursor();
  localCell(p);
  endCell(COLUMN_LOCAL, from);
  from = cursor();
  peerCell(p);
  endCell(COLUMN_PEER, from);
  textCell(COLUMN_REACH, reachText(p));
}

/** The owners that are listed: ` nginx(pid=80,fd=6,fd=7)`, or why there are none. */
function ownerWords(p: u32, count: u32): void {
  if (count === 0) {
    text(get32(OWNERSHIP_TEXTS) + (get8(p + ANNOTATIONS) << 3));
    return;
  }
  let before: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const pid: u32 = listedPid(i);
    if (i === 0 || pid !== before) {
      if (i > 0) {
        byte(0x29);
        byte(0x20);
      }
      text(prefixSlot(pid) + 4);
    }
    byte(0x2c);
    byte(0x66);
    byte(0x64);
    byte(0x3d);
    decimal(listedFd(i));
    before = pid;
  }
  byte(0x29);
}

/** Writes rows from number `row` on: see {@linkcode listRows}. */
function writeRows(row: u32, asJson: boolean): void {
  const count: u32 = get32(ROW_COUNT);
  setCursor(OUTPUT);
  put32(ROW_STOPPED, STOPPED_AT_END);
  for (; row < count; row++) {
    if (cursor() - OUTPUT >= PORTION) {
      put32(ROW_STOPPED, STOPPED_WITH_MUCH);
      break;
    }
    const p: u32 = record(row);
    const owners: u32 = isForeign(p) ? NOT_LISTED : listOwners(p);
    if (owners === NOT_LISTED || asJson && !haveRoom(owners)) {
      put32(ROW_STOPPED, STOPPED_AT_FOREIGN);
      break;
    }
    if (asJson) {
      if (row > 0) text(SEPARATOR);
      jsonRow(p, owners);
    } else {
      columns(p);
      ownerWords(p, owners);
      byte(0x0a);
    }
  }
  put32(ROW_NEXT, row);
}

/**
 * Writes rows of the listing from number `row` on, at OUTPUT. ROW_STOPPED says why it stopped, ROW_NEXT at which row; cursor() is the
 * end of what it wrote.
 */
export function listRows(row: u32): void {
  writeRows(row, false);
}

/** Writes rows of the JSON, as {@linkcode listRows} does. SEPARATOR is what stands between two of them: a text. */
export function jsonRows(row: u32): void {
  writeRows(row, true);
}

function key(index: u32, value: u32): void {
  label(index);
  decimal(value);
}

function endpointJson(p: u32, words: u32, port: u32): void {
  label(ADDRESS_KEY);
  address(words, get8(p + KIND) !== AF_INET);
  key(PORT_KEY, port);
  label(INTERFACE_KEY);
}

function cookieJson(p: u32): void {
  label(COOKIE_KEY);
  const low: u32 = get32(p + COOKIE_LOW);
  const high: u32 = get32(p + COOKIE_HIGH);
  const large: boolean = high >= 0x200000;
  if (hasNoCookie(p)) label(NULL);
  else {
    if (large) byte(0x22);
    decimal64(low, high);
    if (large) byte(0x22);
  }
}

function timerJson(p: u32): void {
  label(TIMER_KEY);
  const timer: u32 = get8(p + KIND + 2);
  if (timer === 0) {
    label(NULL);
    return;
  }
  label(KIND_KEY);
  text(get32(TIMER_TEXTS) + ((timer < 6 ? timer : 6) << 3));
  key(EXPIRES_KEY, get32(p + EXPIRES_MS));
  key(RETRANSMITS_KEY, get8(p + KIND + 3));
  byte(0x7d);
}

function headJson(p: u32): void {
  const state: u32 = get8(p + KIND + 1);
  text(versionText(p, HEAD));
  text(stateText(p));
  label(LOCAL_KEY);
  endpointJson(p, p + SOURCE, get16(p + PORTS));
  label(PEER_KEY);
  if (hasPeer(p)) endpointJson(p, p + DESTINATION, get16(p + PORTS + 2));
  else label(NULL);
  label(V6ONLY_KEY);
  const flags: u32 = get32(p + FLAGS);
  label((flags & HAS_V6ONLY) === 0 ? NULL : (flags & V6ONLY) !== 0 ? TRUE : FALSE);
  label(UID_KEY);
  // A record of the kernel without a socket behind it: user and inode are 0 because there is nothing to ask.
  if (
    state === TIME_WAIT || state === SYN_RECV || state === NEW_SYN_RECV ||
    get8(p + KIND + 2) === TIMER_TIME_WAIT
  ) label(NULL);
  else decimal(get32(p + UID));
  label(INODE_KEY);
  if (get32(p + INODE) === 0) label(NULL);
  else decimal(get32(p + INODE));
  cookieJson(p);
  label(RECV_QUEUE);
  if (state === LISTEN) label(NULL);
  else decimal(get32(p + RECEIVE_QUEUE));
  label(SEND_QUEUE_KEY);
  if (state === LISTEN) label(NULL);
  else decimal(get32(p + SEND_QUEUE));
  label(ACCEPT_QUEUE);
  if (state === LISTEN) {
    key(LENGTH_KEY, get32(p + RECEIVE_QUEUE));
    key(LIMIT_KEY, get32(p + SEND_QUEUE));
    byte(0x7d);
  } else label(NULL);
  timerJson(p);
  label(OWNERSHIP_KEY);
  text(get32(OWNERSHIP_TEXTS) + (get8(p + ANNOTATIONS) << 3));
  label(OWNERS_KEY);
}

/** Where the text of a process is: an address and a length of what stands before the descriptors, and the same of what is behind. */
function processText(index: u32): u32 {
  return get32(prefixSlot(listedPid(index)) + 4);
}

/** True where the owners have room in a row. */
function haveRoom(count: u32): boolean {
  let size: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const texts: u32 = processText(i);
    size += get32(texts + 4) + get32(texts + 12) + 16;
    if (size > MOST_OF_A_ROW) return false;
  }
  return true;
}

function ownersJson(count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const isNext: boolean = i > 0 && listedPid(i) === listedPid(i - 1);
    if (isNext) byte(0x2c);
    else {
      if (i > 0) byte(0x2c);
      text(processText(i));
    }
    decimal(listedFd(i));
    if (i + 1 === count || listedPid(i + 1) !== listedPid(i)) text(processText(i) + 8);
  }
}

function jsonRow(p: u32, owners: u32): void {
  headJson(p);
  ownersJson(owners);
  label(PEER_OWNERS);
  text(reachText(p));
}
