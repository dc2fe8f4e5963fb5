/**
 * FileOwners: the processes that have a file which is listed.
 *
 * @module
 */
import type { Files, ProcessRow } from "../rows/row.ts";
import type { Identities } from "./open_process.ts";
import type { ProcessMatch, Selection } from "./selection.ts";

/** A selected process, with those of its files that are listed. */
interface FileOwner<T extends Files> extends ProcessRow {
  readonly match: ProcessMatch;
  readonly files: T;
}

/** Each process is looked at once. */
export class FileOwners<T extends Files> {
  readonly #identities: Identities;
  readonly #selection: Selection;
  readonly #noFiles: () => T;
  readonly #owners = new Map<number, FileOwner<T> | null>();

  /** `noFiles`: makes the files of a process, none at first. */
  constructor(identities: Identities, selection: Selection, noFiles: () => T) {
    this.#identities = identities;
    this.#selection = selection;
    this.#noFiles = noFiles;
  }

  /** A process; `null` for one that is not selected, or has ended. */
  get(pid: number): FileOwner<T> | null {
    let owner = this.#owners.get(pid);
    if (owner === undefined) this.#owners.set(pid, owner = this.#open(pid));
    return owner;
  }

  #open(pid: number): FileOwner<T> | null {
    const identity = this.#identities.of(pid);
    const match = identity === null ? null : this.#selection.process(identity);
    if (identity === null || match === null || match.excluded) return null;
    return { ...identity, taskCommand: null, match, files: this.#noFiles() };
  }

  /**
   * True if the main thread has exited. Files of a thread's own table count for the process then; else they are those of a
   * task.
   */
  hasExited(pid: number): boolean {
    return this.#identities.stat(String(pid))?.state === "Z";
  }

  /** Those that have files, in ascending order of their process IDs. */
  rows(): ProcessRow[] {
    return [...this.#owners.values()]
      .filter((owner): owner is FileOwner<T> => owner !== null && owner.files.length > 0)
      .toSorted((a, b) => a.pid - b.pid);
  }
}
