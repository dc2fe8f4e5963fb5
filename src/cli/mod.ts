/**
 * The command line: arguments to a command, and its outcome to an exit status.
 *
 * @module
 */
import { list } from "../commands/list.ts";
import type { Writer } from "../views/text/writer.ts";
import { buildQuery } from "./build_query.ts";
import { EXIT_INCOMPLETE, EXIT_OK } from "./exit.ts";
import { FLAGS } from "./flags.ts";
import { defaultOptions } from "./options.ts";
import { parseArguments } from "./parse.ts";
import { UsageError } from "./usage_error.ts";

/** Runs what the arguments ask for. Returns the exit status. Throws UsageError, and what commands throw. */
export async function run(args: readonly string[], out: Writer, err: Writer): Promise<number> {
  const options = defaultOptions();
  const positional = parseArguments(args, FLAGS, options);
  if (options.help) {
    const { helpText } = await import("./help.ts");
    out.write(helpText());
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
      `"${positional[0]}" is not a flag; to select a port say --port ${positional[0]}`,
    );
  }
  const complete = await list(buildQuery(options), options, out, err);
  return options.requireComplete && !complete ? EXIT_INCOMPLETE : EXIT_OK;
}
