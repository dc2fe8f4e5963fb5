/**
 * How a row of ss mode is written: cell by cell, straight from the kernel's message, without a thought of widths.
 *
 * A row is written in this order, whatever of it will be shown: what is written into a hidden column is dropped.
 *
 * ```ts
 * writeStart(cells, "u_str", state, receiveQueue, sendQueue); // ends in COLUMN.address
 * cells.text(name);
 * cells.column(COLUMN.port);
 * cells.decimal(inode);
 * cells.column(COLUMN.peerAddress);
 * …
 * cells.column(COLUMN.peerPort);
 * …
 * context.process(inode); // fills COLUMN.process, ends in COLUMN.extras
 * cells.text(" <->");
 * ```
 *
 * @module
 */
import { decimalLength } from "../../../text/digits.ts";
import { COLUMN } from "../layout/columns.ts";
import type { SsTable } from "../layout/table.ts";
import { ssStateName } from "../../../model/state.ts";

/** A queue is printed with at least so many characters. */
const QUEUE_WIDTH = 6;
const BLANK = 0x20;

/** Begins a row: kind, state and queues. Ends in {@linkcode COLUMN.address}. */
export function writeStart(
  cells: SsTable,
  netid: string,
  state: number,
  receiveQueue: number,
  sendQueue: number,
): void {
  cells.column(COLUMN.netid);
  cells.text(netid);
  cells.column(COLUMN.state);
  cells.text(ssStateName(state));
  writeQueues(cells, receiveQueue, sendQueue);
}

/** Fills the queues, for rows that begin in their own way. Ends in {@linkcode COLUMN.address}. */
export function writeQueues(cells: SsTable, receiveQueue: number, sendQueue: number): void {
  cells.column(COLUMN.receiveQueue);
  writeQueue(cells, receiveQueue);
  cells.column(COLUMN.sendQueue);
  writeQueue(cells, sendQueue);
  cells.column(COLUMN.address);
}

// The kernel's word is unsigned; ss prints it signed.
function writeQueue(cells: SsTable, value: number): void {
  const queue = value | 0;
  cells.decimal(queue);
  const length = queue < 0 ? 1 + decimalLength(-queue) : decimalLength(queue);
  for (let width = length; width < QUEUE_WIDTH; width++) cells.byte(BLANK);
}
