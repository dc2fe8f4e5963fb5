/**
 * The command line: finds the command and runs it.
 *
 * @module
 */
import type { Writer } from "../views/text/writer.ts";
import { findCommand } from "./commands.ts";

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
    const { run } = await import("./list.ts");
    return run(args, out, err);
  }
  const { run } = await found.command.load();
  return run(found.args, out, err);
}
