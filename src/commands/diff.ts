/**
 * `sockeye diff`: what differs between a snapshot and another one, or now.
 *
 * @module
 */
import { terminalColumns } from "../../ffi/terminal.ts";
import { compare, diffJson } from "../audit/diff.ts";
import { writeDiff } from "../audit/diff_text.ts";
import type { SnapshotDocument } from "../snapshot/document.ts";
import { readSnapshot } from "../audit/read_snapshot.ts";
import { Diagnostics } from "../diagnostics.ts";
import { toldGap } from "../model/gap.ts";
import { type ColorChoice, useColor } from "../text/color.ts";
import { terminalProgress, withProgress } from "../text/progress.ts";
import type { Writer } from "../text/writer.ts";
import { InputError, readInput } from "../snapshot/input.ts";
import { type HostOptions, takeHostDocument } from "../snapshot/host_snapshot.ts";
import { jsonText } from "../text/json_text.ts";
import { tellDiagnostics, tellGaps } from "../views/gaps.ts";

/** What to compare, and how to show it. */
interface DiffOptions extends HostOptions {
  /** Path of the older snapshot, or `-` for standard input. */
  readonly before: string;
  /** Path of the newer snapshot or `-`; `null` for this host, now. */
  readonly after: string | null;
  readonly json: boolean;
  readonly color: ColorChoice;
  /** True to name what could not be read on either side. */
  readonly verbose: boolean;
}

/** The outcome. `undecided`: something may differ, but nothing does for certain. */
export type DiffOutcome = "same" | "different" | "undecided";

/**
 * Compares two snapshots and writes the differences to `out`; with `verbose`, what the sides could not read to `err`. Throws
 * {@linkcode InputError}, and what collecting throws.
 */
export async function diff(
  options: DiffOptions,
  out: Writer,
  err: Writer,
): Promise<DiffOutcome> {
  if (options.before === "-" && options.after === "-") {
    throw new InputError("standard input can be read once: only one side may be -");
  }
  const diagnostics = new Diagnostics();
  const before = load(options.before);
  const after = options.after === null
    ? await withProgress(terminalProgress(err), () => takeHostDocument(options, diagnostics))
    : load(options.after);
  const comparison = compare(before, after);
  if (options.json) {
    out.write(`${jsonText(diffJson(before, after, comparison))}\n`);
  } else {
    writeDiff(
      comparison,
      out,
      useColor(options.color, terminalColumns(1) !== null, process.env),
    );
  }
  out.flush();
  // The answer itself says what could not be compared.
  if (options.verbose) {
    tellGaps(before.gaps.map(toldGap), err, { verbose: true, of: options.before });
    if (options.after === null) tellDiagnostics(diagnostics, err, { verbose: true });
    else tellGaps(after.gaps.map(toldGap), err, { verbose: true, of: options.after });
  }
  switch (comparison.verdict.answer) {
    case "yes":
      return "different";
    case "no":
      return "same";
    case "undecided":
      return "undecided";
  }
}

function load(path: string): SnapshotDocument {
  const { name, text } = readInput(path);
  return readSnapshot(text, name);
}
