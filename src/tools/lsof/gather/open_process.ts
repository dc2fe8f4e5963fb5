/**
 * Processes whose files may be listed.
 *
 * @module
 */
import type { OpenFileReader } from "../../../proc/open_files.ts";
import type { ProcRoot } from "../../../proc/root.ts";
import { parseStat, type Stat } from "../../../proc/stat.ts";
import type { FileRow } from "../rows/row.ts";
import type { Candidate, ProcessMatch } from "./selection.ts";
import { latin1Text } from "../../../text/encoding.ts";

/** What is read of a process before its files are. */
export interface Identity extends Candidate {
  readonly ppid: number;
  readonly state: string;
}

/** A process with those of its files that may be listed. */
export interface OpenProcess extends Candidate {
  readonly ppid: number;
  readonly taskCommand: string | null;
  readonly match: ProcessMatch;
  readonly files: OpenFile[];
}

/** A file that may be listed. */
export interface OpenFile {
  readonly row: FileRow;
  /** Mask of the criteria that it matches. Set to all of them when `+E` lists the file as an endpoint. */
  matched: number;
}

/** Reads the identity of processes and tasks. */
export class Identities {
  readonly #root: ProcRoot;
  readonly #reader: OpenFileReader;

  constructor(root: ProcRoot, reader: OpenFileReader) {
    this.#root = root;
    this.#reader = reader;
  }

  /** A process; `null` when it has ended. */
  of(pid: number): Identity | null {
    const status = this.#reader.status(String(pid));
    const stat = this.stat(String(pid));
    if (typeof status === "number" || stat === null) return null;
    return { ...fromStat(stat), pid, tid: 0, uid: status.uid };
  }

  /** A task of a process, with the name of its own; `null` when it has ended or is a zombie. */
  task(process: Identity, tid: number): { identity: Identity; command: string } | null {
    const stat = this.stat(`${process.pid}/task/${tid}`);
    if (stat === null || stat.state === "Z") return null;
    const own = fromStat(stat);
    return {
      identity: { ...process, ...own, tid, command: process.command },
      command: own.command,
    };
  }

  /** The stat file of `PID` or `PID/task/TID`. */
  stat(path: string): Stat | null {
    const bytes = this.#root.read(`${path}/stat`);
    return typeof bytes === "number" ? null : parseStat(bytes);
  }
}

function fromStat(stat: Stat): { ppid: number; pgid: number; command: string; state: string } {
  return {
    ppid: stat.ppid,
    pgid: stat.pgid,
    command: latin1Text(stat.comm),
    state: stat.state,
  };
}
