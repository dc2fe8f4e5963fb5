/**
 * /proc/PID/stat.
 *
 * @module
 */
import { latin1Text } from "../text/encoding.ts";

/** The fields that this program uses, by their numbers in proc(5). */
export interface Stat {
  readonly pid: number;
  /** Field 2 without its parentheses. May contain any byte, including parentheses, spaces and newlines. */
  readonly comm: Uint8Array<ArrayBuffer>;
  /** Field 3: R, S, D, Z, T … */
  readonly state: string;
  /** Field 4. */
  readonly ppid: number;
  /** Field 5: process group. */
  readonly pgid: number;
  /** Field 9, PF_KTHREAD (include/linux/sched.h). */
  readonly kernelThread: boolean;
  /** Field 22: ticks of 1/100 s since boot. */
  readonly startTicks: number;
  /**
   * Fields 26, 28 and 47: where code, stack and heap begin. exec(2) chooses them at random, and a fork has those of its parent.
   * `null` where they are not told: without the right to trace the process, and of a zombie.
   */
  readonly layout: string | null;
}

const PF_KTHREAD = 0x0020_0000;

/** Parses the file. `null` for anything else, such as an empty file of a process that has just ended. */
export function parseStat(bytes: Uint8Array<ArrayBuffer>): Stat | null {
  // A process may choose any name, even `) R 1 (`. No later field has a parenthesis.
  const open = bytes.indexOf(0x28);
  const close = bytes.lastIndexOf(0x29);
  if (open < 2 || close < open) return null;
  const head = latin1Text(bytes, 0, open).trim();
  const fields = latin1Text(bytes, close + 1).trim().split(" ");
  const pid = Number(head);
  const ppid = Number(fields[1]);
  const pgid = Number(fields[2]);
  const flags = Number(fields[6]);
  const startTicks = Number(fields[19]);
  if (![pid, ppid, pgid, flags, startTicks].every(Number.isSafeInteger)) return null;
  return {
    pid,
    comm: bytes.slice(open + 1, close),
    state: fields[0] ?? "",
    ppid,
    pgid,
    kernelThread: (flags & PF_KTHREAD) !== 0,
    startTicks,
    layout: layoutOf(fields),
  };
}

function layoutOf(fields: readonly string[]): string | null {
  const [code, stack, heap] = [fields[23], fields[25], fields[44]];
  // What may not be told is 0, or 1 for the code.
  if (code === undefined || stack === undefined || stack === "0" || heap === undefined) return null;
  return `${code} ${stack} ${heap}`;
}
