/**
 * Entry: the only process exit.
 *
 * The rest is imported only when this file runs, so that what fails while a module is loaded is told in one line too, and
 * not as a trace of the runtime's.
 *
 * @module
 */
import { compileLazily } from "../ffi/jit.ts";
import { bugReport } from "./bug_report.ts";

/** The last resort: our own writer may be what failed. */
function giveUp(line: string): never {
  try {
    // deno-lint-ignore no-control-regex
    const plain = line.replace(/[\x00-\x1f\x7f-\x9f]/g, " ");
    process.getBuiltinModule("node:fs").writeSync(2, `sockeye: ${plain}\n`);
  } catch {
    // Nobody is left to tell.
  }
  process.exit(2);
}

compileLazily();

process.on("uncaughtException", (error) => giveUp(bugReport(error)));
process.on("unhandledRejection", (error) => giveUp(bugReport(error)));

// The runtime has obeyed it already, and nobody knows what it did to the answer.
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
