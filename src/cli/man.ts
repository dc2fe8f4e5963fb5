/**
 * The man page, made from the same pages as help and completions. It uses man(7) macros, which every man program reads.
 *
 * @module
 */
import type { DocumentedFlag } from "./flag.ts";
import type { HelpPage } from "./help.ts";
import type { CommandPage } from "./pages.ts";

/** Escapes text for roff: backslashes, dashes that are to be typed, and a dot or quote at the start of a line. */
function text(plain: string): string {
  return plain.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("…", "...")
    .replace(/^(?=[.'])/gm, "\\&");
}

/** Lines that are not to be joined. */
function literal(lines: readonly string[]): string {
  return `.PP\n.nf\n${lines.map((line) => `${text(line)}\n`).join("")}.fi\n`;
}

function flagEntry({ short, long, value, help }: DocumentedFlag): string {
  const names = [
    ...(short === undefined ? [] : [`\\fB\\-${text(short)}\\fR`]),
    ...(long === undefined ? [] : [`\\fB\\-\\-${text(long)}\\fR`]),
  ].join(", ");
  return `.TP\n${names}${value === undefined ? "" : ` \\fI${text(value)}\\fR`}\n${text(help)}\n`;
}

/** The flags under their headings. `heading` formats a heading. */
function flags(page: HelpPage, heading: (group: string) => string): string {
  return [...new Set(page.flags.map(({ group }) => group))].map((group) =>
    heading(group) +
    page.flags.filter((flag) => flag.group === group).map(flagEntry).join("")
  ).join("");
}

const sentence = (line: string): string => text(line.replaceAll("\n", " "));
const bold = (line: string): string => `.PP\n.B ${line}\n`;

/** The commands that are typed most, each with what it says. */
function examples({ examples = [] }: HelpPage): string {
  return examples.map(([command, says]) =>
    `.TP\n\\fB${text(command)}\\fR\n${text(`${says[0]!.toUpperCase()}${says.slice(1)}`)}.\n`
  ).join("");
}

function commandSection({ name, summary, link, page }: CommandPage): string {
  let out = `.SS sockeye ${text(name)}\n${
    text(`${summary[0]!.toUpperCase()}${summary.slice(1)}`)
  }.\n`;
  out += literal(page.usage.split("\n").map((line) => line.trim()));
  out += `.PP\n${sentence(page.intro)}\n`;
  if (link) out += `.PP\nA link to the program that is called\n.B ${text(name)}\nruns this mode.\n`;
  out += examples(page) + flags(page, () => "");
  for (const [heading, lines] of page.sections ?? []) {
    out += bold(`${text(heading)}:`) + literal(lines);
  }
  return `${out}.PP\nExit status: ${sentence(page.exit)}\n`;
}

/** The page sockeye(1). It has no date, so that the same program always gives the same page. */
export function manPage(
  version: string,
  list: HelpPage,
  commands: readonly CommandPage[],
): string {
  return `.\\" Made by scripts/man.ts from the flag tables; do not edit.
.TH SOCKEYE 1 "" "sockeye ${version}" "User Commands"
.SH NAME
sockeye \\- every socket of a host, every process that holds it, and how far it can be reached
.SH SYNOPSIS
.nf
${text(list.usage)}
${text("sockeye COMMAND [FLAGS] [ARGUMENTS]")}
.fi
.SH DESCRIPTION
${sentence(list.intro)}
.PP
What cannot be read is told on standard error, in the JSON, and by the exit status where it matters.
.SH EXAMPLES
${examples(list)}.SH OPTIONS
${flags(list, (group) => `.SS ${text(group)}\n`)}${
    (list.sections ?? []).map(([heading, lines]) =>
      `.SH ${text(heading.split(",")[0]!.toUpperCase())}\n${text(heading)}.\n${literal(lines)}`
    ).join("")
  }.SH COMMANDS
${commands.map(commandSection).join("")}.SH EXIT STATUS
${sentence(list.exit)}
Commands that compare exit with 1 when they found a difference or a violation.
The modes ss, netstat and lsof exit as the originals do.
.SH ENVIRONMENT
.TP
.B NO_COLOR
When set and not empty: no colour, unless \\fB\\-\\-color=always\\fR asks for it.
.TP
.B BUN_JSC_*
Would change the runtime inside of the program; while one is set, sockeye refuses to run.
.PP
The variables that make other programs of this runtime run code, BUN_BE_BUN, BUN_OPTIONS and NODE_OPTIONS, do nothing.
LD_PRELOAD and its relatives are the dynamic loader's and work as with every program.
.SH SECURITY
Run it by
.BR sudo (8)
where more is to be seen.
Do not give the file capabilities and do not make it setuid: it notices and refuses to run, because the runtime reads its
environment before the program begins.
.SH SEE ALSO
.BR ss (8),
.BR netstat (8),
.BR lsof (8),
.BR sock_diag (7),
.BR proc (5)
`;
}
