/**
 * The command line of `sockeye snapshot`.
 *
 * @module
 */
import { snapshot } from "../commands/snapshot.ts";
import type { Writer } from "../text/writer.ts";
import {
  HELP_FLAG,
  OWN_NETNS_FLAG,
  TRACE_FLAG,
  traceIfAsked,
  VERBOSE_FLAG,
} from "./common_flags.ts";
import { EXIT_INCOMPLETE, EXIT_OK } from "./exit.ts";
import type { Flag } from "./flag.ts";
import { type HelpPage, showHelp } from "./help.ts";
import { parseArguments } from "./parse.ts";
import { UsageError } from "./usage_error.ts";

interface Options {
  connections: boolean;
  ownNetns: boolean;
  requireComplete: boolean;
  verbose: boolean;
  trace: boolean;
  help: boolean;
}

/** The flag table. */
const SNAPSHOT_FLAGS: readonly Flag<Options>[] = [
  {
    long: "all",
    short: "a",
    group: "What to keep",
    help: "connections as well, not only services",
    set: (options) => {
      options.connections = true;
    },
  },
  OWN_NETNS_FLAG,
  {
    long: "require-complete",
    group: "Output",
    help: "status 3 when something could not be read",
    set: (options) => {
      options.requireComplete = true;
    },
  },
  VERBOSE_FLAG,
  TRACE_FLAG,
  HELP_FLAG,
];

/** The page that --help, man page and completions are made from. */
export const HELP: HelpPage = {
  usage: "sockeye snapshot [FLAGS] > HOST.json",
  intro: "Writes every service of this host as JSON, to keep and to compare with.",
  flags: SNAPSHOT_FLAGS,
  exit: "0 done, 2 wrong usage or an error, 3 incomplete (with --require-complete).",
};

/** Runs the command. Throws UsageError, and what collecting throws. */
export async function run(
  args: readonly string[],
  out: Writer,
  err: Writer,
): Promise<number> {
  const options: Options = {
    connections: false,
    ownNetns: false,
    requireComplete: false,
    verbose: false,
    trace: false,
    help: false,
  };
  const [extra] = parseArguments(args, SNAPSHOT_FLAGS, options);
  out.keepsOn = options.requireComplete;
  if (options.help) return showHelp(HELP, out);
  traceIfAsked(options, err);
  if (extra !== undefined) {
    throw new UsageError(
      `snapshot takes no argument: "${extra}" was given; it writes to standard output`,
    );
  }
  const complete = await snapshot(options, out, err);
  return options.requireComplete && !complete ? EXIT_INCOMPLETE : EXIT_OK;
}
