/**
 * The summary of a watch as text.
 *
 * @module
 */
import type { EventProcess } from "../../model/event.ts";
import type { Transport } from "../../model/socket.ts";
import { paint } from "../../text/color.ts";
import { plural } from "../../text/plural.ts";
import { sanitize, sanitizeBytes } from "../../text/sanitize.ts";
import { cellWidth, pad } from "../../text/width.ts";

/** A line of the summary. */
export interface ExchangeRow {
  readonly process: EventProcess | null;
  readonly transport: Transport | null;
  readonly peer: string | null;
  readonly incoming: boolean;
  readonly pids: ReadonlySet<number>;
  readonly connections: number;
  readonly open: number;
  readonly failures: number;
  readonly datagrams: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

const HEADERS = ["PROCESS", "USER", "PROTO", "", "PEER", "COUNT", "FAILED", "SENT", "RECEIVED"];
const RIGHT = new Set([5, 6, 7, 8]);

/** The table: who had how much to do with whom. Empty without a row. */
export function summaryTable(rows: readonly ExchangeRow[], color: boolean): string {
  if (rows.length === 0) return "";
  const cells = rows.map((row) => {
    const { process } = row;
    const [pid] = row.pids;
    const name = process?.comm == null ? "?" : sanitizeBytes(process.comm).replaceAll(" ", "\\x20");
    const user = process?.user ?? process?.uid ?? "-";
    return [
      row.pids.size > 1
        ? `${name}(${plural(row.pids.size, "process", "processes")})`
        : pid === undefined
        ? name
        : `${name}(${pid})`,
      sanitize(String(user)),
      row.transport ?? "-",
      row.incoming ? "from" : "to",
      row.peer ?? "others",
      String(row.connections + row.datagrams),
      row.failures === 0 ? "-" : String(row.failures),
      String(row.bytesSent),
      String(row.bytesReceived),
    ];
  });
  const widths = HEADERS.map((header, i) =>
    Math.max(header.length, ...cells.map((row) => cellWidth(row[i]!)))
  );
  const line = (row: readonly string[]) =>
    row.map((cell, i) => pad(cell, widths[i]!, RIGHT.has(i) ? "right" : "left")).join("  ")
      .trimEnd();
  return [paint(line(HEADERS), "header", color), ...cells.map(line)].map((text) => `${text}\n`)
    .join("");
}

/** One line: how many events there were, and how many records were lost. */
export function summaryLine(
  counts: Readonly<Record<string, number>>,
  lost: number,
  seconds: number,
): string {
  const parts = Object.entries(counts).filter(([name]) => name !== "lost")
    .map(([name, count]) => `${count} ${name}`);
  const events = parts.length === 0 ? "nothing happened" : parts.join(", ");
  const lostText = lost === 0 ? "" : `; ${plural(lost, "record was", "records were")} lost`;
  return `${events} in ${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s${lostText}`;
}
