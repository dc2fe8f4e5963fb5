/**
 * Diagnostics: problems that did not end the run. Gaps make an answer incomplete and are always reported; notes say how the
 * answer was obtained and are shown under `--verbose`.
 *
 * @module
 */
import { errnoName, errnoText } from "../ffi/errno.ts";
import { type FailedCall, failedCalls } from "../ffi/failed_calls.ts";
import type { Gap } from "./model/gap.ts";
import { plural } from "./text/plural.ts";

/** Collects gaps and notes in the order in which they were found. */
export class Diagnostics {
  readonly #gaps: Gap[] = [];
  readonly notes: string[] = [];
  /** How many failed calls were looked at. */
  #seen = failedCalls().length;

  /**
   * All gaps so far. A system call that went wrong since this was made is one too, whoever made it and whatever became of it.
   */
  get gaps(): readonly Gap[] {
    const calls = failedCalls();
    if (calls.length > this.#seen) {
      const since = calls.slice(this.#seen);
      this.#seen = calls.length;
      for (const [errno, alike] of Map.groupBy(since, ({ errno }) => errno)) {
        this.#gaps.push(gapOf(errno, alike));
      }
    }
    return this.#gaps;
  }

  /**
   * Records that something is missing from the answer. Gaps that are alike are told as one line: see `gapLines`. A table that
   * is missing for the same reason in every network namespace is one gap.
   */
  gap(gap: Gap): void {
    if (gap.kind === "table" && this.#gaps.some((known) => isSame(known, gap))) return;
    this.#gaps.push(gap);
  }

  /** Records what is missing of the very thing that was asked about: it is told before all else. */
  gapsFirst(gaps: readonly Gap[]): void {
    this.#gaps.unshift(...gaps);
  }

  /** Takes back a gap, since it turned out that nothing is missing. */
  withdraw(gap: Gap): void {
    const at = this.#gaps.indexOf(gap);
    if (at >= 0) this.#gaps.splice(at, 1);
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

function isSame(one: Gap, other: Gap): boolean {
  return one.kind === other.kind && one.reason === other.reason &&
    one.detail.table === other.detail.table;
}

/** At most so many are named. */
const MOST_NAMED = 3;

function gapOf(errno: number, calls: readonly FailedCall[]): Gap {
  const items = [...new Set(calls.map(({ call, path }) => path === "" ? call : `${call} ${path}`))];
  const named = items.slice(0, MOST_NAMED).join(", ") + (items.length > MOST_NAMED ? "…" : "");
  return {
    kind: "reads",
    reason: `${plural(calls.length, "system call")} failed (${named}): ${errnoText(errno)} (${
      errnoName(errno)
    }); what ${calls.length === 1 ? "it" : "they"} would have told may be missing`,
    detail: { calls: calls.length, errno: errnoName(errno) },
    items,
  };
}
