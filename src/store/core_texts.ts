/**
 * CoreTexts: text that is in many rows, made once and kept in the core's arena.
 *
 * @module
 */
import {
  OWNERSHIP_TEXTS,
  PREFIX_MASK,
  PREFIX_ROOM,
  PREFIX_SLOT_SIZE,
  PREFIX_SLOTS,
  STATE_TEXTS,
  TABLES,
  TIMER_TEXTS,
} from "../core/arena.ts";
import type { Core } from "../core/gears.ts";
import { REACHES, TABLE_SIZE } from "../core/tables.ts";
import { utf8Bytes } from "../text/encoding.ts";

/** An address and a length. */
export const TEXT_SIZE = 8;
/** Processes that the core may know: more are left to TypeScript. */
const PROCESS_SLOTS = 1 << 15;

/** Writes texts for one listing. */
export class CoreTexts {
  readonly #core: Core;

  /** Begins with no process known. */
  constructor(core: Core) {
    this.#core = core;
    const slots = core.take(PREFIX_SLOT_SIZE * PROCESS_SLOTS);
    const { view } = core;
    view.setUint32(PREFIX_SLOTS, slots, true);
    view.setUint32(PREFIX_MASK, PROCESS_SLOTS - 1, true);
    view.setUint32(PREFIX_ROOM, PROCESS_SLOTS / 2, true);
  }

  /** Writes a text, and where it is at `slot`: an address and a length. */
  put(slot: number, text: Uint8Array): void {
    // Copies are made in pieces of eight bytes.
    const at = this.#core.take(text.length + 7);
    this.#core.bytes.set(text, at);
    this.#core.view.setUint32(slot, at, true);
    this.#core.view.setUint32(slot + 4, text.length, true);
  }

  /** The address of a list of texts, by number. */
  list(texts: readonly (string | Uint8Array)[]): number {
    const at = this.#core.take(TEXT_SIZE * texts.length);
    for (const [i, text] of texts.entries()) {
      this.put(at + TEXT_SIZE * i, typeof text === "string" ? utf8Bytes(text) : text);
    }
    return at;
  }

  /** Says how states, ownerships and timers are written, by their numbers. */
  name(names: {
    readonly states: readonly string[];
    readonly ownerships: readonly string[];
    readonly timers: readonly string[];
  }): void {
    const lists = [
      [STATE_TEXTS, names.states],
      [OWNERSHIP_TEXTS, names.ownerships],
      [TIMER_TEXTS, names.timers],
    ] as const;
    for (const [slot, texts] of lists) {
      // The arena may be made larger for a list, so it is looked at after it.
      const at = this.list(texts);
      this.#core.view.setUint32(slot, at, true);
    }
  }

  /** The address of a table that is listed: see core/tables.ts. */
  table(index: number): number {
    return this.#core.view.getUint32(TABLES, true) + TABLE_SIZE * index;
  }

  /** Says how the reaches of a table are written, by their numbers. */
  reaches(index: number, texts: readonly (string | Uint8Array)[]): void {
    const at = this.list(texts);
    this.#core.view.setUint32(this.table(index) + REACHES, at, true);
  }

  /** Says what stands before the descriptors of a process. Returns false where there are too many processes. */
  process(pid: number, before: Uint8Array): boolean {
    const at = this.#core.take(before.length + 7);
    this.#core.bytes.set(before, at);
    return Boolean(this.#core.functions.putPrefix(pid, at, before.length));
  }

  /** The same with a text behind them. */
  processAround(pid: number, before: Uint8Array, behind: Uint8Array): boolean {
    const at = this.#core.take(2 * TEXT_SIZE);
    this.put(at, before);
    this.put(at + TEXT_SIZE, behind);
    return Boolean(this.#core.functions.putPrefix(pid, at, 2 * TEXT_SIZE));
  }
}
