/**
 * Help: made from the flag table.
 *
 * @module
 */
import { FLAGS } from "./flags.ts";
import type { Flag } from "./flag.ts";

function synopsis({ short, long, value }: Flag): string {
  const name = `${short === undefined ? "    " : `-${short}, `}--${long}`;
  return value === undefined ? name : `${name} ${value}`;
}

/** The text of `--help`, at most 80 columns wide where the flags allow it. */
export function helpText(): string {
  const width = Math.max(...FLAGS.map((flag) => synopsis(flag).length));
  let text = "Usage: sockeye [FLAGS]\n\n" +
    "Shows every TCP, UDP and raw socket that can be talked to, and every process that holds it.\n";
  for (const group of new Set(FLAGS.map((flag) => flag.group))) {
    text += `\n${group}:\n`;
    for (const flag of FLAGS.filter((flag) => flag.group === group)) {
      text += `  ${synopsis(flag).padEnd(width)}  ${flag.help}\n`;
    }
  }
  return text + `
Exit status: 0 done, 2 wrong usage or an error, 3 incomplete (with --require-complete).
`;
}
