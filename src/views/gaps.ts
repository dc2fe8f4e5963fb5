/**
 * Gaps on standard error, one line for each sort, and notes below them.
 *
 * @module
 */
import { gapLines, type ToldGap } from "../model/gap.ts";
import { paint } from "../text/color.ts";
import { sanitize } from "../text/sanitize.ts";
import type { Writer } from "../text/writer.ts";

/** How to tell them. */
interface GapFormat {
  /** True to name what is missing, and to tell how the answer was obtained. */
  readonly verbose?: boolean;
  readonly color?: boolean;
  /** What the gaps are those of, where there are several answers: a file, a host. */
  readonly of?: string;
}

/** Tells the gaps. With `verbose`, the names of what is missing too. Throws what the writer throws. */
export function tellGaps(
  gaps: readonly ToldGap[],
  err: Writer,
  { verbose = false, color = false, of }: GapFormat = {},
): void {
  const head = `${paint("sockeye:", "dim", color)} ${of === undefined ? "" : `${sanitize(of)}: `}`;
  for (const line of gapLines(gaps, verbose)) err.write(`${head}${sanitize(line)}\n`);
  err.flush();
}

/** Tells the gaps of a look at this host, and under `verbose` how it was made. Throws what the writer throws. */
export function tellDiagnostics(
  { gaps, notes }: { readonly gaps: readonly ToldGap[]; readonly notes: readonly string[] },
  err: Writer,
  format: GapFormat = {},
): void {
  tellGaps(gaps, err, format);
  if (!format.verbose) return;
  for (const note of notes) err.write(`sockeye: ${sanitize(note)}\n`);
  err.flush();
}
