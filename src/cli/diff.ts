/**
 * The command line of `sockeye diff`.
 *
 * @module
 */
import { diff, type DiffOutcome } from "../commands/diff.ts";
import type { ColorChoice } from "../text/color.ts";
import type { Writer } from "../text/writer.ts";
import {
  COLOR_FLAG,
  HELP_FLAG,
  OWN_NETNS_FLAG,
  TRACE_FLAG,
  traceIfAsked,
  VERBOSE_FLAG,
} from "./common_flags.ts";
import { EXIT_DIFFERENT, EXIT_INCOMPLETE, EXIT_OK } from "./exit.ts";
import type { Flag } from "./flag.ts";
import { type HelpPage, showHelp } from "./help.ts";
import { parseArguments } from "./parse.ts";
import { UsageError } from "./usage_error.ts";

interface Options {
  ownNetns: boolean;
  json: boolean;
  color: ColorChoice;
  verbose: boolean;
  trace: boolean;
  help: boolean;
}

/** The flag table. */
const DIFF_FLAGS: readonly Flag<Options>[] = [
  OWN_NETNS_FLAG,
  {
    long: "json",
    group: "Output",
    help: "as one JSON document",
    set: (options) => {
      options.json = true;
    },
  },
  COLOR_FLAG,
  VERBOSE_FLAG,
  TRACE_FLAG,
  HELP_FLAG,
];

const STATUS: Readonly<Record<DiffOutcome, number>> = {
  same: EXIT_OK,
  different: EXIT_DIFFERENT,
  undecided: EXIT_INCOMPLETE,
};

/** The page that --help, man page and completions are made from. */
export const HELP: HelpPage = {
  usage: "sockeye diff [FLAGS] OLD [NEW]",
  intro: "Compares a snapshot with another one, or with this host now: which services appeared,\n" +
    "vanished or changed. Either file may be -, which is standard input.",
  flags: DIFF_FLAGS,
  arguments: "files",
  exit: "0 the same, 1 different, 2 wrong usage or an error, 3 undecided: a side is incomplete.",
};

/** Runs the command. Throws UsageError, InputError, and what collecting throws. */
export async function run(
  args: readonly string[],
  out: Writer,
  err: Writer,
): Promise<number> {
  const options: Options = {
    ownNetns: false,
    json: false,
    color: "auto",
    verbose: false,
    trace: false,
    help: false,
  };
  const files = parseArguments(args, DIFF_FLAGS, options);
  out.keepsOn = true;
  if (options.help) return showHelp(HELP, out);
  traceIfAsked(options, err);
  const [before, after, extra] = files;
  if (before === undefined || extra !== undefined) {
    throw new UsageError(
      `diff wants one or two files, ${files.length} were given: sockeye diff OLD [NEW]`,
    );
  }
  const { ownNetns, json, color, verbose } = options;
  const outcome = await diff(
    { before, after: after ?? null, ownNetns, json, color, verbose, connections: false },
    out,
    err,
  );
  return STATUS[outcome];
}
