/**
 * Help: the page of a command, and its text, made from the flag table.
 *
 * @module
 */
import type { Writer } from "../text/writer.ts";
import { EXIT_OK } from "./exit.ts";
import type { DocumentedFlag } from "./flag.ts";

/** The page of a command. */
export interface HelpPage {
  /** The text after `Usage: `. */
  readonly usage: string;
  readonly intro: string;
  readonly flags: readonly DocumentedFlag[];
  /** Completions of the arguments that are not flags: files, or one of these words. Absent: none. */
  readonly arguments?: "files" | readonly string[];
  /** Sections after the flags: the heading and the lines of each. */
  readonly sections?: readonly (readonly [heading: string, lines: readonly string[]])[];
  /** The exit statuses, shown last. */
  readonly exit: string;
}

function synopsis({ short, long, value }: DocumentedFlag): string {
  const names = long === undefined
    ? `-${short}`
    : `${short === undefined ? "    " : `-${short}, `}--${long}`;
  return value === undefined ? names : `${names} ${value}`;
}

/** The text of `--help`. */
export function helpText(page: HelpPage): string {
  const width = Math.max(...page.flags.map((flag) => synopsis(flag).length));
  let text = `Usage: ${page.usage}\n\n${page.intro}\n`;
  for (const group of new Set(page.flags.map((flag) => flag.group))) {
    text += `\n${group}:\n`;
    for (const flag of page.flags.filter((flag) => flag.group === group)) {
      text += `  ${synopsis(flag).padEnd(width)}  ${flag.help}\n`;
    }
  }
  for (const [heading, lines] of page.sections ?? []) {
    text += `\n${heading}:\n${lines.map((line) => `  ${line}\n`).join("")}`;
  }
  return `${text}\nExit status: ${page.exit}\n`;
}

/** Answers `--help`. Returns the exit status. Throws what the writer throws. */
export function showHelp(page: HelpPage, out: Writer): number {
  out.write(helpText(page));
  out.flush();
  return EXIT_OK;
}
