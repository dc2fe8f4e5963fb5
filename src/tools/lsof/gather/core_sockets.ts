/**
 * CoreSockets: the sockets of a run where there are many. Their messages are kept in the core's arena, where they are found by inode.
 *
 * They are no records of the store: nothing is done with them but to find one by its inode and write its row, for which the message
 * itself is enough. With 20,000, making records and finding them in TypeScript took 60 of 270 ms of user time.
 *
 * @module
 */
import * as arena from "../../../core/arena.ts";
import { LENGTH_SIZE } from "../../../core/cells.ts";
import { type Core, theCore } from "../../../core/gears.ts";
import { LSOF_FILE_SIZE, LSOF_KEPT_SIZE } from "../../../core/lsof_row.ts";
import { InetMessage } from "../../../families/inet/message.ts";
import { INET_DIAG_MSG_SIZE } from "../../../families/inet/uapi.ts";
import type { StateMask } from "../../../model/state.ts";
import { type DescriptorTable, recordSize } from "../../../proc/descriptors.ts";
import { forgetOwners } from "../../../store/core_owners.ts";
import type { CoreFilter } from "./core_filter.ts";
import { PROTOCOLS } from "./internet_sockets.ts";

/** Bytes that the arena grows by at least. */
const MORE = 512 * 1024;
/** A message with its header. */
const WIRE_SIZE = INET_DIAG_MSG_SIZE + 16;

/** Messages that were kept, and the files that lead to them. There is one at a time. */
export class CoreSockets {
  readonly core: Core;
  readonly #start: number;
  #room: number;
  readonly #message = new InetMessage();

  /** `early`: what {@linkcode EarlyMessages} has kept. */
  constructor(early: Uint8Array, filter: CoreFilter, core: Core = theCore()) {
    this.core = core;
    core.enlarge(arena.CELLS + LENGTH_SIZE);
    forgetOwners(core);
    this.end();
    this.#room = Math.max(early.length, MORE);
    this.#start = core.take(this.#room);
    core.bytes.set(early, this.#start);
    this.#put(arena.LSOF_KEPT, this.#start);
    this.#put(arena.LSOF_KEPT_END, this.#start + early.length);
    const { states, item } = filter;
    this.#put(arena.LSOF_STATES, states);
    this.#put(arena.LSOF_HAS_ITEM, item === null ? 0 : 1);
    const asked = PROTOCOLS.find(([name]) => name === item?.protocol);
    this.#put(arena.LSOF_ITEM_PROTOCOL, asked?.[1] ?? 0);
    this.#put(arena.LSOF_VERSION, item?.version ?? 0);
    this.#put(arena.LSOF_FIRST_PORT, item?.ports?.first ?? 0);
    this.#put(arena.LSOF_LAST_PORT, item?.ports?.last ?? 0xffff);
  }

  #put(word: number, value: number): void {
    this.core.view.setUint32(word, value, true);
  }

  #get(word: number): number {
    return this.core.view.getUint32(word, true);
  }

  /** How many bytes are kept: {@linkcode takeBack} forgets what comes after. */
  get length(): number {
    return this.#get(arena.LSOF_KEPT_END) - this.#start;
  }

  takeBack(length: number): void {
    this.#put(arena.LSOF_KEPT_END, this.#start + length);
  }

  /** Says which protocol the next messages are of: IPPROTO_*. */
  begin(protocol: number): void {
    this.#put(arena.LSOF_PROTOCOL, protocol);
  }

  /** Keeps messages of a dump, headers included. Returns the offset of the first that is cut, `end` for none. */
  messages(view: DataView, start: number, end: number): number {
    this.#reserve(LSOF_KEPT_SIZE * Math.ceil((end - start) / WIRE_SIZE));
    const from = this.core.input(view, start, end);
    return Math.min(start + this.core.functions.lsofKeep(from, from + end - start) - from, end);
  }

  /** Keeps one message. Throws DecodeError where it is cut. */
  message(view: DataView, start: number, end: number): void {
    this.#message.at(view, start, end);
    this.#reserve(LSOF_KEPT_SIZE);
    const from = this.core.input(view, start, end);
    this.core.functions.lsofKeepOne(from, from + end - start);
  }

  // What is taken next is behind what was taken last: nobody else takes any meanwhile.
  #reserve(size: number): void {
    const { length } = this;
    if (length + size <= this.#room) return;
    const more = Math.max(size, MORE, this.#room);
    this.core.take(more);
    this.#room += more;
  }

  /** Makes the sockets be found, and takes what may be files of them. There is no room for more messages then. */
  setDescriptors(table: DescriptorTable): void {
    const { core } = this;
    let slots = 8;
    while (slots < 2 * this.length / LSOF_KEPT_SIZE) slots *= 2;
    const { bytes, length } = table;
    const at = core.take(arena.OWNER_SLOT_SIZE * slots);
    const records = core.take(bytes.length);
    const files = core.take(LSOF_FILE_SIZE * length);
    core.bytes.set(bytes, records);
    this.#put(arena.LSOF_SLOTS, at);
    this.#put(arena.LSOF_MASK, slots - 1);
    this.#put(arena.OWNERS, length);
    this.#put(arena.OWNER_RECORDS, records);
    this.#put(arena.OWNER_SIZE, recordSize(table.hasCookies));
    this.#put(arena.LSOF_FILES, files);
    for (
      const word of [
        arena.LSOF_FILE_COUNT,
        arena.LSOF_HIGHEST,
        arena.LSOF_PROTOCOLS,
        arena.LSOF_SEEN,
      ]
    ) this.#put(word, 0);
    core.functions.lsofIndex();
  }

  /** How many files there are that {@linkcode take} has taken. */
  get files(): number {
    return this.#get(arena.LSOF_FILE_COUNT);
  }

  /** The states of their sockets, a bit each. */
  get states(): StateMask {
    return this.#get(arena.LSOF_SEEN);
  }

  /** The highest inode of their sockets. */
  get highestInode(): number {
    return this.#get(arena.LSOF_HIGHEST);
  }

  /** The protocols of their sockets: names as lsof writes them. */
  get protocols(): number {
    return this.#get(arena.LSOF_PROTOCOLS);
  }

  /** The first row of the table from `row` on whose socket is wanted; the length of the table where there is none. */
  next(row: number): number {
    return this.core.functions.lsofNext(row);
  }

  /** The first row behind `row` that is of another process. */
  skip(row: number): number {
    return this.core.functions.lsofSkip(row);
  }

  /** Takes the files of a process or thread from `row` on. Returns the first row that is of another. */
  take(row: number): number {
    return this.core.functions.lsofTake(row);
  }

  /** Descriptor and socket of a file. The message is valid until the next call. */
  file(
    i: number,
  ): { readonly descriptor: number; readonly message: InetMessage; readonly protocol: number } {
    const { view } = this.core;
    const at = this.#get(arena.LSOF_FILES) + LSOF_FILE_SIZE * i;
    const kept = view.getUint32(at + 4, true);
    return {
      descriptor: view.getUint32(at, true),
      message: this.#message.at(view, kept, kept + INET_DIAG_MSG_SIZE),
      protocol: view.getUint32(kept + INET_DIAG_MSG_SIZE, true),
    };
  }

  /** Gives back the memory, which those that come next do too. Files that were taken are gone. */
  end(): void {
    const start = this.#get(arena.LSOF_KEPT);
    if (start !== 0) this.core.giveBack(start);
    this.#put(arena.LSOF_KEPT, 0);
  }
}
