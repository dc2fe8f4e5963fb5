/**
 * `sockeye lsof`: the command line of lsof.
 *
 * @module
 */
import { EtcNames } from "./names.ts";
import { listFiles } from "./run.ts";
import { FIELD_HELP } from "./layout/fields.ts";
import type { Writer } from "../../text/writer.ts";
import { LsofError } from "./arguments/error.ts";
import { parseLsof } from "./arguments/parse.ts";

/** Runs lsof mode. Returns the exit status that lsof has. Throws what the writers throw. */
export async function run(args: readonly string[], out: Writer, err: Writer): Promise<number> {
  const names = new EtcNames();
  let parsed: ReturnType<typeof parseLsof>;
  try {
    // lsof has no long options, but people try this one.
    parsed = args.length === 1 && args[0] === "--help" ? "help" : parseLsof(args, names);
  } catch (error) {
    if (!(error instanceof LsofError)) throw error;
    err.write(`lsof: ${error.message}\n`);
    err.flush();
    return 1;
  }
  // lsof tells of itself on standard error. --help is ours, so it does as the help of our commands.
  const teller = args[0] === "--help" ? out : err;
  switch (parsed) {
    case "help":
      teller.write((await import("./help.ts")).lsofHelp());
      break;
    case "fields":
      for (const [letter, help] of FIELD_HELP) teller.write(`${letter}  ${help}\n`);
      break;
    case "version": {
      const { VERSION } = await import("../../version.ts");
      teller.write(`sockeye ${VERSION}, lsof mode: what lsof 4.95 says of processes and sockets\n`);
      break;
    }
    default:
      if (args.includes("--trace")) (await import("../../trace/mod.ts")).startTrace(err);
      return await listFiles(parsed, names, isUnicode(process.env), out, err);
  }
  teller.flush();
  return 0;
}

/** True in a UTF-8 locale, by the variables that setlocale(3) reads. */
function isUnicode(environment: Readonly<Record<string, string | undefined>>): boolean {
  const locale = environment.LC_ALL || environment.LC_CTYPE || environment.LANG || "";
  return /\.utf-?8/i.test(locale);
}
