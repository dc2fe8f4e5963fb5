/**
 * The command line of `sockeye doctor`.
 *
 * @module
 */
import { doctor } from "../commands/doctor/mod.ts";
import type { ColorChoice } from "../text/color.ts";
import type { Writer } from "../text/writer.ts";
import { COLOR_FLAG, HELP_FLAG, TRACE_FLAG, traceIfAsked } from "./common_flags.ts";
import { EXIT_OK } from "./exit.ts";
import type { Flag } from "./flag.ts";
import { type HelpPage, showHelp } from "./help.ts";
import { parseArguments } from "./parse.ts";
import { UsageError } from "./usage_error.ts";

interface Options {
  json: boolean;
  color: ColorChoice;
  trace: boolean;
  help: boolean;
}

/** The flag table. */
const DOCTOR_FLAGS: readonly Flag<Options>[] = [
  {
    long: "json",
    group: "Output",
    help: "one JSON document",
    set: (options) => {
      options.json = true;
    },
  },
  COLOR_FLAG,
  TRACE_FLAG,
  HELP_FLAG,
];

/** The page that --help, man page and completions are made from. */
export const HELP: HelpPage = {
  usage: "sockeye doctor [FLAGS]",
  intro:
    "Says what can be seen on this host as this user: sources, capabilities, namespaces; and what to change to see more.",
  flags: DOCTOR_FLAGS,
  exit: "0 done, 2 wrong usage or an error.",
};

/** Runs the command. Throws UsageError, and SyscallError if /proc cannot be listed. */
export function run(args: readonly string[], out: Writer, err: Writer): number {
  const options: Options = { json: false, color: "auto", trace: false, help: false };
  const [extra] = parseArguments(args, DOCTOR_FLAGS, options);
  if (extra !== undefined && !options.help) {
    throw new UsageError(`doctor takes no argument: "${extra}" was given`);
  }
  if (options.help) return showHelp(HELP, out);
  traceIfAsked(options, err);
  doctor(options.json, options.color, out);
  return EXIT_OK;
}
