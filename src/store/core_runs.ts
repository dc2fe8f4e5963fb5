/**
 * Runs of messages that the core stores.
 *
 * @module
 */
import {
  CELLS,
  INPUT_SIZE,
  STORE_ANNOTATIONS,
  STORE_BOUND,
  STORE_PROTOCOL,
  STORE_STATES,
  STORED,
} from "../core/arena.ts";
import { LENGTH_SIZE } from "../core/cells.ts";
import type { Core } from "../core/gears.ts";
import { RECORD_SIZE } from "../core/record.ts";
import { type InetRecords, NO_ANNOTATIONS } from "./inet_records.ts";

/** nlmsghdr and inet_diag_msg. */
const SMALLEST_MESSAGE = 16 + 72;

/** What a request says of its messages. */
interface StoredKind {
  /** The states that are wanted, a bit each. */
  readonly states: number;
  /** The state of all of them; 0: each has its own. */
  readonly bound: number;
  /** IPPROTO_*. */
  readonly protocol: number;
}

/**
 * Stores the messages from `start` to `end` of a dump of TCP, UDP or DCCP, headers included, as records, which are in the arena from
 * then on. Returns the offset of the first that it did not store: one that does not add up, or whose interface has to be named.
 */
export function storeRun(
  core: Core,
  records: InetRecords,
  view: DataView,
  start: number,
  end: number,
  { states, bound, protocol }: StoredKind,
): number {
  // The kernel sends less at a time; a recording may hold anything.
  if (end - start > INPUT_SIZE) return start;
  core.enlarge(CELLS + LENGTH_SIZE);
  records.moveTo(core);
  records.reserve(Math.floor((end - start) / SMALLEST_MESSAGE));
  // Requests take turns: what is said of one holds until the next.
  core.view.setUint32(STORE_STATES, states, true);
  core.view.setUint32(STORE_BOUND, bound, true);
  core.view.setUint32(STORE_PROTOCOL, protocol, true);
  core.view.setUint32(STORE_ANNOTATIONS, NO_ANNOTATIONS, true);
  const from = core.input(view, start, end);
  const to = records.address + RECORD_SIZE * records.length;
  const at = core.functions.storeMessages(from, from + end - start, to);
  records.length += core.view.getUint32(STORED, true);
  return Math.min(start + at - from, end);
}
