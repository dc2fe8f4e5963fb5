/**
 * Processes whose files may be listed, and who they are.
 *
 * @module
 */
import type { OpenFileReader } from "../../../proc/open_files.ts";
import type { ProcRoot } from "../../../proc/root.ts";
import { parseStat, type Stat } from "../../../proc/stat.ts";
import type { FileRow } from "../layout/row.ts";
import type { Candidate, ProcessMatch } from "./selection.ts";
import { latin1Text } from "../../../text/encoding.ts";

/** What is read of a process before its files. */
export interface Identity extends Candidate {
  readonly ppid: number;
  readonly state: string;
}

/** A process with the files that were kept of it. */
export interface OpenProcess extends Candidate {
  readonly ppid: number;
  readonly taskCommand: string | null;
  readonly match: ProcessMatch;
  readonly files: OpenFile[];
}

/** A file that may be listed. */
export interface OpenFile {
  readonly row: FileRow;
  /** Criteria it meets; changes when it is listed as an endpoint. */
  met: number;
}

/** Reads who a process is. */
export class Identities {
  readonly #root: ProcRoot;
  readonly #reader: OpenFileReader;

  constructor(root: ProcRoot, reader: OpenFileReader) {
    this.#root = root;
    this.#reader = reader;
  }

  /** A process; `null` when it is gone. */
  of(pid: number): Identity | null {
    const status = this.#reader.status(String(pid));
    const stat = this.stat(String(pid));
    if (typeof status === "number" || stat === null) return null;
    return { ...fromStat(stat), pid, tid: 0, uid: status.uid };
  }

  /** A task of a process, who runs under its name; `null` when it is gone or as good as gone. */
  task(process: Identity, tid: number): { identity: Identity; command: string } | null {
    const stat = this.stat(`${process.pid}/task/${tid}`);
    if (stat === null || stat.state === "Z") return null;
    const own = fromStat(stat);
    return {
      identity: { ...process, ...own, tid, command: process.command },
      command: own.command,
    };
  }

  /** What `stat` says below `PID` or `PID/task/TID`. */
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
