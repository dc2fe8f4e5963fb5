/**
 * The owners of a socket, found by walking /proc, so that factories can be checked without the program under test.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { FactoryOwner } from "./factory.ts";

/**
 * All owners of a socket, ascending by pid and fd. A thread is an owner of its own only for descriptors that the main
 * table of its process lacks.
 */
export function ownersOf(inode: number): FactoryOwner[] {
  const target = `socket:[${inode}]`;
  const found: FactoryOwner[] = [];
  for (const name of list("/proc").filter((entry) => /^\d+$/.test(entry))) {
    const pid = Number(name);
    const main = descriptors(`/proc/${pid}/fd`, target);
    if (main.length > 0) found.push({ pid, tid: null, fds: main });
    for (const tid of list(`/proc/${pid}/task`).map(Number)) {
      if (tid === pid) continue;
      const own = descriptors(`/proc/${pid}/task/${tid}/fd`, target)
        .filter((fd) => !main.includes(fd));
      if (own.length > 0) found.push({ pid, tid, fds: own });
    }
  }
  return found.sort((a, b) => a.pid - b.pid);
}

/** True if a process has the socket mapped into its memory. */
export function maps(pid: number, inode: number): boolean {
  return readFileSync(`/proc/${pid}/maps`, "latin1").includes(`socket:[${inode}]`);
}

/** The line of a table such as `unix` or `udplite`, as the namespace of a process has it, that holds a word; or `null`. */
export function tableLine(pid: number, table: string, word: string): string | null {
  const path = `/proc/${pid}/net/${table}`;
  if (!existsSync(path)) return null;
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.find((line) => line.split(/\s+/).includes(word)) ?? null;
}

/** True while there is a process, or a thread, of that number. */
export function alive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return []; // It ended meanwhile.
  }
}

function descriptors(folder: string, target: string): number[] {
  return list(folder).filter((fd) => {
    try {
      return readlinkSync(`${folder}/${fd}`) === target;
    } catch {
      return false;
    }
  }).map(Number).sort((a, b) => a - b);
}
