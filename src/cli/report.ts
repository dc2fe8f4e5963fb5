/**
 * The command line of `sockeye report`.
 *
 * @module
 */
import { report, REPORT_FORMATS, type ReportFormat } from "../commands/report.ts";
import type { ColorChoice } from "../text/color.ts";
import type { Writer } from "../text/writer.ts";
import { COLOR_FLAG, HELP_FLAG, VERBOSE_FLAG } from "./common_flags.ts";
import { EXIT_OK } from "./exit.ts";
import type { Flag } from "./flag.ts";
import { type HelpPage, showHelp } from "./help.ts";
import { parseArguments } from "./parse.ts";
import { UsageError } from "./usage_error.ts";

interface Options {
  format: ReportFormat;
  color: ColorChoice;
  verbose: boolean;
  help: boolean;
}

/** The flag table. */
const REPORT_FLAGS: readonly Flag<Options>[] = [
  {
    long: "format",
    value: "FORMAT",
    choices: REPORT_FORMATS,
    group: "Output",
    help: "text (a table), json, or html (one page that loads nothing)",
    set: (options, value) => {
      options.format = value as ReportFormat;
    },
  },
  {
    long: "json",
    group: "Output",
    help: "the same as --format json",
    set: (options) => {
      options.format = "json";
    },
  },
  {
    long: "html",
    group: "Output",
    help: "the same as --format html",
    set: (options) => {
      options.format = "html";
    },
  },
  COLOR_FLAG,
  { ...VERBOSE_FLAG, help: "name on standard error what could not be read on each host" },
  HELP_FLAG,
];

/** The page that --help, man page and completions are made from. */
export const HELP: HelpPage = {
  usage: "sockeye report [FLAGS] HOST.json...",
  intro: "Joins the snapshots of many hosts: which service is on which host, and who holds it.",
  flags: REPORT_FLAGS,
  arguments: "files",
  exit: "0 done, 2 wrong usage or an error.",
};

/** Runs the command. Throws UsageError and InputError. */
export async function run(args: readonly string[], out: Writer, err: Writer): Promise<number> {
  const options: Options = { format: "text", color: "auto", verbose: false, help: false };
  const files = parseArguments(args, REPORT_FLAGS, options);
  if (options.help) return showHelp(HELP, out);
  if (files.length === 0) {
    throw new UsageError("report wants snapshots, none was given: sockeye report HOST.json...");
  }
  await report({ ...options, files }, out, err);
  return EXIT_OK;
}
