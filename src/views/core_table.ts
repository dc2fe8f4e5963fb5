/**
 * The listing in a pipe, where the core has its sockets: the same as `table.ts` writes, in less time.
 *
 * @module
 */
import { WIDTHS } from "../core/arena.ts";
import { IS_FOREIGN, NETNS, PROTO } from "../core/tables.ts";
import { familyOf } from "../families/mod.ts";
import { OWNERSHIPS } from "../model/owner.ts";
import type { Socket } from "../model/socket.ts";
import { CoreTexts, TEXT_SIZE } from "../store/core_texts.ts";
import type { ListedRows } from "../store/listed_rows.ts";
import { utf8Bytes } from "../text/encoding.ts";
import { RowBuffer } from "../text/row_buffer.ts";
import type { Writer } from "../text/writer.ts";
import {
  type Column,
  NETNS_COLUMN,
  scopeLabel,
  stateWord,
  withoutOwnerText,
  writeOwnerHead,
} from "./columns.ts";
import { stateTexts, writeCoreRows } from "./core_rows.ts";

/** A cell as text. */
function cellOf(column: Column, socket: Socket): Uint8Array {
  const out = new RowBuffer();
  column.write(socket, out);
  return out.take();
}

/** How many terminal cells it takes. */
function widthOf(column: Column, socket: Socket): number {
  const out = new RowBuffer();
  column.write(socket, out);
  return out.cells;
}

/** The rows of a listing that the core writes. */
export class CoreTable {
  readonly #listed: ListedRows;
  readonly #texts: CoreTexts;
  /** Where the width of the first column is. */
  readonly #widths: number;
  readonly #count: number;

  /**
   * Measures all rows. `columns` are those of the listing, with or without that of namespaces; `least`: how wide they are at
   * least.
   */
  constructor(listed: ListedRows, columns: readonly Column[], least: readonly number[]) {
    const { core, tables } = listed;
    this.#listed = listed;
    this.#count = columns.length;
    this.#widths = WIDTHS + (columns[0] === NETNS_COLUMN ? 0 : 4);
    const texts = new CoreTexts(core);
    this.#texts = texts;
    texts.name({
      states: stateTexts(stateWord),
      ownerships: OWNERSHIPS.map(withoutOwnerText),
      timers: [],
    });
    for (const [i, table] of tables.entries()) {
      if (table.length === 0) continue;
      const at = texts.table(i);
      const socket = table.at(0);
      for (const [version, family] of (["inet", "inet6"] as const).entries()) {
        const { transport, type } = socket;
        const label = familyOf(family).label({ family, transport, type });
        texts.put(at + PROTO + TEXT_SIZE * version, utf8Bytes(label));
      }
      const netns = cellOf(NETNS_COLUMN, socket);
      texts.put(at + NETNS, netns);
      // The core takes each byte to be as wide as a character.
      if (netns.some((byte) => byte > 0x7e)) core.view.setUint32(at + IS_FOREIGN, 1, true);
      texts.reaches(i, table.annotations.reaches.map(({ scope }) => scopeLabel(scope)));
    }
    core.view.setUint32(WIDTHS, 0, true);
    this.widths = least;
    for (let row = core.functions.measureRows(0); row < listed.length;) {
      const cells = columns.map((column) => widthOf(column, listed.at(row)));
      this.widths = this.widths.map((width, i) => Math.max(width, cells[i]!));
      row = core.functions.measureRows(row + 1);
    }
  }

  /** The width of each column in terminal cells. */
  get widths(): readonly number[] {
    const { view } = this.#listed.core;
    return Array.from(
      { length: this.#count },
      (_, i) => view.getUint32(this.#widths + 4 * i, true),
    );
  }

  set widths(widths: readonly number[]) {
    const { view } = this.#listed.core;
    for (const [i, width] of widths.entries()) view.setUint32(this.#widths + 4 * i, width, true);
  }

  /** Writes all rows. `foreign`: writes a row that the core does not into `out`, with its newline. Throws what the writer throws. */
  write(foreign: (socket: Socket) => void, out: RowBuffer, writer: Writer): void {
    writeCoreRows(
      this.#listed,
      {
        rows: "listRows",
        foreign,
        process(owner, texts) {
          const head = new RowBuffer();
          writeOwnerHead(owner, head);
          return texts.process(owner.pid, head.take());
        },
      },
      this.#texts,
      out,
      writer,
    );
  }
}
