/**
 * FileSelector: decides for each open file whether it may be listed, and adds those files to their process.
 *
 * A file carries the criteria that it has matched as a bit mask (the `BY_` constants of selection.ts). Some criteria are
 * known from the process and the descriptor alone; the others take system calls. So a file is first asked whether it can
 * still match, and only then looked at.
 *
 * @module
 */
import type { FileRow } from "../rows/row.ts";
import type { OpenFile, OpenProcess } from "./open_process.ts";
import { BY_LINKS, BY_NAME, BY_SOCKET, type Selection } from "./selection.ts";

/** Criteria that are only known once the file itself has been looked at. */
const BY_LOOKING = BY_SOCKET | BY_LINKS | BY_NAME;

/** Adds files to processes. */
export class FileSelector {
  readonly selection: Selection;
  /** True with `-E` and `+E`: a file that matches nothing may be the other end of one that does. */
  readonly #needsEnds: boolean;

  constructor(selection: Selection) {
    this.selection = selection;
    this.#needsEnds = selection.query.endpoints !== "none";
  }

  /** The criteria that a file matches by its process and its descriptor. */
  matched(process: OpenProcess, descriptor: string | number): number {
    return (process.match.primary ? process.match.matched : 0) |
      this.selection.descriptor(descriptor);
  }

  /** True when a file that has matched `matched` cannot be listed, whatever a look at it would find. */
  cannotMatch(matched: number): boolean {
    if (this.#needsEnds || this.selection.all) return false;
    const { asked, query } = this.selection;
    if (query.and) return ((matched | BY_LOOKING) & asked) !== asked;
    return matched === 0 && (asked & BY_LOOKING) === 0;
  }

  /** Adds a file that has matched something. */
  add(process: OpenProcess, row: FileRow, matched: number): void {
    if (matched !== 0) this.addAlways(process, row, matched);
  }

  /** Adds a file that has matched something, or may be an endpoint; `null` when it was not added. */
  addEnd(process: OpenProcess, row: FileRow, matched: number): OpenFile | null {
    return matched === 0 && !this.#needsEnds ? null : this.addAlways(process, row, matched);
  }

  /** Adds a file, whether it has matched something or not. */
  addAlways(process: OpenProcess, row: FileRow, matched: number): OpenFile {
    const file = { row, matched };
    process.files.push(file);
    this.selection.note(matched);
    return file;
  }
}
