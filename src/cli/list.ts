/**
 * The listing's command line.
 *
 * @module
 */
import { list } from "../commands/list.ts";
import type { Writer } from "../views/text/writer.ts";
import { buildQuery } from "./build_query.ts";
import { EXIT_INCOMPLETE, EXIT_OK } from "./exit.ts";
import type { HelpPage } from "./help.ts";
import { LIST_FLAGS } from "./list_flags.ts";
import { defaultOptions } from "./list_options.ts";
import { parseArguments } from "./parse.ts";
import { UsageError } from "./usage_error.ts";

/** Runs the listing, or answers --help and --version. */
export async function run(args: readonly string[], out: Writer, err: Writer): Promise<number> {
  const options = defaultOptions();
  const positional = parseArguments(args, LIST_FLAGS, options);
  if (options.help) {
    const { helpText } = await import("./help.ts");
    const { COMMANDS } = await import("./commands.ts");
    out.write(
      helpText(listHelp(COMMANDS.map(({ name, summary }) => `${name.padEnd(12)}${summary}`))),
    );
    out.flush();
    return EXIT_OK;
  }
  if (options.version) {
    const { COMMIT, VERSION } = await import("../version.ts");
    out.write(`sockeye ${VERSION}${COMMIT === null ? "" : ` (${COMMIT})`}\n`);
    out.flush();
    return EXIT_OK;
  }
  if (positional.length > 0) {
    throw new UsageError(
      `there is no command "${
        positional[0]
      }": sockeye --help lists them; a port is selected by --port`,
    );
  }
  const complete = await list(buildQuery(options), options, out, err);
  return options.requireComplete && !complete ? EXIT_INCOMPLETE : EXIT_OK;
}

/** What --help says. `commands` are lines. */
export function listHelp(commands: readonly string[]): HelpPage {
  return {
    usage: "sockeye [FLAGS]",
    intro:
      "Shows every TCP, UDP and raw socket that can be talked to, and every process that holds it; other families when asked.",
    flags: LIST_FLAGS,
    ...(commands.length > 0 ? { sections: [["Commands", commands]] as const } : {}),
    exit: "0 done, 2 wrong usage or an error, 3 incomplete (with --require-complete).",
  };
}
