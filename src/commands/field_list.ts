/**
 * The listing with chosen columns, an order of its own, or as counts. Loaded only where one of these was asked for.
 *
 * @module
 */
import type { Snapshot } from "../model/snapshot.ts";
import type { Socket } from "../model/socket.ts";
import type { Sockets } from "../model/sockets.ts";
import { kept } from "../store/socket_rows.ts";
import { jsonText } from "../text/json_text.ts";
import type { Writer } from "../text/writer.ts";
import { cellText, rawName, rawText } from "../views/fields/cell_text.ts";
import type { Field, FieldSource } from "../views/fields/field.ts";
import { groupRows, groupsJson, groupsOf } from "../views/fields/groups.ts";
import { inOrderOf, type SortKey } from "../views/fields/order.ts";
import { writeSeparated } from "../views/fields/separated.ts";
import { writeColumns } from "../views/fields/table.ts";

/** What to show. */
export interface FieldChoice {
  /** `null`: those that the format usually has. */
  readonly columns: readonly Field[] | null;
  readonly sort: readonly SortKey[];
  /** `null`: sockets are listed, not counted. No field: they are counted together. */
  readonly groups: readonly Field[] | null;
}

/** How to write it. */
export interface FieldFormat {
  readonly format: "text" | "wide" | "csv" | "tsv" | "json" | "ndjson";
  readonly header: boolean;
  readonly color: boolean;
}

/** True if what the kernel tells on request only is needed. */
export function needsInfo({ columns, sort, groups }: FieldChoice): boolean {
  return [...columns ?? [], ...sort.map(({ field }) => field), ...groups ?? []]
    .some(({ info }) => info);
}

/** True if one of the fields is called so, or is a part of it. */
export function asksFor(name: string, { columns, sort, groups }: FieldChoice): boolean {
  return [...columns ?? [], ...sort.map(({ field }) => field), ...groups ?? []]
    .some((field) => field.name === name || field.name.startsWith(`${name}.`));
}

/** The sockets in the order that was asked for. */
export function sortedSockets(
  sockets: Sockets,
  { sort }: FieldChoice,
  source: FieldSource,
): readonly Socket[] {
  return sort.length === 0 ? kept(sockets) : inOrderOf(kept(sockets), sort, source);
}

/** Writes the counts. Throws what the writer throws. */
export function writeCounts(
  snapshot: Snapshot<Sockets>,
  fields: readonly Field[],
  source: FieldSource,
  { format, header, color }: FieldFormat,
  out: Writer,
): void {
  const groups = groupsOf(snapshot.sockets, fields, source);
  const total = snapshot.sockets.length;
  if (format === "json" || format === "ndjson") {
    const { groups: list, ...head } = groupsJson(snapshot, groups, fields);
    if (format === "json") out.write(`${jsonText({ ...head, groups: list })}\n`);
    else for (const line of [head, ...list]) out.write(`${jsonText(line)}\n`);
    return;
  }
  const rows = fields.length === 0 ? [[String(total)]] : groupRows(groups, fields);
  if (format === "csv" || format === "tsv") {
    const names = ["count", ...fields.map(({ name }) => name)];
    writeSeparated(names, rows, format, header, out);
    return;
  }
  if (fields.length === 0) {
    out.write(`${total}\n`);
    return;
  }
  const columns = fields.map(({ name }) =>
    ({ header: name.toUpperCase(), align: "left" }) as const
  );
  const last = [String(total), "total", ...fields.slice(1).map(() => "")];
  writeColumns([{ header: "COUNT", align: "right" }, ...columns], [...rows, last], out, {
    header,
    color,
  });
}

/** Writes a row for each socket. Throws what the writer throws. */
export function writeFields(
  sockets: readonly Socket[],
  columns: readonly Field[],
  source: FieldSource,
  { format, header, color }: FieldFormat,
  out: Writer,
): void {
  if (format === "csv" || format === "tsv") {
    const rows = function* () {
      for (const socket of sockets) {
        yield columns.map((field) => rawText(field.value(socket, source)));
      }
    };
    writeSeparated(columns.map(rawName), rows(), format, header, out);
    return;
  }
  const rows = sockets.map((socket) =>
    columns.map((field) => cellText(field.value(socket, source), field))
  );
  const isNumber = (i: number) => rows.every((row) => /^\d*$/.test(row[i]!));
  writeColumns(
    columns.map(({ name }, i) => ({
      header: name.toUpperCase(),
      align: isNumber(i) ? "right" : "left",
    })),
    rows,
    out,
    { header, color },
  );
}
