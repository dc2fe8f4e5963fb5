/**
 * The command line of the listing.
 *
 * @module
 */
import { list } from "../commands/list.ts";
import type { Expr } from "../filter/ast.ts";
import type { Field } from "../filter/fields.ts";
import type { Writer } from "../text/writer.ts";
import { buildQuery } from "./build_query.ts";
import type { Command } from "./command.ts";
import { traceIfAsked } from "./common_flags.ts";
import { EXIT_INCOMPLETE, EXIT_OK } from "./exit.ts";
import type { HelpPage } from "./help.ts";
import { LIST_FLAGS } from "./list_flags.ts";
import { defaultOptions } from "./list_options.ts";
import { parseArguments } from "./parse.ts";
import { UsageError } from "./usage_error.ts";

/** Runs the listing, or answers --help and --version. */
export async function run(
  args: readonly string[],
  out: Writer,
  err: Writer,
  commands: readonly Command[],
): Promise<number> {
  const options = defaultOptions();
  const positional = parseArguments(args, LIST_FLAGS, options);
  out.keepsOn = options.requireComplete;
  if (options.help) {
    const { showHelp } = await import("./help.ts");
    const { FIELDS } = await import("../filter/fields.ts");
    return showHelp(listHelp(commands, FIELDS), out);
  }
  if (options.version) {
    const { versionLine } = await import("../version.ts");
    out.write(versionLine());
    out.flush();
    return EXIT_OK;
  }
  if (positional.length > 0) {
    // The parser of targets is loaded only if there are arguments. No filter begins like a target.
    const { looksLikeTarget } = await import("../commands/explain/target.ts");
    if (looksLikeTarget(positional[0]!)) {
      const explain = await import("./explain.ts");
      return explain.run(args, out, err);
    }
  }
  const query = buildQuery(options, await readFilter(positional, options.filters, commands));
  if (options.explainFilter) {
    const { explainFilter } = await import("../commands/explain_filter.ts");
    explainFilter(query, out);
    return EXIT_OK;
  }
  traceIfAsked(options, err);
  const complete = await list(query, options, out, err);
  return options.requireComplete && !complete ? EXIT_INCOMPLETE : EXIT_OK;
}

// The arguments that are not flags are one expression, however the shell split it.
async function readFilter(
  words: readonly string[],
  filters: readonly string[],
  commands: readonly Command[],
): Promise<Expr | null> {
  if (words.length === 0 && filters.length === 0) return null;
  const [only, ...more] = words;
  if (only !== undefined && more.length === 0 && /^[a-z][\w-]*$/i.test(only)) {
    const { fieldNamed } = await import("../filter/fields.ts");
    if (fieldNamed(only) === undefined && only.toLowerCase() !== "not") {
      throw new UsageError(await unknownWord(only, commands));
    }
  }
  const { parseFilters } = await import("../snapshot/parse_filter.ts");
  return parseFilters(words.length > 0 ? [words.join(" "), ...filters] : filters);
}

async function unknownWord(word: string, commands: readonly Command[]): Promise<string> {
  const { nearest } = await import("../text/nearest.ts");
  const meant = nearest(word, commands.map(({ name }) => name));
  return meant === undefined
    ? `there is no command "${word}", and no filter begins with it: sockeye --help lists both`
    : `there is no command "${word}": did you mean ${meant}?`;
}

/** The page of the listing. */
export function listHelp(commands: readonly Command[], fields: readonly Field[]): HelpPage {
  const sections: [heading: string, lines: readonly string[]][] = [];
  if (commands.length > 0) {
    sections.push([
      "Commands",
      commands.map(({ name, summary }) => `${name.padEnd(12)}${summary}`),
    ]);
  }
  sections.push(["Filter, such as 'sport = 80,443 and not process nginx'", filterHelp(fields)]);
  return {
    usage: "sockeye [FLAGS] [FILTER]",
    intro:
      "Shows every TCP, UDP and raw socket that can be talked to, and every process that holds it; other families when asked.",
    flags: LIST_FLAGS,
    sections,
    exit: "0 done, 2 wrong usage or an error, 3 incomplete (with --require-complete).",
  };
}

function filterHelp(fields: readonly Field[]): string[] {
  const names = fields.map(({ name, aliases }) => [name, ...aliases].join(", "));
  const width = Math.max(...names.map((name) => name.length));
  return [
    "FIELD [=|!=|<|<=|>|>=] VALUE[,VALUE], joined by and, or, not and parentheses; and binds tighter than or.",
    "A first word that is a field, not, ! or ( begins a filter. Asking for a state looks among all states.",
    ...fields.map(({ summary }, i) => `${names[i]!.padEnd(width)}  ${summary}`),
  ];
}
