/**
 * Sockets as JSON, where the core has them: the same as `json.ts` writes, in less time.
 *
 * @module
 */
import { SEPARATOR } from "../core/arena.ts";
import { HEAD } from "../core/tables.ts";
import { OWNERSHIPS, type Process } from "../model/owner.ts";
import type { Reach, Socket } from "../model/socket.ts";
import { timerKind } from "../model/timer.ts";
import { CoreTexts, TEXT_SIZE } from "../store/core_texts.ts";
import type { ListedRows } from "../store/listed_rows.ts";
import { utf8Bytes } from "../text/encoding.ts";
import { jsonText } from "../text/json_text.ts";
import type { RowBuffer } from "../text/row_buffer.ts";
import type { Writer } from "../text/writer.ts";
import { stateTexts, writeCoreRows } from "./core_rows.ts";

/** What is written of a socket, by the functions that write it without the core. */
interface JsonParts {
  /** Writes a whole socket, and what stands before it in that row. */
  write(socket: Socket, row: number): void;
  /** What stands before the owners. */
  head(socket: Socket): Record<string, unknown>;
  /** The text of an object without its opening brace: `"reach":{…}}`. */
  reach(reach: Reach): Uint8Array;
  /** The same of a process: what stands behind its descriptors. */
  process(process: Process): Uint8Array;
}

/** Kinds of timers that have a name, and one that has none. */
const TIMER_COUNT = 7;

/** Writes the rows with `between` between them. Throws what the writer throws. */
export function writeCoreJson(
  listed: ListedRows,
  between: string,
  parts: JsonParts,
  out: RowBuffer,
  writer: Writer,
): void {
  const { core, tables } = listed;
  const texts = new CoreTexts(core);
  texts.name({
    states: stateTexts((state) => state),
    ownerships: OWNERSHIPS,
    timers: Array.from({ length: TIMER_COUNT }, (_, timer) => timerKind(timer)),
  });
  texts.put(SEPARATOR, utf8Bytes(between));
  for (const [i, table] of tables.entries()) {
    if (table.length === 0) continue;
    const head = parts.head(table.at(0));
    for (const [version, family] of ["inet", "inet6"].entries()) {
      texts.put(texts.table(i) + HEAD + TEXT_SIZE * version, headOf({ ...head, family }));
    }
    texts.reaches(i, table.annotations.reaches.map(parts.reach));
  }
  const form = {
    rows: "jsonRows",
    foreign: parts.write,
    process: ({ pid, process }: Socket["owners"][number], texts: CoreTexts) =>
      texts.processAround(
        pid,
        utf8Bytes(`{"pid":${pid},"tid":null,"fds":[`),
        joined(CLOSED, parts.process(process)),
      ),
  } as const;
  writeCoreRows(listed, form, texts, out, writer);
}

const CLOSED = utf8Bytes("],");

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** What all sockets of a table have in common: everything before the state. */
function headOf(json: Record<string, unknown>): Uint8Array {
  const common: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(json)) {
    if (key === "state") break;
    common[key] = value;
  }
  return utf8Bytes(`${jsonText(common).slice(0, -1)},"state":"`);
}
