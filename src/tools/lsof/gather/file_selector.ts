/**
 * Keeper: decides of each file, as it is met, whether it may be listed, and keeps those.
 *
 * @module
 */
import type { FileRow } from "../layout/row.ts";
import type { OpenFile, OpenProcess } from "./open_process.ts";
import { BY_LINKS, BY_NAME, BY_SOCKET, type Selection } from "./selection.ts";

/** Criteria that only looking at a file can tell. */
const BY_LOOKING = BY_SOCKET | BY_LINKS | BY_NAME;

/** Keeps files of processes. */
export class Keeper {
  readonly selection: Selection;
  /** True when a file that meets nothing is kept too, because it may be the other end of one that does. */
  readonly #keepsAll: boolean;

  constructor(selection: Selection) {
    this.selection = selection;
    this.#keepsAll = selection.query.endpoints !== "none";
  }

  /** What a file meets before it is looked at. */
  start(process: OpenProcess, descriptor: string | number): number {
    return (process.match.primary ? process.match.met : 0) | this.selection.descriptor(descriptor);
  }

  /** True when nothing that a look at the file could find would get it listed. */
  hopeless(met: number): boolean {
    if (this.#keepsAll || this.selection.all) return false;
    const { asked, query } = this.selection;
    if (query.and) return ((met | BY_LOOKING) & asked) !== asked;
    return met === 0 && (asked & BY_LOOKING) === 0;
  }

  /** Keeps a file that meets something; `null` for one that does not. */
  keep(process: OpenProcess, row: FileRow, met: number): OpenFile | null {
    return met === 0 ? null : this.#add(process, row, met);
  }

  /** The same for a file that may be the other end of another. */
  keepEnd(process: OpenProcess, row: FileRow, met: number): OpenFile | null {
    return met === 0 && !this.#keepsAll ? null : this.#add(process, row, met);
  }

  /** Keeps a file that is listed whatever it meets. */
  keepAlways(process: OpenProcess, row: FileRow, met: number): OpenFile {
    return this.#add(process, row, met);
  }

  #add(process: OpenProcess, row: FileRow, met: number): OpenFile {
    const file = { row, met };
    process.files.push(file);
    this.selection.note(met);
    return file;
  }
}
