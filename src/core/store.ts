/**
 * The store: from the kernel's messages to records, and what is found out of many records at a time.
 *
 * @module
 */
import {
  OWNERSHIPS_BY_STATE,
  REACH_MASK,
  REACH_ROOM,
  REACH_SLOTS,
  STORE_ANNOTATIONS,
  STORE_BOUND,
  STORE_OWNED,
  STORE_PROTOCOL,
  STORE_STATES,
  STORE_UNFOUND,
  STORED,
} from "./arena.ts";
import { findAttributes, v6onlyAt, v6onlyLength } from "./attributes.ts";
import { get16be, get32, get8, mul, put32, put8 } from "./memory.ts";
import {
  AF_INET,
  AF_INET6,
  get32be,
  HEADER_SIZE,
  MESSAGE_SIZE,
  nextMessage,
  wholeLength,
} from "./message.ts";
import { firstOwner } from "./owners.ts";
import { hasPeer } from "./record_ends.ts";
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
  KIND,
  OWNED_BY,
  PORTS,
  PROTOCOL,
  RECEIVE_QUEUE,
  RECORD_SIZE,
  SEND_QUEUE,
  SOURCE,
  STATES_KNOWN,
  UID,
  V6ONLY,
} from "./record.ts";

/**
 * Stores the messages from `p` to `end`, headers included, at `to`, where there is room for all of them. Returns where it stopped: at a
 * message that does not add up, or whose socket is bound to an interface, which has to be named. STORED says how many it stored.
 */
export function storeMessages(p: u32, end: u32, to: u32): u32 {
  const states: u32 = get32(STORE_STATES);
  const bound: u32 = get32(STORE_BOUND);
  const protocol: u32 = get32(STORE_PROTOCOL);
  const annotations: u32 = get32(STORE_ANNOTATIONS);
  let stored: u32 = 0;
  while (p < end) {
    const length: u32 = wholeLength(p, end);
    if (length === 0) break;
    const message: u32 = p + HEADER_SIZE;
    if (get32(message + 40) !== 0) break;
    const family: u32 = get8(message);
    if (family !== AF_INET && family !== AF_INET6) break;
    const six: boolean = family === AF_INET6;
    let flags: u32 = 0;
    if (six) {
      if (!findAttributes(message + MESSAGE_SIZE, p + length)) break;
      if (v6onlyAt !== 0 && v6onlyLength !== 0) {
        flags = get8(v6onlyAt) !== 0 ? HAS_V6ONLY | V6ONLY : HAS_V6ONLY;
      }
    }
    p = nextMessage(p, length);
    const state: u32 = get8(message + 1);
    if (bound === 0 && (states >>> state & 1) === 0) continue;
    put32(to + KIND, get32(message));
    if (bound !== 0) put8(to + KIND + 1, bound);
    put32(to + PORTS, get16be(message + 4) | get16be(message + 6) << 16);
    put32(to + INTERFACE, 0);
    put32(to + COOKIE_LOW, get32(message + 44));
    put32(to + COOKIE_HIGH, get32(message + 48));
    put32(to + EXPIRES_MS, get32(message + 52));
    put32(to + RECEIVE_QUEUE, get32(message + 56));
    put32(to + SEND_QUEUE, get32(message + 60));
    put32(to + UID, get32(message + 64));
    put32(to + INODE, get32(message + 68));
    for (let i: u32 = 0; i < 16; i += 4) {
      // The kernel does not promise that the rest of an IPv4 address is zero.
      const known: boolean = six || i === 0;
      put32(to + SOURCE + i, known ? get32be(message + 8 + i) : 0);
      put32(to + DESTINATION + i, known ? get32be(message + 24 + i) : 0);
    }
    put32(to + PROTOCOL, protocol);
    put32(to + FLAGS, flags);
    put32(to + OWNED_BY, 0);
    put32(to + ANNOTATIONS, annotations);
    to += RECORD_SIZE;
    stored += 1;
  }
  put32(STORED, stored);
  return p;
}

/** Writes the inodes at `to` that have no owner among the `count` records at `p`. Returns how many there are. */
export function unownedInodes(p: u32, count: u32, to: u32): u32 {
  let found: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const inode: u32 = get32(p + INODE);
    if (inode !== 0 && firstOwner(inode) === 0) {
      put32(to + (found << 2), inode);
      found += 1;
    }
    p += RECORD_SIZE;
  }
  return found;
}

/** Gives the `count` records at `p` their owners, or why they have none. Returns how many have an inode and no owner. */
export function joinOwners(p: u32, count: u32): u32 {
  const owned: u32 = get32(STORE_OWNED);
  const unfound: u32 = get32(STORE_UNFOUND);
  let missing: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const inode: u32 = get32(p + INODE);
    const first: u32 = firstOwner(inode);
    let ownership: u32 = owned;
    if (first === 0) {
      if (inode !== 0) {
        ownership = unfound;
        missing += 1;
      } else {
        const state: u32 = get8(p + KIND + 1);
        ownership = get8(OWNERSHIPS_BY_STATE + (state < STATES_KNOWN ? state : 0));
      }
    }
    put32(p + OWNED_BY, first);
    put8(p + ANNOTATIONS, ownership);
    p += RECORD_SIZE;
  }
  return missing;
}

/** True where the reach of two records is the same: see reach/bind.ts. They are of one table. */
function isAlike(a: u32, b: u32): boolean {
  return get8(a + KIND) === get8(b + KIND) && get32(a + SOURCE) === get32(b + SOURCE) &&
    get32(a + SOURCE + 4) === get32(b + SOURCE + 4) &&
    get32(a + SOURCE + 8) === get32(b + SOURCE + 8) &&
    get32(a + SOURCE + 12) === get32(b + SOURCE + 12) &&
    get32(a + INTERFACE) === get32(b + INTERFACE) &&
    (get32(a + FLAGS) & 3) === (get32(b + FLAGS) & 3) && hasPeer(a) === hasPeer(b);
}

/** The slot of records whose reach is that of one. */
function reachSlot(p: u32): u32 {
  const mask: u32 = get32(REACH_MASK);
  const slots: u32 = get32(REACH_SLOTS);
  const mixed: u32 = get32(p + SOURCE) ^ mul(get32(p + SOURCE + 12), 0x85ebca6b) ^
    mul(get32(p + SOURCE + 4) ^ get32(p + SOURCE + 8), 0xc2b2ae35) ^ get32(p + INTERFACE);
  let slot: u32 = mul(mixed, 0x9e3779b1) >>> 7 & mask;
  let known: u32 = get32(slots + (slot << 2));
  while (known !== 0 && !isAlike(known, p)) {
    slot = slot + 1 & mask;
    known = get32(slots + (slot << 2));
  }
  return slots + (slot << 2);
}

/**
 * Gives the records from `p` to `end` the reach that is known of those like them. Returns the first whose reach is not known, `end`
 * for none: see {@linkcode rememberReach}.
 */
export function shareReach(p: u32, end: u32): u32 {
  while (p < end) {
    const known: u32 = get32(reachSlot(p));
    if (known === 0) return p;
    put32(p + ANNOTATIONS, get32(known + ANNOTATIONS) & 0xffffff00 | get8(p + ANNOTATIONS));
    p += RECORD_SIZE;
  }
  return end;
}

/** Says that the reach of a record is known, and holds for those like it. Returns false where there is no room for it. */
export function rememberReach(p: u32): boolean {
  const room: u32 = get32(REACH_ROOM);
  if (room === 0) return false;
  put32(REACH_ROOM, room - 1);
  put32(reachSlot(p), p);
  return true;
}
