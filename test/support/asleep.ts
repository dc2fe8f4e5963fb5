/**
 * Waiting until a process waits: for tests of what happens to one that is blocked in a system call.
 *
 * @module
 */
import { readFileSync } from "node:fs";

/**
 * Waits until the main thread of a process sleeps in the kernel, seen twice in a row.
 *
 * @throws {Error} If the process ends first.
 */
export async function asleep(pid: number): Promise<void> {
  for (let times = 0; times < 2;) {
    // Field 3, behind the name in its parentheses.
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const state = stat.slice(stat.lastIndexOf(")") + 2)[0];
    if (state === "Z" || state === "X") throw new Error(`Process ${pid} has ended`);
    times = state === "S" ? times + 1 : 0;
    await Bun.sleep(10);
  }
}
