/**
 * The owners of very many sockets, in the core's arena.
 *
 * @module
 */
import {
  CELLS,
  OWNER_CHAIN,
  OWNER_MASK,
  OWNER_RECORDS,
  OWNER_SIZE,
  OWNER_SLOT_SIZE,
  OWNER_SLOTS,
  OWNERS,
  PREFIX_SLOTS,
} from "../core/arena.ts";
import { LENGTH_SIZE } from "../core/cells.ts";
import type { Core } from "../core/gears.ts";
import { MANY_DESCRIPTORS } from "../core/worth.ts";
import { type DescriptorTable, recordSize } from "../proc/descriptors.ts";

/**
 * Puts an index of all descriptors of a table into the arena, where there are so many that it pays. Returns whether it did. It takes no
 * rows in that the table gains later. Call it before cells are written: the arena may become another one.
 */
export function indexInCore(table: DescriptorTable, core: Core, worth = MANY_DESCRIPTORS): boolean {
  const { length } = table;
  if (length < worth) return false;
  core.enlarge(CELLS + LENGTH_SIZE);
  forgetOwners(core);
  let slots = 8;
  while (slots < 2 * length) slots *= 2;
  const { bytes } = table;
  let at: number;
  try {
    at = core.take(bytes.length + (4 * length + 7 & ~7) + OWNER_SLOT_SIZE * slots);
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
  core.bytes.set(bytes, at);
  const chain = at + bytes.length;
  const { view } = core;
  view.setUint32(OWNERS, length, true);
  view.setUint32(OWNER_RECORDS, at, true);
  view.setUint32(OWNER_SIZE, recordSize(table.hasCookies), true);
  view.setUint32(OWNER_CHAIN, chain, true);
  view.setUint32(OWNER_SLOTS, chain + (4 * length + 7 & ~7), true);
  view.setUint32(OWNER_MASK, slots - 1, true);
  if (core.functions.indexOwners()) return true;
  forgetOwners(core);
  return false;
}

/** Takes the index out of the arena again, and everything else that was taken after it. */
export function forgetOwners(core: Core): void {
  const { view } = core;
  if (view.getUint32(OWNER_SLOTS, true) === 0) return;
  view.setUint32(OWNER_SLOTS, 0, true);
  view.setUint32(PREFIX_SLOTS, 0, true);
  core.giveBack(view.getUint32(OWNER_RECORDS, true));
}
