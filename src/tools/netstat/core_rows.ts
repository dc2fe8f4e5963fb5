/**
 * CoreRows: the rows that the core writes: those of TCP and UDP whose hosts and ports are numbers, without users and timers.
 *
 * @module
 */
import { CELLS, NETSTAT_OPTIONS, OUTPUT, STOPPED, WAITING } from "../../core/arena.ts";
import { LENGTH_SIZE } from "../../core/cells.ts";
import { type Core, theCore } from "../../core/gears.ts";
import { NETID } from "../../core/labels.ts";
import {
  NETSTAT_CONNECTIONS,
  NETSTAT_DATAGRAMS,
  NETSTAT_PROGRAMS,
  NETSTAT_SERVERS,
  NETSTAT_WIDE,
} from "../../core/netstat_row.ts";
import { STOPPED_AT_OTHER, STOPPED_AT_OWNERS, STOPPED_FULL } from "../../core/ss_row.ts";
import { MSG_INODE } from "../../families/inet/uapi.ts";
import type { RowBuffer } from "../../text/row_buffer.ts";
import { type NetstatLayout, OWNER_WIDTH } from "./layout.ts";
import type { NetstatOwners } from "./owners.ts";

/** Width of the label and the blank behind it. */
const LABEL_WIDTH = 6;
const NEWLINE = 0x0a;

/** Writes rows into the core's arena, and from there into a buffer. */
export class CoreRows {
  readonly #core: Core;
  readonly #row: RowBuffer;
  readonly #owners: NetstatOwners | null;
  #at: number = OUTPUT;

  /** `owners`: `null` without `-p`. `core`: another one in tests. */
  constructor(row: RowBuffer, owners: NetstatOwners | null, core: Core = theCore()) {
    this.#core = core;
    this.#row = row;
    this.#owners = owners;
    core.enlarge(CELLS + LENGTH_SIZE);
    owners?.moveTo(core);
  }

  /** Says which table the next rows are of. */
  begin(label: string, datagrams: boolean, layout: NetstatLayout): void {
    const { all, listening, programs, wide } = layout;
    this.#core.setLabel(NETID, label.padEnd(LABEL_WIDTH));
    const options = (all || listening ? NETSTAT_SERVERS : 0) |
      (all || !listening ? NETSTAT_CONNECTIONS : 0) |
      (datagrams ? NETSTAT_DATAGRAMS : 0) |
      (programs ? NETSTAT_PROGRAMS : 0) |
      (wide ? NETSTAT_WIDE : 0);
    this.#core.view.setUint32(NETSTAT_OPTIONS, options, true);
  }

  /** Writes messages of a dump, headers included. Returns the offset of the first that it does not write, `end` for none. */
  messages(view: DataView, start: number, end: number): number {
    const core = this.#core;
    const from = core.input(view, start, end);
    const to = from + end - start;
    for (let at = from;;) {
      at = core.functions.netstatRows(at, to, this.#at);
      if (this.#goesOn()) continue;
      return Math.min(start + at - from, end);
    }
  }

  /** Writes one message. Returns false, having done nothing, where it is broken. */
  message(view: DataView, start: number, end: number): boolean {
    const core = this.#core;
    const from = core.input(view, start, end);
    do core.functions.netstatRow(from, from + end - start, this.#at); while (this.#isFull());
    this.#goesOn();
    return core.view.getUint32(STOPPED, true) !== STOPPED_AT_OTHER;
  }

  #isFull(): boolean {
    if (this.#core.view.getUint32(STOPPED, true) !== STOPPED_FULL) return false;
    this.#goesOn();
    return true;
  }

  /** Does what the core has stopped for. Returns false at the end, and at a message that it does not write. */
  #goesOn(): boolean {
    const { functions, view } = this.#core;
    this.#at = functions.cursor();
    switch (view.getUint32(STOPPED, true)) {
      case STOPPED_FULL:
        this.flush();
        return true;
      case STOPPED_AT_OWNERS:
        this.#owner(view.getUint32(view.getUint32(WAITING, true) + MSG_INODE, true));
        return true;
      default:
        return false;
    }
  }

  #owner(inode: number): void {
    const cell = this.#owners!.label(inode).padEnd(OWNER_WIDTH);
    const { bytes } = this.#core;
    for (let i = 0; i < cell.length; i++) bytes[this.#at++] = cell.charCodeAt(i);
    bytes[this.#at++] = NEWLINE;
  }

  /** Puts what was written into the buffer. */
  flush(): void {
    if (this.#at > OUTPUT) this.#row.bytes(this.#core.bytes, OUTPUT, this.#at);
    this.#at = OUTPUT;
  }

  /** Forgets what has not been flushed. */
  clear(): void {
    this.#at = OUTPUT;
  }
}
