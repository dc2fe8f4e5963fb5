/**
 * `sockeye report`: the snapshots of many hosts as one table, document or page.
 *
 * @module
 */
import { terminalColumns } from "../../ffi/terminal.ts";
import { fleetJson, joinFleet } from "../audit/fleet.ts";
import { toldGap } from "../model/gap.ts";
import { readSnapshot } from "../audit/read_snapshot.ts";
import { type ColorChoice, useColor } from "../text/color.ts";
import { tellProgress, terminalProgress, withProgress } from "../text/progress.ts";
import type { Writer } from "../text/writer.ts";
import { InputError, readInput } from "../snapshot/input.ts";
import { tellGaps } from "../views/gaps.ts";

/** Formats of a report. */
export const REPORT_FORMATS = ["text", "json", "html"] as const;
/** One of {@linkcode REPORT_FORMATS}. */
export type ReportFormat = typeof REPORT_FORMATS[number];

/** Which snapshots, and how to show them. */
interface ReportOptions {
  /** Paths; one may be `-`. */
  readonly files: readonly string[];
  readonly format: ReportFormat;
  readonly color: ColorChoice;
  /** True to name what could not be read on each host. */
  readonly verbose: boolean;
}

/** Joins the snapshots and writes the report. Throws {@linkcode InputError}. */
export async function report(options: ReportOptions, out: Writer, err: Writer): Promise<void> {
  if (options.files.filter((file) => file === "-").length > 1) {
    throw new InputError("standard input can be read once: only one file may be -");
  }
  const fleet = await withProgress(terminalProgress(err), () =>
    joinFleet(
      options.files.map((file, i) => {
        const { name, text } = readInput(file);
        tellProgress(i + 1, "snapshots");
        return readSnapshot(text, name);
      }),
      Date.now(),
    ));
  switch (options.format) {
    case "json":
      out.write(fleetJson(fleet));
      break;
    case "html":
      out.write((await import("../audit/fleet_html.ts")).fleetPage(fleet));
      break;
    case "text": {
      const color = useColor(options.color, terminalColumns(1) !== null, process.env);
      out.write((await import("../audit/fleet_text.ts")).fleetTable(fleet, color));
      break;
    }
  }
  out.flush();
  // The report itself says which hosts have gaps.
  if (!options.verbose) return;
  for (const { host, gaps } of fleet.hosts) {
    tellGaps(gaps.map(toldGap), err, { verbose: true, of: host.name });
  }
}
