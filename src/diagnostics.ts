/**
 * Diagnostics: what went wrong on the way without ending the run. Gaps make an answer incomplete and are always
 * told; notes say how the answer was obtained and are told under `--verbose`.
 *
 * @module
 */
import type { Gap } from "./model/gap.ts";

/** Collects gaps and notes, in the order they came. */
export class Diagnostics {
  readonly gaps: Gap[] = [];
  readonly notes: string[] = [];

  /** Records that something is missing from the answer. */
  gap(gap: Gap): void {
    this.gaps.push(gap);
  }

  /** Records how something was done: a fallback, a retry. The same note is kept once. */
  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }

  /** True while nothing is missing. */
  get complete(): boolean {
    return this.gaps.length === 0;
  }
}
