/**
 * Processes with many sockets, and the descriptors of each, read from /proc with node:fs.
 *
 * @module
 */
import { readdirSync, readlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { firstLine } from "./lines.ts";

const SCRIPT = fileURLToPath(new URL("./crowd.py", import.meta.url));

/** Why the processes cannot be started here; `null` when they can. */
export function crowdReason(): string | null {
  return Bun.which("python3") === null ? "there is no python3" : null;
}

/** One row: process, thread (0: its main table), descriptor, inode. */
export type Row = readonly [pid: number, tid: number, fd: number, inode: number];

/** A child process, and its thread that has a descriptor table of its own. */
export interface Child {
  readonly pid: number;
  readonly thread: { readonly tid?: number; readonly inode?: number; readonly refused?: string };
}

/** Running processes. Dispose it to end them. */
export class Crowd implements AsyncDisposable {
  readonly pids: readonly number[];
  readonly children: readonly Child[];
  readonly #process: Bun.Subprocess<"pipe", "pipe", "inherit">;

  private constructor(
    process: Bun.Subprocess<"pipe", "pipe", "inherit">,
    children: readonly Child[],
  ) {
    this.#process = process;
    this.children = children;
    this.pids = [process.pid, ...children.map(({ pid }) => pid)].sort((a, b) => a - b);
  }

  /** Starts `children` processes of `sockets` UDP sockets each, which also inherit `inherited` from their parent. */
  static async start(children: number, sockets: number, inherited: number): Promise<Crowd> {
    const process = Bun.spawn(
      ["python3", SCRIPT, String(children), String(sockets), String(inherited)],
      { stdin: "pipe", stdout: "pipe", stderr: "inherit" },
    );
    const line = await firstLine(process.stdout);
    return new Crowd(process, JSON.parse(line).children);
  }

  /** All rows by node:fs: main tables, and tables of threads that differ from them. */
  rows(): Row[] {
    const rows: Row[] = [];
    for (const pid of this.pids) {
      const main = sockets(`/proc/${pid}/fd`);
      for (const [fd, inode] of main) rows.push([pid, 0, fd, inode]);
      for (const tid of readdirSync(`/proc/${pid}/task`).map(Number)) {
        if (tid === pid) continue;
        const own = sockets(`/proc/${pid}/task/${tid}/fd`);
        if (JSON.stringify(own) === JSON.stringify(main)) continue;
        for (const [fd, inode] of own) rows.push([pid, tid, fd, inode]);
      }
    }
    return rows.sort(compareRows);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stdin.end();
    await this.#process.exited;
  }
}

/** Order of rows, for sort. */
export function compareRows(a: Row, b: Row): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3];
}

function sockets(folder: string): [fd: number, inode: number][] {
  const found: [number, number][] = [];
  for (const fd of readdirSync(folder)) {
    const match = /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${fd}`));
    if (match !== null) found.push([Number(fd), Number(match[1])]);
  }
  return found.sort((a, b) => a[0] - b[0]);
}
