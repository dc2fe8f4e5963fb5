/**
 * CoreRows: the sockets of a listing that the core has in its arena, and what it does with all of them at a time.
 *
 * @module
 */
import {
  ALIKE_END,
  OWNERSHIPS_BY_STATE,
  REACH_MASK,
  REACH_ROOM,
  REACH_SLOTS,
  ROW_COUNT,
  ROWS,
  SORT_COLUMNS,
  STORE_OWNED,
  STORE_UNFOUND,
  TABLES,
} from "../core/arena.ts";
import type { Core } from "../core/gears.ts";
import { PLACES_SIZE, SORT_COLUMN_COUNT } from "../core/order.ts";
import { RECORD_SIZE } from "../core/record.ts";
import { IS_FOREIGN, TABLE_SIZE, TRANSPORT } from "../core/tables.ts";
import { type OwnerLookup, type Ownership, OWNERSHIPS } from "../model/owner.ts";
import type { Socket } from "../model/socket.ts";
import { InetSockets } from "./inet_sockets.ts";
import { ListedRows } from "./listed_rows.ts";
import { SocketRows } from "./socket_rows.ts";
import type { SocketTable } from "./socket_table.ts";

const REACH_SLOTS_MAX = 1 << 16;

/** Why sockets have no owner: by the number of the state for those without an inode, and for all others. */
interface Unowned {
  readonly byState: readonly Ownership[];
  readonly withInode: Ownership;
}

/** Internet sockets of all tables, and the sockets of other families. */
export class CoreRows {
  readonly core: Core;
  readonly tables: readonly (InetSockets & SocketTable)[];
  /** Sockets that are not in the arena. */
  readonly rest: SocketRows;

  private constructor(
    core: Core,
    tables: readonly (InetSockets & SocketTable)[],
    rest: SocketRows,
  ) {
    this.core = core;
    this.tables = tables;
    this.rest = rest;
  }

  /** Makes it of whole tables, and moves internet sockets that are not in the arena there. Call {@linkcode coreRows}. */
  static of(tables: readonly SocketTable[], core: Core): CoreRows {
    const inCore: (InetSockets & SocketTable)[] = [];
    const rest = SocketRows.empty();
    for (const table of tables) {
      if (table instanceof InetSockets) {
        table.records.moveTo(core);
        inCore.push(table);
      } else rest.addTable(table);
    }
    return new CoreRows(core, inCore, rest);
  }

  /** How many are in the arena. */
  get length(): number {
    return this.tables.reduce((sum, table) => sum + table.length, 0);
  }

  /** Inodes without an owner in the core's index. */
  addUnowned(to: Set<number>): void {
    const { core } = this;
    for (const { records } of this.tables) {
      const at = core.take(4 * records.length);
      const count = core.functions.unownedInodes(records.address, records.length, at);
      for (let i = 0; i < count; i++) to.add(core.words[(at >> 2) + i]!);
      core.giveBack(at);
    }
  }

  /** Gives all their owners from the core's index, or the reason why they have none. Returns how many have an inode and no owner. */
  join(lookup: OwnerLookup, unowned: Unowned): number {
    const { bytes, view, functions } = this.core;
    const number = (ownership: Ownership) => OWNERSHIPS.indexOf(ownership);
    view.setUint32(STORE_OWNED, number("owned"), true);
    view.setUint32(STORE_UNFOUND, number(unowned.withInode), true);
    for (let state = 0; state < 16; state++) {
      bytes[OWNERSHIPS_BY_STATE + state] = number(unowned.byState[state]!);
    }
    let missing = 0;
    for (const { records, annotations } of this.tables) {
      annotations.lookup = lookup;
      missing += functions.joinOwners(records.address, records.length);
    }
    return missing;
  }

  /** Fills in their reach. `one`: fills in that of one socket, which holds for all that are like it. */
  fillReach(one: (socket: Socket) => void): void {
    const { core } = this;
    for (const table of this.tables) {
      const { records } = table;
      let slots = 8;
      while (slots < 2 * records.length && slots < REACH_SLOTS_MAX) slots *= 2;
      const at = core.take(4 * slots);
      core.view.setUint32(REACH_SLOTS, at, true);
      core.view.setUint32(REACH_MASK, slots - 1, true);
      core.view.setUint32(REACH_ROOM, slots / 2, true);
      const { address } = records;
      const end = address + RECORD_SIZE * records.length;
      for (let p = address; p < end; p += RECORD_SIZE) {
        p = core.functions.shareReach(p, end);
        if (p === end) break;
        one(table.at((p - address) / RECORD_SIZE));
        core.functions.rememberReach(p);
      }
      core.giveBack(at);
    }
  }

  /**
   * Puts them in order. `transportOf`: the place of the transport of a table. `compare` decides between sockets whose numbers are
   * alike.
   */
  sort(
    transportOf: (table: InetSockets) => number,
    compare: (a: Socket, b: Socket) => number,
  ): ListedRows {
    const { core, tables, length } = this;
    const at = core.take(TABLE_SIZE * tables.length);
    const rows = core.take(4 * length);
    const columns = core.take(4 * SORT_COLUMN_COUNT * length + PLACES_SIZE);
    const { view, functions } = core;
    view.setUint32(TABLES, at, true);
    view.setUint32(ROWS, rows, true);
    view.setUint32(SORT_COLUMNS, columns, true);
    view.setUint32(ROW_COUNT, 0, true);
    for (const [i, table] of tables.entries()) {
      const { records } = table;
      view.setUint32(at + TABLE_SIZE * i + TRANSPORT, transportOf(table), true);
      view.setUint32(at + TABLE_SIZE * i + IS_FOREIGN, Number(isForeign(table)), true);
      functions.addRows(records.address, records.length, i);
    }
    functions.sortRows();
    const listed = new ListedRows(core, tables, rows, length);
    for (let from = functions.nextAlike(0); from < length;) {
      const end = view.getUint32(ALIKE_END, true);
      const run = core.words.subarray((rows >> 2) + from, (rows >> 2) + end);
      const kept = Array.from(run, (address) => ({ address, socket: listed.keepAt(address) }));
      kept.sort((a, b) => compare(a.socket, b.socket));
      for (const [i, { address }] of kept.entries()) run[i] = address;
      from = functions.nextAlike(end);
    }
    core.giveBack(columns);
    return listed;
  }
}

/** Tables whose rows need more than numbers: those of /proc tell less, and SCTP and raw sockets have facts of their own. */
function isForeign({ facts: { transport, fromProc } }: InetSockets): boolean {
  return fromProc || transport === "sctp" || transport === "raw" || transport === "icmp";
}
