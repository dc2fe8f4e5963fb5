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
  /** What is typed most, and what it says. */
  readonly examples?: readonly (readonly [command: string, says: string])[];
  readonly intro: string;
  readonly flags: readonly DocumentedFlag[];
  /** Completions of the arguments that are not flags: files, what the host has, or one of these words. Absent: none. */
  readonly arguments?: "files" | "targets" | readonly string[];
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

/** Every terminal is at least so wide. */
const WIDTH = 80;
/** Flags that take more room have their text below them. */
const SYNOPSIS = 24;

/** The text of `--help`, for a terminal of 80 columns. With `brief`, flags that few people need are left out. */
export function helpText(page: HelpPage, brief = false): string {
  const flags = page.flags.filter(({ rare }) => !brief || rare !== true);
  const width = Math.min(SYNOPSIS, Math.max(...flags.map((flag) => synopsis(flag).length)));
  let text = page.usage.split("\n").map((line, i) =>
    `${wrapped(i === 0 ? `Usage: ${line}` : `       ${line.trim()}`, 9)}\n`
  ).join("");
  text += examplesText(page);
  text += `\n${wrapped(page.intro.replaceAll("\n", " "), 0)}\n`;
  for (const group of new Set(flags.map((flag) => flag.group))) {
    text += `\n${group}:\n`;
    for (const flag of flags.filter((flag) => flag.group === group)) {
      const name = synopsis(flag);
      const at = width + 4;
      text += name.length <= width
        ? `${wrapped(`  ${name.padEnd(width)}  ${flag.help}`, at)}\n`
        : `  ${name}\n${wrapped(`${" ".repeat(at)}${flag.help}`, at)}\n`;
    }
  }
  for (const [heading, lines] of page.sections ?? []) text += sectionText(heading, lines);
  return `${text}\n${wrapped(`Exit status: ${page.exit}`, 2)}\n`;
}

/** A heading, and its lines below it. A line goes on below the last column that it has. */
export function sectionText(heading: string, lines: readonly string[]): string {
  const body = lines.map((line) => {
    const last = /^\S.*  +(?=\S)/.exec(line)?.[0].length ?? 2;
    return `${wrapped(`  ${line}`, last > 52 ? 4 : last + 2)}\n`;
  });
  return `\n${heading}:\n${body.join("")}`;
}

function examplesText({ examples = [] }: HelpPage): string {
  if (examples.length === 0) return "";
  const width = Math.max(...examples.map(([command]) => command.length));
  return sectionText(
    "Examples",
    examples.map(([command, says]) => `${command.padEnd(width)}  ${says}`),
  );
}

/** Text broken at blanks to lines of 80 columns, each but the first with an indent. A word that is longer stands out. */
function wrapped(text: string, indent: number): string {
  const lines: string[] = [];
  let line = "";
  // Blanks in front of the first line, and between columns, stay as they are.
  for (const part of text.match(/ *[^ ]+/g) ?? []) {
    if (line !== "" && line.length + part.length > WIDTH) {
      lines.push(line);
      line = " ".repeat(indent) + part.trimStart();
    } else line += part;
  }
  return [...lines, line].join("\n");
}

/** Answers `--help`. Returns the exit status. Throws what the writer throws. */
export function showHelp(page: HelpPage, out: Writer, brief = false): number {
  out.write(helpText(page, brief));
  out.flush();
  return EXIT_OK;
}
