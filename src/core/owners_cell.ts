/**
 * The process column of ss: ` users:(("nginx",pid=12,fd=3),…)`.
 *
 * What stands before the descriptor has a name in it, so TypeScript writes it for the first socket of each process, and the core
 * copies it for the others.
 *
 * @module
 */
import { PREFIX_MASK, PREFIX_ROOM, PREFIX_SLOT_SIZE, PREFIX_SLOTS } from "./arena.ts";
import { CELL_MAX } from "./cells.ts";
import { USERS } from "./labels.ts";
import { copyText, get32, mul, put32 } from "./memory.ts";
import { byte, cursor, decimal, label, setCursor } from "./out.ts";
import { firstOwner, nextOwner, OWNER_FD, OWNER_PID, OWNER_TGID, ownerRecord } from "./owners.ts";

/** The slot of what stands before the descriptors of a process or thread; its first word is 0 where that is not known. */
export function prefixSlot(pid: u32): u32 {
  const slots: u32 = get32(PREFIX_SLOTS);
  const mask: u32 = get32(PREFIX_MASK);
  let slot: u32 = mul(pid, 0x9e3779b1) >>> 7 & mask;
  let key: u32 = get32(slots + slot * PREFIX_SLOT_SIZE);
  while (key !== pid && key !== 0) {
    slot = slot + 1 & mask;
    key = get32(slots + slot * PREFIX_SLOT_SIZE);
  }
  return slots + slot * PREFIX_SLOT_SIZE;
}

/** Says what stands before the descriptors of a process or thread. Returns false where there is no room for more. */
export function putPrefix(pid: u32, at: u32, length: u32): boolean {
  const room: u32 = get32(PREFIX_ROOM);
  if (room === 0 || pid === 0) return false;
  const slot: u32 = prefixSlot(pid);
  if (get32(slot) !== 0) return true;
  put32(PREFIX_ROOM, room - 1);
  put32(slot, pid);
  put32(slot + 4, at);
  put32(slot + 8, length);
  return true;
}

/** The thread whose table has the descriptor; 0 for that of the process. */
function threadOf(record: u32): u32 {
  const pid: u32 = get32(record + OWNER_PID);
  return pid === get32(record + OWNER_TGID) ? 0 : pid;
}

/** True when a comes before b: higher processes, threads and descriptors are first. */
function inOrder(a: u32, b: u32): boolean {
  if (get32(a + OWNER_TGID) !== get32(b + OWNER_TGID)) {
    return get32(a + OWNER_TGID) > get32(b + OWNER_TGID);
  }
  if (threadOf(a) !== threadOf(b)) return threadOf(a) > threadOf(b);
  return get32(a + OWNER_FD) >= get32(b + OWNER_FD);
}

/** True if all that is to be written is known, and the records are in the order that ss has. */
function isReady(first: u32, threads: boolean): boolean {
  let before: u32 = 0;
  for (let row: u32 = first; row !== 0; row = nextOwner(row)) {
    const record: u32 = ownerRecord(row);
    if (before !== 0 && !inOrder(before, record)) return false;
    before = record;
    if (threads || threadOf(record) === 0) {
      if (get32(prefixSlot(get32(record + OWNER_PID))) === 0) return false;
    }
  }
  return true;
}

function writeOwner(record: u32): void {
  const slot: u32 = prefixSlot(get32(record + OWNER_PID));
  const from: u32 = get32(slot + 4);
  const length: u32 = get32(slot + 8);
  const to: u32 = cursor();
  copyText(to, from, length);
  setCursor(to + length);
  decimal(get32(record + OWNER_FD));
  byte(0x29);
}

/**
 * Writes the owners of an inode; nothing where there are none. Returns false, having written nothing, where TypeScript has to write
 * them. `threads`: those of threads count too. What is longer than a cell may be is cut there.
 */
export function ownersCell(inode: u32, threads: boolean): boolean {
  if (inode === 0) return true;
  if (get32(PREFIX_SLOTS) === 0) return false;
  const first: u32 = firstOwner(inode);
  if (!isReady(first, threads)) return false;
  const limit: u32 = cursor() + CELL_MAX;
  let before: u32 = 0;
  for (let row: u32 = first; row !== 0 && cursor() <= limit; row = nextOwner(row)) {
    const record: u32 = ownerRecord(row);
    if (!threads && threadOf(record) !== 0) continue;
    // Each descriptor counts once.
    if (before !== 0 && get32(before + OWNER_PID) === get32(record + OWNER_PID)) {
      if (get32(before + OWNER_FD) === get32(record + OWNER_FD)) continue;
    }
    if (before === 0) label(USERS);
    else byte(0x2c);
    writeOwner(record);
    before = record;
  }
  if (before !== 0) byte(0x29);
  return true;
}
