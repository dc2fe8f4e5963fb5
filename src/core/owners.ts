/**
 * Owners of sockets: records of descriptors by the inode of their socket.
 *
 * A record is what proc/descriptors.ts describes, as the owner program in the kernel writes it. A record is named by its number and 1, so
 * that 0 stands for none.
 *
 * @module
 */
import {
  OWNER_CHAIN,
  OWNER_MASK,
  OWNER_RECORDS,
  OWNER_SIZE,
  OWNER_SLOT_SIZE,
  OWNER_SLOTS,
  OWNERS,
} from "./arena.ts";
import { get32, mul, put32 } from "./memory.ts";

/** Offsets in a record: process, thread, descriptor, kind, inode, and the cookie where there is one. */
export const OWNER_TGID: u32 = 0;
export const OWNER_PID: u32 = 4;
export const OWNER_FD: u32 = 8;
const KIND: u32 = 12;
export const OWNER_INODE: u32 = 16;
export const OWNER_COOKIE: u32 = 24;

/**
 * Where the slot of an inode is, or would be, in a table of `mask` and one slots of eight bytes: an inode, 0 where it is free, and
 * what it leads to. Eight neighbours share one line of the cache.
 */
export function slotIn(slots: u32, mask: u32, inode: u32): u32 {
  const group: u32 = mul(inode >>> 3, 0x9e3779b1) >>> 7;
  let slot: u32 = (group << 3 & mask) + (inode & 7) & mask;
  let key: u32 = get32(slots + slot * OWNER_SLOT_SIZE);
  while (key !== inode && key !== 0) {
    slot = slot + 1 & mask;
    key = get32(slots + slot * OWNER_SLOT_SIZE);
  }
  return slots + slot * OWNER_SLOT_SIZE;
}

function slotOf(inode: u32): u32 {
  return slotIn(get32(OWNER_SLOTS), get32(OWNER_MASK), inode);
}

/** Where a record is. */
export function ownerRecord(record: u32): u32 {
  return get32(OWNER_RECORDS) + (record - 1) * get32(OWNER_SIZE);
}

/**
 * Takes in all records, into a table that is empty. Returns false, in the middle of it, for one that is of no socket, or whose inode
 * needs more than 32 bits.
 */
export function indexOwners(): boolean {
  const count: u32 = get32(OWNERS);
  const size: u32 = get32(OWNER_SIZE);
  const chain: u32 = get32(OWNER_CHAIN);
  let record: u32 = get32(OWNER_RECORDS);
  for (let row: u32 = 0; row < count; row++) {
    if (get32(record + KIND) !== 0 || get32(record + OWNER_INODE + 4) !== 0) return false;
    const inode: u32 = get32(record + OWNER_INODE);
    let before: u32 = 0;
    if (inode !== 0) {
      const slot: u32 = slotOf(inode);
      before = get32(slot + 4);
      put32(slot, inode);
      put32(slot + 4, row + 1);
    }
    put32(chain + (row << 2), before);
    record += size;
  }
  return true;
}

/** The last record of an inode; 0 where there is none. */
export function firstOwner(inode: u32): u32 {
  return inode === 0 ? 0 : get32(slotOf(inode) + 4);
}

/** The record before one, of the same inode; 0 for none. */
export function nextOwner(record: u32): u32 {
  return get32(get32(OWNER_CHAIN) + (record - 1 << 2));
}
