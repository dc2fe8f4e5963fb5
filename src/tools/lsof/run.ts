/**
 * Lists open files. The exit status says whether everything that was asked for was found.
 *
 * @module
 */
import { sanitize } from "../../text/sanitize.ts";
import { gapLines } from "../../model/gap.ts";
import { Diagnostics } from "../../diagnostics.ts";
import { OpenFileReader } from "../../proc/open_files.ts";
import { ProcRoot } from "../../proc/root.ts";
import { Cells } from "./layout/cells.ts";
import { writeFields } from "./layout/fields.ts";
import type { ProcessRow } from "./rows/row.ts";
import { writeTable } from "./layout/table.ts";
import type { Writer } from "../../text/writer.ts";
import { Gatherer } from "./gather/mod.ts";
import { missing } from "./gather/missing.ts";
import { NamedFiles } from "./gather/named_files.ts";
import type { EtcNames } from "./names.ts";
import type { LsofQuery, Repetition } from "./query.ts";
import { Selection } from "./gather/selection.ts";
import { selects } from "./arguments/draft.ts";
import { strftime } from "./strftime.ts";

/** Runs a query. Returns the exit status. Throws what the writers throw. */
export async function listFiles(
  query: LsofQuery,
  names: EtcNames,
  unicode: boolean,
  out: Writer,
  err: Writer,
): Promise<number> {
  const root = new ProcRoot();
  const diagnostics = new Diagnostics();
  const reader = new OpenFileReader(root);
  const selection = new Selection(query);
  const named = new NamedFiles(query, root, reader);
  for (const problem of named.problems) {
    // With -Q it is no fault that a name does not exist. A bad argument of +d or +D still is.
    if (query.quiet && !problem.startsWith("WARNING")) continue;
    if (query.warnings || !problem.startsWith("WARNING")) err.write(`lsof: ${problem}\n`);
  }
  for (const warning of query.warnings ? named.warnings : []) err.write(`lsof: ${warning}\n`);
  if (query.avoidsBlocking && query.warnings && !selection.internetOnly) {
    err.write("lsof: WARNING: -b: no path is looked at, so what is a file system is not known\n");
  }
  const bad = named.problems.length > 0;
  // A bad argument of +d or +D ends the run. So do bad names when there is no good one.
  const badDirectory = named.problems.some((problem) => problem.startsWith("WARNING"));
  // With -Q the rest of the selection is still listed.
  const others = query.quiet && selects({ ...query, names: [] });
  if (bad && (!named.any && !others || badDirectory)) {
    err.flush();
    return query.quiet && !badDirectory ? 0 : 1;
  }
  const cells = new Cells(query.format, names.forRows(query), unicode);
  let everListed = false;
  for (let cycle = 1;; cycle++) {
    const rows = new Gatherer(root, selection, named, reader, diagnostics).gather();
    write(rows, query, cells, out);
    out.flush();
    const { repetition } = query;
    // lsof lists once where the seconds between two listings are none.
    if (repetition === null || repetition.seconds === 0) break;
    if (rows.length > 0) everListed = true;
    else if (repetition.whileFound) break;
    writeMarker(repetition, query, out);
    out.flush();
    if (repetition.count !== null && cycle >= repetition.count) break;
    await new Promise((resolve) => setTimeout(resolve, repetition.seconds * 1000));
  }
  // The rows lack what could not be read, so scripts have to be told.
  for (const line of gapLines(diagnostics.gaps, false)) err.write(`lsof: ${sanitize(line)}\n`);
  err.flush();
  const lines = missing(selection, named, cells);
  if (query.verbose) { for (const line of lines) out.write(`lsof: ${line}\n`); }
  out.flush();
  if (query.quiet) return 0;
  if (lines.length > 0 || bad) return 1;
  const { repetition } = query;
  if (repetition === null) return 0;
  if (repetition.seconds === 0) return repetition.whileFound || repetition.count !== null ? 1 : 0;
  if (repetition.whileFound) return everListed ? 0 : 1;
  // lsof 4.95 exits with 1 after -r and a count, because it also looks for a command of that name. Scripts expect this.
  return repetition.count !== null && repetition.marker === null ? 1 : 0;
}

function write(
  rows: readonly ProcessRow[],
  { format }: LsofQuery,
  cells: Cells,
  out: Writer,
): void {
  if (format.kind === "table") writeTable(rows, format, cells, out);
  else if (format.kind === "fields") writeFields(rows, format, cells, out);
  else for (const pid of new Set(rows.map(({ pid }) => pid))) out.write(`${pid}\n`);
}

/** Writes the line between two repetitions. */
function writeMarker({ marker }: Repetition, { format }: LsofQuery, out: Writer): void {
  const text = marker === null ? null : strftime(marker, new Date()) ?? "";
  if (format.kind === "fields") {
    out.write(`m${text ?? ""}${format.terminator}${format.terminator === "\0" ? "\n" : ""}`);
  } else out.write(`${text ?? "======="}\n`);
}
