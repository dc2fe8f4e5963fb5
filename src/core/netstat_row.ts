/**
 * Rows of netstat: TCP and UDP sockets, from the kernel's messages to text. Hosts and ports are numbers, and there is no cell of a user
 * or a timer.
 *
 * @module
 */
import { CELLS, NETSTAT_OPTIONS, PREFIX_SLOTS, STOPPED, WAITING } from "./arena.ts";
import { NETID, NETSTAT_STATE_COUNT, NETSTAT_STATES } from "./labels.ts";
import { copyText, get16be, get32, get8, put32, put8 } from "./memory.ts";
import { AF_INET, HEADER_SIZE, MESSAGE_SIZE, nextMessage, wholeLength } from "./message.ts";
import {
  blanksTo,
  byte,
  cursor,
  decimal,
  decimalLength,
  ipv4,
  ipv6,
  label,
  setCursor,
} from "./out.ts";
import { firstOwner, nextOwner, OWNER_PID, OWNER_TGID, ownerRecord } from "./owners.ts";
import { prefixSlot } from "./owners_cell.ts";
import { STOPPED_AT_END, STOPPED_AT_OTHER, STOPPED_AT_OWNERS, STOPPED_FULL } from "./ss_row.ts";

/** Options of the rows: which sockets are listed. */
export const NETSTAT_SERVERS: u32 = 1;
export const NETSTAT_CONNECTIONS: u32 = 2;
/** The sockets are of UDP or UDP-Lite. */
export const NETSTAT_DATAGRAMS: u32 = 4;
/** There is a cell of the owner. */
export const NETSTAT_PROGRAMS: u32 = 8;
/** Addresses are not cut. */
export const NETSTAT_WIDE: u32 = 16;

/** From here on there is no room for a whole row. */
const NETSTAT_FULL: u32 = CELLS - 512;

const ESTABLISHED: u32 = 1;
const CLOSE: u32 = 7;
const LISTEN: u32 = 10;

const QUEUE_WIDTH: u32 = 6;
const ENDPOINT_WIDTH: u32 = 23;
/** Width of an address and its port without the colon. */
const ENDPOINT_ROOM: u32 = 22;
const OWNER_WIDTH: u32 = 20;

/**
 * Writes the messages from `p` to `end`, headers included, as rows at `at`. Returns where it stopped, and says in STOPPED why;
 * cursor() tells where writing goes on. A row that waits for its owner has everything but that cell and the newline.
 */
export function netstatRows(p: u32, end: u32, at: u32): u32 {
  setCursor(at);
  const options: u32 = get32(NETSTAT_OPTIONS);
  put32(STOPPED, STOPPED_AT_END);
  while (p < end) {
    const length: u32 = wholeLength(p, end);
    if (length === 0) {
      put32(STOPPED, STOPPED_AT_OTHER);
      break;
    }
    if (cursor() >= NETSTAT_FULL) {
      put32(STOPPED, STOPPED_FULL);
      break;
    }
    const message: u32 = p + HEADER_SIZE;
    p = nextMessage(p, length);
    if (!row(message, options)) break;
  }
  return p;
}

/** As {@linkcode netstatRows}, for the one message from `message` to `end`. Returns where writing goes on. */
export function netstatRow(message: u32, end: u32, at: u32): u32 {
  setCursor(at);
  if (message + MESSAGE_SIZE > end) put32(STOPPED, STOPPED_AT_OTHER);
  else if (at >= NETSTAT_FULL) put32(STOPPED, STOPPED_FULL);
  else {
    put32(STOPPED, STOPPED_AT_END);
    row(message, get32(NETSTAT_OPTIONS));
  }
  return cursor();
}

/** Writes a row; nothing for a socket that is not listed. Returns false where the row waits for its owner, which STOPPED says too. */
function row(message: u32, options: u32): boolean {
  const datagrams: boolean = (options & NETSTAT_DATAGRAMS) !== 0;
  const server: boolean = datagrams ? hasNoPeer(message) : get16be(message + 6) === 0;
  if ((options & (server ? NETSTAT_SERVERS : NETSTAT_CONNECTIONS)) === 0) return true;
  const state: u32 = get8(message + 1);
  label(NETID);
  queue(get32(message + 56));
  // For a listener it is how long its queue may get.
  queue(!datagrams && state === LISTEN ? 0 : get32(message + 60));
  const six: boolean = get8(message) !== AF_INET;
  const wide: boolean = (options & NETSTAT_WIDE) !== 0;
  endpoint(message + 8, get16be(message + 4), six, wide);
  byte(0x20);
  endpoint(message + 24, get16be(message + 6), six, wide);
  byte(0x20);
  label(NETSTAT_STATES + (datagrams ? datagramState(state) : tcpState(state)));
  if ((options & NETSTAT_PROGRAMS) !== 0) {
    byte(0x20);
    if (!owner(get32(message + 68))) {
      put32(STOPPED, STOPPED_AT_OWNERS);
      put32(WAITING, message);
      return false;
    }
  }
  byte(0x0a);
  return true;
}

/** True for a datagram socket without a peer's address, which is a server for netstat. */
function hasNoPeer(message: u32): boolean {
  if (get32(message + 24) !== 0) return false;
  if (get8(message) === AF_INET) return true;
  return get32(message + 28) === 0 && get32(message + 32) === 0 && get32(message + 36) === 0;
}

function tcpState(state: u32): u32 {
  return state < NETSTAT_STATE_COUNT ? state : NETSTAT_STATE_COUNT - 1;
}

/** A datagram socket that is closed shows no state, and state 0 has no name. */
function datagramState(state: u32): u32 {
  return state === ESTABLISHED ? state : state === CLOSE ? 0 : NETSTAT_STATE_COUNT - 1;
}

/** A queue in six columns, and the blank behind it. */
function queue(value: u32): void {
  if (value < 10) {
    // Most are 0.
    const at: u32 = cursor();
    put32(at, 0x20202020);
    put8(at + 4, 0x20);
    put8(at + 5, 48 + value);
    put8(at + 6, 0x20);
    setCursor(at + QUEUE_WIDTH + 1);
    return;
  }
  const width: u32 = decimalLength(value);
  if (width < QUEUE_WIDTH) blanksTo(cursor() + QUEUE_WIDTH - width);
  decimal(value);
  byte(0x20);
}

function endpoint(p: u32, port: u32, six: boolean, wide: boolean): void {
  const start: u32 = cursor();
  if (!six) ipv4(p);
  else if (get32(p) === 0 && get32(p + 4) === 0 && get32(p + 8) === 0xffff0000) ipv4(p + 12);
  else ipv6(p);
  if (six && !wide) {
    const digits: u32 = port < 10 ? 1 : port < 100 ? 2 : port < 1000 ? 3 : port < 10000 ? 4 : 5;
    const room: u32 = ENDPOINT_ROOM - digits;
    if (cursor() - start > room) setCursor(start + room);
  }
  byte(0x3a);
  if (port === 0) byte(0x2a);
  else decimal(port);
  blanksTo(start + ENDPOINT_WIDTH);
}

/** Writes the owner, the lowest process whose own table has the inode. Returns false, having written nothing, where its name is not known. */
function owner(inode: u32): boolean {
  if (inode === 0) return nobody();
  if (get32(PREFIX_SLOTS) === 0) return false;
  let lowest: u32 = 0;
  for (let held: u32 = firstOwner(inode); held !== 0; held = nextOwner(held)) {
    const record: u32 = ownerRecord(held);
    const pid: u32 = get32(record + OWNER_TGID);
    if (pid === 0) return false;
    if (get32(record + OWNER_PID) === pid && (lowest === 0 || pid < lowest)) lowest = pid;
  }
  if (lowest === 0) return nobody();
  const slot: u32 = prefixSlot(lowest);
  if (get32(slot) === 0) return false;
  const to: u32 = cursor();
  const length: u32 = get32(slot + 8);
  copyText(to, get32(slot + 4), length);
  setCursor(to + length);
  return true;
}

function nobody(): boolean {
  const start: u32 = cursor();
  byte(0x2d);
  blanksTo(start + OWNER_WIDTH);
  return true;
}
