/**
 * Start: opens standard output and standard error, runs the command line, and turns every outcome into an exit status.
 *
 * @module
 */
import { wasClosedAtStart } from "../ffi/files.ts";
import { whyNoCalls } from "../ffi/libc.ts";
import { gainedPrivileges, realUserId } from "../ffi/process.ts";
import { EXIT_ERROR, EXIT_OK } from "./cli/exit.ts";
import { run } from "./program.ts";
import { BrokenPipe, Writer } from "./text/writer.ts";

/** Why the program refuses to run with the privileges it was given; `null` if it does not. */
function refusal(): string | null {
  // The kernel also sets the flag when a security module confines a service that root starts. No one gains rights by that.
  if (gainedPrivileges() && realUserId() !== 0) {
    return "file capabilities or the setuid bit give this file rights, and the runtime in it trusts the environment of " +
      "the user who starts it: take them away and run it by sudo";
  }
  return null;
}

/** Runs the command line. Returns the exit status. */
export async function start(): Promise<number> {
  // A closed output is an error like a full disk, so that an answer that was not written is not taken for an empty one.
  const out = new Writer(1, "standard output");
  out.isClosed = whyNoCalls === null && wasClosedAtStart(1);
  const err = new Writer(2, "standard error");
  // Closing standard error must not stop the answer on standard output.
  err.keepsOn = true;
  try {
    const refused = refusal();
    if (refused !== null) {
      err.write(`sockeye: ${refused}\n`);
      err.flush();
      return EXIT_ERROR;
    }
    if (whyNoCalls !== null) {
      err.write(`sockeye: the kernel cannot be asked here, so only /proc is read: ${whyNoCalls}\n`);
      err.flush();
    }
    const link = process.argv0.slice(process.argv0.lastIndexOf("/") + 1);
    return await run(link, process.argv.slice(2), out, err);
  } catch (error) {
    if (error instanceof BrokenPipe) return EXIT_OK;
    try {
      const { errorLine } = await import("./error_line.ts");
      err.write(`sockeye: ${errorLine(error)}\n`);
      err.flush();
    } catch {
      // There is nowhere left to report to.
    }
    return EXIT_ERROR;
  }
}
