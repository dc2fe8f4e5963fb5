/**
 * The entry point, and the only place where the process exits.
 *
 * Everything else is imported once the error handlers are in place, so that an error while a module loads is reported in one
 * line too, not as a stack trace.
 *
 * @module
 */
import { compileLazily } from "../ffi/jit.ts";
import { bugReport } from "./bug_report.ts";

/** Reports an error without our own writer, because that may be what failed. */
function giveUp(line: string): never {
  try {
    // deno-lint-ignore no-control-regex
    const plain = line.replace(/[\x00-\x1f\x7f-\x9f]/g, " ");
    process.getBuiltinModule("node:fs").writeSync(2, `sockeye: ${plain}\n`);
  } catch {
    // There is nowhere left to report to.
  }
  process.exit(2);
}

compileLazily();

process.on("uncaughtException", (error) => giveUp(bugReport(error)));
process.on("unhandledRejection", (error) => giveUp(bugReport(error)));

// The runtime has already read these variables, and they may have changed how this program works.
for (const name in process.env) {
  if (name.startsWith("BUN_JSC_")) {
    giveUp(`${name} is set, which changes the runtime inside of this program: unset it`);
  }
}

let status: number;
try {
  const { start } = await import("./start.ts");
  status = await start();
} catch (error) {
  giveUp(bugReport(error));
}
process.exit(status);
