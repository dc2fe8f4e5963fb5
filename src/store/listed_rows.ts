/**
 * ListedRows: the internet sockets of a listing in order, each as the address of its record in the core's arena.
 *
 * @module
 */
import type { Core } from "../core/gears.ts";
import { FLAGS, INODE, IS_FOREIGN_ROW, RECORD_SIZE } from "../core/record.ts";
import type { Socket } from "../model/socket.ts";
import type { StateMask } from "../model/state.ts";
import type { InetSockets } from "./inet_sockets.ts";
import type { SocketTable } from "./socket_table.ts";

/** Rows in order, which the core can write. */
export class ListedRows {
  readonly core: Core;
  readonly tables: readonly (InetSockets & SocketTable)[];
  readonly #rows: number;
  readonly length: number;

  /** `rows`: where their addresses are in the arena. */
  constructor(
    core: Core,
    tables: readonly (InetSockets & SocketTable)[],
    rows: number,
    length: number,
  ) {
    this.core = core;
    this.tables = tables;
    this.#rows = rows;
    this.length = length;
  }

  /** The socket of a row, until the next is asked for. */
  at(row: number): Socket {
    const [table, number] = this.#placeOf(this.core.words[(this.#rows >> 2) + row]!);
    return this.tables[table]!.at(number);
  }

  /** The socket of a row, as an object that stays. */
  keep(row: number): Socket {
    return this.keepAt(this.core.words[(this.#rows >> 2) + row]!);
  }

  /** The socket whose record is at an address, as an object that stays. */
  keepAt(address: number): Socket {
    const [table, number] = this.#placeOf(address);
    return this.tables[table]!.keep(number);
  }

  #placeOf(address: number): [table: number, number: number] {
    const table = this.core.words[address + FLAGS >> 2]! >>> 16;
    return [table, (address - this.tables[table]!.records.address) / RECORD_SIZE];
  }

  /** The rows whose state is one of a mask: bit `1 << number` of each. */
  inStates(states: StateMask): number[] {
    const { functions } = this.core;
    const rows: number[] = [];
    for (
      let row = functions.nextInStates(0, states);
      row < this.length;
      row = functions.nextInStates(row + 1, states)
    ) rows.push(row);
    return rows;
  }

  /** Leaves the rows of these sockets to TypeScript. */
  leaveOut(inodes: ReadonlyMap<number, unknown>): void {
    const { words } = this.core;
    const from = this.#rows >> 2;
    for (let row = 0; row < this.length; row++) {
      const address = words[from + row]!;
      if (inodes.has(words[address + INODE >> 2]!)) words[address + FLAGS >> 2]! |= IS_FOREIGN_ROW;
    }
  }

  /** Table and number of each row. */
  fill(table: Uint32Array, number: Uint32Array): void {
    const { words } = this.core;
    const starts = this.tables.map(({ records }) => records.address);
    const from = this.#rows >> 2;
    for (let row = 0; row < this.length; row++) {
      const address = words[from + row]!;
      const which = words[address + FLAGS >> 2]! >>> 16;
      table[row] = which;
      number[row] = (address - starts[which]!) / RECORD_SIZE;
    }
  }
}
