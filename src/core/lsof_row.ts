/**
 * Rows of lsof: TCP and UDP sockets that processes hold. Hosts and ports are numbers, and there are no flags, links and queues.
 *
 * Sockets come first and owners after them, so the kernel's messages are kept as they are, and are found by the inode of a descriptor.
 *
 * @module
 */
import {
  INPUT,
  LSOF_DEVICE_WIDTH,
  LSOF_FD_WIDTH,
  LSOF_FILE_COUNT,
  LSOF_FILES,
  LSOF_FIRST_PORT,
  LSOF_HAS_ITEM,
  LSOF_HEAD_LENGTH,
  LSOF_HIGHEST,
  LSOF_ITEM_PROTOCOL,
  LSOF_KEPT,
  LSOF_KEPT_END,
  LSOF_LAST_PORT,
  LSOF_MASK,
  LSOF_NODE_WIDTH,
  LSOF_OFFSET_WIDTH,
  LSOF_PROTOCOL,
  LSOF_PROTOCOLS,
  LSOF_SEEN,
  LSOF_SHOWS_STATE,
  LSOF_SLOTS,
  LSOF_STATES,
  LSOF_TYPE_WIDTH,
  LSOF_VERSION,
  OUTPUT,
  OWNERS,
} from "./arena.ts";
import {
  LSOF_OFFSET,
  LSOF_PROTOCOL_NAMES,
  LSOF_STATE_COUNT,
  LSOF_STATE_NAMES,
  LSOF_UNKNOWN,
} from "./labels.ts";
import { copyText, get16be, get32, get8, put32, put8 } from "./memory.ts";
import { AF_INET6, HEADER_SIZE, MESSAGE_SIZE, nextMessage, wholeLength } from "./message.ts";
import { blanksTo, byte, cursor, decimal, digits, ipv4, ipv6, label, setCursor } from "./out.ts";
import { OWNER_FD, OWNER_INODE, OWNER_PID, OWNER_TGID, ownerRecord, slotIn } from "./owners.ts";

/** A message that is kept, and its protocol behind it. */
export const LSOF_KEPT_SIZE: u32 = 80;
/** A file: its descriptor, and where the message of its socket is kept. */
export const LSOF_FILE_SIZE: u32 = 8;
/** The longest text before a row. It is put where messages come in. */
export const LSOF_HEAD_MAX: u32 = 1024;

/** Bits of LSOF_PROTOCOLS. */
export const LSOF_TCP: u32 = 1;
export const LSOF_UDP: u32 = 2;
export const LSOF_UDPLITE: u32 = 4;

const IPPROTO_TCP: u32 = 6;
const IPPROTO_UDP: u32 = 17;

// Offsets in a message, and behind it.
const LOCAL: u32 = 8;
const PEER: u32 = 24;
const INODE: u32 = 68;
const PROTOCOL: u32 = 72;

/** Rows are handed out when there are so many bytes. */
const FULL: u32 = OUTPUT + 0x10000;

function keep(message: u32, to: u32, protocol: u32): u32 {
  // No process holds a socket without an inode.
  if (get32(message + INODE) === 0) return to;
  copyText(to, message, MESSAGE_SIZE);
  put32(to + PROTOCOL, protocol);
  return to + LSOF_KEPT_SIZE;
}

/** Keeps the messages from `p` to `end`, headers included; there is room for them. Returns where it stopped, at one that is cut. */
export function lsofKeep(p: u32, end: u32): u32 {
  const protocol: u32 = get32(LSOF_PROTOCOL);
  let to: u32 = get32(LSOF_KEPT_END);
  while (p < end) {
    const length: u32 = wholeLength(p, end);
    if (length === 0) break;
    to = keep(p + HEADER_SIZE, to, protocol);
    p = nextMessage(p, length);
  }
  put32(LSOF_KEPT_END, to);
  return p;
}

/** Keeps the one message from `message` to `end`. Returns false where it is cut. */
export function lsofKeepOne(message: u32, end: u32): boolean {
  if (message + MESSAGE_SIZE > end) return false;
  put32(LSOF_KEPT_END, keep(message, get32(LSOF_KEPT_END), get32(LSOF_PROTOCOL)));
  return true;
}

function slotOf(inode: u32): u32 {
  return slotIn(get32(LSOF_SLOTS), get32(LSOF_MASK), inode);
}

/** Makes what is kept be found by its inode. The table is empty, and larger than it has to be. */
export function lsofIndex(): void {
  const end: u32 = get32(LSOF_KEPT_END);
  for (let kept: u32 = get32(LSOF_KEPT); kept < end; kept += LSOF_KEPT_SIZE) {
    const inode: u32 = get32(kept + INODE);
    const slot: u32 = slotOf(inode);
    // The subflows of an MPTCP socket have its inode: lsof shows the first that the kernel tells.
    if (get32(slot) !== 0) continue;
    put32(slot, inode);
    put32(slot + 4, kept);
  }
}

function isMapped(p: u32): boolean {
  return get32(p) === 0 && get32(p + 4) === 0 && get32(p + 8) === 0xffff0000;
}

/** Where one end is mapped, both are shown as IPv4. */
function showsIpv6(kept: u32): boolean {
  return get8(kept) === AF_INET6 && !isMapped(kept + LOCAL) && !isMapped(kept + PEER);
}

/** True where an end has neither an address nor a port. */
function isNone(p: u32, port: u32, six: boolean): boolean {
  return port === 0 && get32(p) === 0 &&
    (!six || get32(p + 4) === 0 && get32(p + 8) === 0 && get32(p + 12) === 0);
}

function endMatches(p: u32, port: u32, six: boolean): boolean {
  return !isNone(p, port, six) && port >= get32(LSOF_FIRST_PORT) && port <= get32(LSOF_LAST_PORT);
}

/** True for a socket that the query asks for. */
function isWanted(kept: u32): boolean {
  const state: u32 = get8(kept + 1);
  if (state < 32 && (get32(LSOF_STATES) >>> state & 1) === 0) return false;
  if (get32(LSOF_HAS_ITEM) === 0) return true;
  const protocol: u32 = get32(LSOF_ITEM_PROTOCOL);
  if (protocol !== 0 && protocol !== get32(kept + PROTOCOL)) return false;
  const version: u32 = get32(LSOF_VERSION);
  if (version !== 0 && version !== (showsIpv6(kept) ? 6 : 4)) return false;
  const six: boolean = get8(kept) === AF_INET6;
  return endMatches(kept + LOCAL, get16be(kept + 4), six) ||
    endMatches(kept + PEER, get16be(kept + 6), six);
}

/** Where the message of a record's socket is kept; 0 for none that is wanted. */
function socketOf(record: u32): u32 {
  const inode: u32 = get32(record + OWNER_INODE);
  if (inode === 0 || get32(record + OWNER_INODE + 4) !== 0) return 0;
  const kept: u32 = get32(slotOf(inode) + 4);
  return kept !== 0 && isWanted(kept) ? kept : 0;
}

/** The first row of the owners from `row` on that has a socket which is wanted; their number where there is none. */
export function lsofNext(row: u32): u32 {
  const count: u32 = get32(OWNERS);
  while (row < count && socketOf(ownerRecord(row + 1)) === 0) row += 1;
  return row;
}

/** The first row behind `row` that is of another process. */
export function lsofSkip(row: u32): u32 {
  const count: u32 = get32(OWNERS);
  const process: u32 = get32(ownerRecord(row + 1) + OWNER_TGID);
  do {
    row += 1;
  } while (row < count && get32(ownerRecord(row + 1) + OWNER_TGID) === process);
  return row;
}

/** Takes the files of a table of descriptors from `row` on. Returns the first row that is of another. */
export function lsofTake(row: u32): u32 {
  const count: u32 = get32(OWNERS);
  const first: u32 = ownerRecord(row + 1);
  const process: u32 = get32(first + OWNER_TGID);
  const thread: u32 = get32(first + OWNER_PID);
  let files: u32 = get32(LSOF_FILE_COUNT);
  let to: u32 = get32(LSOF_FILES) + files * LSOF_FILE_SIZE;
  let highest: u32 = get32(LSOF_HIGHEST);
  let protocols: u32 = get32(LSOF_PROTOCOLS);
  let seen: u32 = get32(LSOF_SEEN);
  while (row < count) {
    const record: u32 = ownerRecord(row + 1);
    if (get32(record + OWNER_TGID) !== process || get32(record + OWNER_PID) !== thread) break;
    row += 1;
    const kept: u32 = socketOf(record);
    if (kept === 0) continue;
    put32(to, get32(record + OWNER_FD));
    put32(to + 4, kept);
    to += LSOF_FILE_SIZE;
    files += 1;
    const inode: u32 = get32(kept + INODE);
    if (inode > highest) highest = inode;
    protocols |= 1 << protocolIndex(kept);
    const state: u32 = get8(kept + 1);
    if (state < 31) seen |= 1 << state;
  }
  put32(LSOF_FILE_COUNT, files);
  put32(LSOF_HIGHEST, highest);
  put32(LSOF_PROTOCOLS, protocols);
  put32(LSOF_SEEN, seen);
  return row;
}

function protocolIndex(kept: u32): u32 {
  const protocol: u32 = get32(kept + PROTOCOL);
  return protocol === IPPROTO_TCP ? 0 : protocol === IPPROTO_UDP ? 1 : 2;
}

/**
 * Writes the files from number `from` on to before `to` at OUTPUT, each behind the text in INPUT. Returns the number of the first that was
 * not written, because there is enough; cursor() tells where the rows end.
 */
export function lsofRows(from: u32, to: u32): u32 {
  setCursor(OUTPUT);
  const head: u32 = get32(LSOF_HEAD_LENGTH);
  let file: u32 = get32(LSOF_FILES) + from * LSOF_FILE_SIZE;
  while (from < to && cursor() < FULL) {
    const at: u32 = cursor();
    copyText(at, INPUT, head);
    setCursor(at + head);
    row(get32(file), get32(file + 4));
    byte(0x0a);
    file += LSOF_FILE_SIZE;
    from += 1;
  }
  return from;
}

/** Moves what was written since `start` to the right end of a column, and a blank behind it. */
function right(start: u32, width: u32): void {
  const length: u32 = cursor() - start;
  if (length < width) {
    const by: u32 = width - length;
    let from: u32 = cursor();
    setCursor(from + by);
    while (from > start) {
      from -= 1;
      put8(from + by, get8(from));
    }
    for (let i: u32 = 0; i < by; i++) put8(start + i, 0x20);
  }
  byte(0x20);
}

function rightDecimal(value: u32, width: u32): void {
  const start: u32 = cursor();
  decimal(value);
  right(start, width);
}

function row(descriptor: u32, kept: u32): void {
  // Four columns for the number, one each for the access mode and the lock.
  blanksTo(cursor() + get32(LSOF_FD_WIDTH) - 6);
  if (descriptor < 10000) {
    const start: u32 = cursor();
    decimal(descriptor);
    right(start, 4);
    setCursor(cursor() - 1);
  } else {
    byte(0x2a);
    digits(descriptor, 3);
  }
  byte(0x75);
  byte(0x20);
  byte(0x20);
  const six: boolean = get8(kept) === AF_INET6;
  blanksTo(cursor() + get32(LSOF_TYPE_WIDTH) - 4);
  byte(0x49);
  byte(0x50);
  byte(0x76);
  byte(six ? 0x36 : 0x34);
  byte(0x20);
  rightDecimal(get32(kept + INODE), get32(LSOF_DEVICE_WIDTH));
  let start: u32 = cursor();
  label(LSOF_OFFSET);
  right(start, get32(LSOF_OFFSET_WIDTH));
  start = cursor();
  const protocol: u32 = protocolIndex(kept);
  label(LSOF_PROTOCOL_NAMES + protocol);
  right(start, get32(LSOF_NODE_WIDTH));
  start = cursor();
  writeEnd(kept, LOCAL, get16be(kept + 4), six);
  const peerPort: u32 = get16be(kept + 6);
  if (!isNone(kept + PEER, peerPort, six)) {
    byte(0x2d);
    byte(0x3e);
    writeEnd(kept, PEER, peerPort, six);
  }
  if (get32(LSOF_SHOWS_STATE) === 0) return;
  // The blank stands there even when no state follows, as for UDP; without a name the state stands alone.
  if (cursor() > start) byte(0x20);
  if (protocol === 0) writeState(get8(kept + 1));
}

/** Nothing where there is neither an address nor a port. */
function writeEnd(kept: u32, offset: u32, port: u32, six: boolean): void {
  const p: u32 = kept + offset;
  if (isNone(p, port, six)) return;
  if (!six) {
    if (get32(p) === 0) byte(0x2a);
    else ipv4(p);
  } else if (!showsIpv6(kept)) {
    if (get32(p + 12) === 0) byte(0x2a);
    else ipv4(p + 12);
  } else if (isNone(p, 0, true)) byte(0x2a);
  else {
    byte(0x5b);
    ipv6(p);
    byte(0x5d);
  }
  byte(0x3a);
  if (port === 0) byte(0x2a);
  else decimal(port);
}

function writeState(state: u32): void {
  byte(0x28);
  if (state < LSOF_STATE_COUNT) label(LSOF_STATE_NAMES + state);
  else {
    label(LSOF_UNKNOWN);
    label(LSOF_UNKNOWN + 1);
    decimal(state);
  }
  byte(0x29);
}
