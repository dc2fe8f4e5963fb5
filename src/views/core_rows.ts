/**
 * Rows that the core writes, for the listing and its JSON, and between them those that it leaves to TypeScript.
 *
 * @module
 */
import { OUTPUT, ROW_NEXT, ROW_STOPPED } from "../core/arena.ts";
import { STOPPED_AT_FOREIGN, STOPPED_WITH_MUCH } from "../core/listing.ts";
import { STATES } from "../model/state.ts";
import type { Owner } from "../model/owner.ts";
import type { Socket } from "../model/socket.ts";
import type { ListedRows } from "../store/listed_rows.ts";
import { CoreTexts } from "../store/core_texts.ts";
import type { RowBuffer } from "../text/row_buffer.ts";
import type { Writer } from "../text/writer.ts";

/** How rows are written. */
interface RowForm {
  /** The function of the core. */
  readonly rows: "listRows" | "jsonRows";
  /** Writes what the core leaves out: the row of a socket, with what stands before and behind it. */
  foreign(socket: Socket, row: number, out: RowBuffer): void;
  /** Puts the text of a process into the arena. Returns false where there are too many. */
  process(owner: Owner, texts: CoreTexts): boolean;
}

/** How many states a record can have: more than there are. */
const STATE_COUNT = 16;

/** A text for each state, by its number. */
export function stateTexts(text: (state: typeof STATES[number]) => string): string[] {
  return Array.from({ length: STATE_COUNT }, (_, number) => text(STATES[number] ?? "unknown"));
}

/** Writes all rows. Throws what the writer throws. */
export function writeCoreRows(
  listed: ListedRows,
  form: RowForm,
  texts: CoreTexts,
  out: RowBuffer,
  writer: Writer,
): void {
  const { core } = listed;
  out.flush(writer);
  const known = new Set<number>();
  for (let row = 0; row < listed.length;) {
    core.functions[form.rows](row);
    const end = core.functions.cursor();
    if (end > OUTPUT) writer.writeBytes(core.bytes.subarray(OUTPUT, end));
    row = core.view.getUint32(ROW_NEXT, true);
    const stopped = core.view.getUint32(ROW_STOPPED, true);
    if (stopped === STOPPED_WITH_MUCH) continue;
    if (stopped !== STOPPED_AT_FOREIGN) break;
    const socket = listed.at(row);
    // The first socket of a process waits for the text of the process; the core writes it then.
    let more = false;
    for (const owner of socket.owners) {
      if (owner.tid !== null || known.has(owner.pid)) continue;
      known.add(owner.pid);
      if (form.process(owner, texts)) more = true;
    }
    if (more) continue;
    form.foreign(socket, row, out);
    out.flush(writer);
    row++;
  }
}
