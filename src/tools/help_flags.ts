/**
 * Help made from a table of options.
 *
 * @module
 */
import type { HelpPage } from "../cli/help.ts";
import type { GetoptFlag } from "./getopt.ts";

/** The options of a tool as flags of its help page. Those without help are left out. */
export function helpFlags(
  flags: readonly Omit<GetoptFlag<never>, "set">[],
): HelpPage["flags"] {
  return flags.flatMap(({ short, long, value, help }) =>
    help === undefined ? [] : [{
      ...(short === undefined ? {} : { short }),
      ...(long?.[0] === undefined ? {} : { long: long[0] }),
      ...(value === undefined ? {} : { value }),
      group: "Options",
      help,
    }]
  );
}
