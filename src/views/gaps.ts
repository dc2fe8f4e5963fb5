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
  /** True where a person at a terminal reads it, to whom it matters what to do about it. */
  readonly person?: boolean;
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

// The number of processes helps nobody who is not root.
function shortened(gap: ToldGap): ToldGap {
  const others = gap.kind === "processes" && gap.detail?.denied !== undefined;
  return others && process.geteuid!() !== 0
    ? { reason: "owners of other users' sockets are hidden; try: sudo sockeye" }
    : gap;
}

/** Tells the gaps of a look at this host, and under `verbose` how it was made. Throws what the writer throws. */
export function tellDiagnostics(
  { gaps, notes }: { readonly gaps: readonly ToldGap[]; readonly notes: readonly string[] },
  err: Writer,
  format: GapFormat = {},
): void {
  const short = format.person === true && format.verbose !== true;
  tellGaps(short ? gaps.map(shortened) : gaps, err, format);
  if (!format.verbose) return;
  for (const note of notes) err.write(`sockeye: ${sanitize(note)}\n`);
  err.flush();
}
