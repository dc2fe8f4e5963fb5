/**
 * Entry: wires standard output and error, and turns whatever happens into an exit status. The only process exit.
 *
 * @module
 */
import { SyscallError } from "../ffi/errno.ts";
import { EXIT_ERROR, EXIT_OK } from "./cli/exit.ts";
import { run } from "./cli/mod.ts";
import { UsageError } from "./cli/usage_error.ts";
import { FilterSyntaxError, formatFilterError } from "./filter/errors.ts";
import { NetlinkError } from "./netlink/error.ts";
import { NoSuchNamespace } from "./query.ts";
import { sanitize } from "./views/text/sanitize.ts";
import { BrokenPipe, Writer } from "./views/text/writer.ts";

/** One line for a person; an error nobody foresaw says where to take it. */
function describe(error: unknown): string {
  // Three lines, made harmless there: carets under the offending word.
  if (error instanceof FilterSyntaxError) return formatFilterError(error);
  if (
    error instanceof UsageError || error instanceof SyscallError ||
    error instanceof NetlinkError || error instanceof NoSuchNamespace
  ) {
    return sanitize(error.message);
  }
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return `this is a bug, please report it with the command line and the output of --version: ${
    sanitize(what)
  }`;
}

async function main(): Promise<number> {
  const out = new Writer(1, "standard output");
  const err = new Writer(2, "standard error");
  try {
    const link = process.argv0.slice(process.argv0.lastIndexOf("/") + 1);
    return await run(link, process.argv.slice(2), out, err);
  } catch (error) {
    if (error instanceof BrokenPipe) return EXIT_OK;
    try {
      err.write(`sockeye: ${describe(error)}\n`);
      err.flush();
    } catch {
      // Nobody is left to tell.
    }
    return EXIT_ERROR;
  }
}

process.exit(await main());
