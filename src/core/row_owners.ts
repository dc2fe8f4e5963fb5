/**
 * The owners of one row of the listing, in the order that it has: by process, then by descriptor.
 *
 * @module
 */
import { OWNER_LIST, OWNER_SIZE } from "./arena.ts";
import { get32, put32 } from "./memory.ts";
import {
  firstOwner,
  nextOwner,
  OWNER_COOKIE,
  OWNER_FD,
  OWNER_PID,
  OWNER_TGID,
  ownerRecord,
} from "./owners.ts";
import { prefixSlot } from "./owners_cell.ts";
import { ANNOTATIONS, COOKIE_HIGH, COOKIE_LOW, INODE } from "./record.ts";

const SIZE_WITH_COOKIE: u32 = 32;

/** More descriptors than that are left to TypeScript. */
const MOST: u32 = 256;
/** What {@linkcode listOwners} returns where TypeScript has to write the row. */
export const NOT_LISTED: u32 = 0xffffffff;

function isBefore(a: u32, b: u32): boolean {
  const process: u32 = get32(a + OWNER_TGID);
  const other: u32 = get32(b + OWNER_TGID);
  return process !== other ? process < other : get32(a + OWNER_FD) < get32(b + OWNER_FD);
}

/**
 * Lists the descriptors of a socket at OWNER_LIST, in order. Returns how many there are; NOT_LISTED where a thread has one of its
 * own, where not all are known to be of this socket, or where the text of a process is not there.
 */
export function listOwners(p: u32): u32 {
  let count: u32 = 0;
  for (let row: u32 = firstOwner(get32(p + INODE)); row !== 0; row = nextOwner(row)) {
    const owner: u32 = ownerRecord(row);
    if (count === MOST || get32(owner + OWNER_PID) !== get32(owner + OWNER_TGID)) return NOT_LISTED;
    if (get32(prefixSlot(get32(owner + OWNER_TGID))) === 0) return NOT_LISTED;
    let at: u32 = OWNER_LIST + (count << 2);
    while (at > OWNER_LIST && isBefore(owner, get32(at - 4))) {
      put32(at, get32(at - 4));
      at -= 4;
    }
    put32(at, owner);
    count += 1;
  }
  if (count > 1 && get32(OWNER_SIZE) === SIZE_WITH_COOKIE && !areOf(p, count)) return NOT_LISTED;
  return count;
}

/** True if all descriptors are of this socket by their cookies. */
function areOf(p: u32, count: u32): boolean {
  for (let at: u32 = OWNER_LIST; at < OWNER_LIST + (count << 2); at += 4) {
    const owner: u32 = get32(at);
    if (
      get32(owner + OWNER_COOKIE) !== get32(p + COOKIE_LOW) ||
      get32(owner + OWNER_COOKIE + 4) !== get32(p + COOKIE_HIGH)
    ) return false;
  }
  return true;
}

/** Process of a descriptor in the list, and the number of the descriptor. */
export function listedPid(index: u32): u32 {
  return get32(get32(OWNER_LIST + (index << 2)) + OWNER_TGID);
}

export function listedFd(index: u32): u32 {
  return get32(get32(OWNER_LIST + (index << 2)) + OWNER_FD);
}

/** The number of a reach. */
export function reachOf(p: u32): u32 {
  return get32(p + ANNOTATIONS) >>> 8;
}
