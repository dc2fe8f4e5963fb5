/**
 * CoreFiles: the sockets of a process that the core writes, as the table writes the same rows one by one.
 *
 * @module
 */
import * as arena from "../../../core/arena.ts";
import { LSOF_OFFSET } from "../../../core/labels.ts";
import { LSOF_HEAD_MAX, LSOF_TCP, LSOF_UDP, LSOF_UDPLITE } from "../../../core/lsof_row.ts";
import { InetRecords } from "../../../store/inet_records.ts";
import { decimalLength } from "../../../text/digits.ts";
import type { RowBuffer } from "../../../text/row_buffer.ts";
import type { Writer } from "../../../text/writer.ts";
import type { FileRow, Files, FileWidths, LsofFormat } from "../rows/row.ts";
import { socketOffset } from "../rows/socket.ts";
import type { CoreSockets } from "./core_sockets.ts";
import { InternetRow, PROTOCOL_NAMES } from "./internet_row.ts";
import { InternetSocket } from "./internet_sockets.ts";

/** Mode and lock included. */
const DESCRIPTOR_WIDTH = 6;
const TYPE_WIDTH = 4;

/** Files that {@linkcode CoreSockets} has taken. */
export class CoreFiles implements Files {
  readonly #sockets: CoreSockets;
  readonly #format: LsofFormat;
  /** Numbers of files: the first, and the one behind the last. Most processes have one such range. */
  readonly #ranges: (readonly [from: number, to: number])[] = [];
  length = 0;

  constructor(sockets: CoreSockets, format: LsofFormat) {
    this.#sockets = sockets;
    this.#format = format;
  }

  /** Adds the files from one number on to before another. */
  add(from: number, to: number): void {
    if (to === from) return;
    this.#ranges.push([from, to]);
    this.length += to - from;
  }

  /** A row by its number, as the table writes any other. */
  at(i: number): FileRow | undefined {
    for (const [from, to] of this.#ranges) {
      if (i < to - from) return this.#row(from + i);
      i -= to - from;
    }
    return undefined;
  }

  #row(file: number): FileRow {
    const { descriptor, message, protocol } = this.#sockets.file(file);
    const records = new InetRecords();
    const socket = new InternetSocket(records)
      .to(records.add(message, message.state, protocol, 0));
    return new InternetRow(descriptor, socket, socketOffset(this.#format));
  }

  *[Symbol.iterator](): Iterator<FileRow> {
    for (const [from, to] of this.#ranges) for (let i = from; i < to; i++) yield this.#row(i);
  }

  /** How wide the columns have to be for these and all others that were taken. */
  get widths(): FileWidths {
    const { protocols, highestInode } = this.#sockets;
    const node = (protocols & LSOF_UDPLITE) !== 0
      ? PROTOCOL_NAMES.udplite
      : (protocols & (LSOF_TCP | LSOF_UDP)) !== 0
      ? PROTOCOL_NAMES.tcp
      : "";
    return [
      DESCRIPTOR_WIDTH,
      TYPE_WIDTH,
      decimalLength(highestInode),
      this.#offset.length,
      node.length,
    ];
  }

  get #offset(): string {
    return socketOffset(this.#format) === null ? "" : "0t0";
  }

  /** Writes all rows, each behind `head`. Returns false, having done nothing, where that is too long. Throws what the writer throws. */
  writeRows(head: Uint8Array, widths: FileWidths, out: RowBuffer, writer: Writer): boolean {
    if (head.length > LSOF_HEAD_MAX) return false;
    const { core } = this.#sockets;
    const { view, functions } = core;
    core.bytes.set(head, arena.INPUT);
    core.setLabel(LSOF_OFFSET, this.#offset);
    const words: readonly (readonly [word: number, value: number])[] = [
      [arena.LSOF_HEAD_LENGTH, head.length],
      [arena.LSOF_FD_WIDTH, widths[0]],
      [arena.LSOF_TYPE_WIDTH, widths[1]],
      [arena.LSOF_DEVICE_WIDTH, widths[2]],
      [arena.LSOF_OFFSET_WIDTH, widths[3]],
      [arena.LSOF_NODE_WIDTH, widths[4]],
      [arena.LSOF_SHOWS_STATE, this.#format.stateParts.any ? 1 : 0],
    ];
    for (const [word, value] of words) view.setUint32(word, value, true);
    for (const [from, to] of this.#ranges) {
      for (let file = from; file < to;) {
        file = functions.lsofRows(file, to);
        out.bytes(core.bytes, arena.OUTPUT, functions.cursor());
        if (out.length >= FLUSH_AT) out.flush(writer);
      }
    }
    return true;
  }
}

const FLUSH_AT = 64 * 1024;
