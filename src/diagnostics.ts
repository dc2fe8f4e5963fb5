/**
 * Diagnostics: problems that did not end the run. Gaps make an answer incomplete and are always reported; notes say how the
 * answer was obtained and are shown under `--verbose`.
 *
 * @module
 */
import type { Gap } from "./model/gap.ts";

/** Collects gaps and notes in the order in which they were found. */
export class Diagnostics {
  readonly gaps: Gap[] = [];
  readonly notes: string[] = [];

  /** Records that something is missing from the answer. Gaps that are alike are told as one line: see `gapLines`. */
  gap(gap: Gap): void {
    this.gaps.push(gap);
  }

  /** Records how something was done, such as a fallback or a retry. A repeated note is kept once. */
  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }

  /** True if there is no gap. */
  get complete(): boolean {
    return this.gaps.length === 0;
  }
}
