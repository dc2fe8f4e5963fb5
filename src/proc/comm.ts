/**
 * /proc/PID/comm: what a process is called.
 *
 * @module
 */
import type { ProcRoot } from "./root.ts";
import { utf8Text } from "../text/encoding.ts";

/** At most so many processes are named; the rest is counted. */
const MOST_NAMED = 1000;

/** Processes by number and name, with `what` after each: `process 80 (nginx)`. One that has ended has no name. */
export function processNames(pids: readonly number[], root: ProcRoot, what = ""): string[] {
  const names = pids.slice(0, MOST_NAMED).map((pid) => {
    const bytes = root.read(`${pid}/comm`);
    const name = typeof bytes === "number" ? "" : ` (${utf8Text(bytes).replace(/\n$/, "")})`;
    return `process ${pid}${name}${what}`;
  });
  const more = pids.length - names.length;
  return more > 0 ? [...names, `and ${more} more`] : names;
}
