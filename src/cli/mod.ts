/**
 * The command line: finds the command and runs it.
 *
 * @module
 */
import type { Writer } from "../views/text/writer.ts";
import { findCommand } from "./commands.ts";
import { EXIT_OK } from "./exit.ts";

/**
 * Runs what the arguments ask for. `link` is the name the program was called by. Returns the exit status. Throws
 * UsageError, and what commands throw.
 */
export async function run(
  link: string,
  args: readonly string[],
  out: Writer,
  err: Writer,
): Promise<number> {
  const found = findCommand(link, args);
  if (found === undefined) {
    // The one answer that needs nothing of the listing: asked for often, by scripts that want to know what is there.
    if (args.length === 1 && (args[0] === "--version" || args[0] === "-V")) {
      const { versionLine } = await import("../version.ts");
      out.write(versionLine());
      out.flush();
      return EXIT_OK;
    }
    const { run } = await import("./list.ts");
    return run(args, out, err);
  }
  const { run } = await found.command.load();
  return run(found.args, out, err);
}
