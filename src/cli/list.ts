/**
 * The command line of the listing.
 *
 * @module
 */
import type { FieldChoice } from "../commands/field_list.ts";
import { list } from "../commands/list.ts";
import type { Target } from "../commands/explain/target.ts";
import type { Expr } from "../filter/ast.ts";
import type { Field } from "../filter/fields.ts";
import type { Writer } from "../text/writer.ts";
import { buildQuery } from "./build_query.ts";
import type { Command } from "./command.ts";
import { traceIfAsked } from "./common_flags.ts";
import { EXIT_INCOMPLETE, EXIT_OK } from "./exit.ts";
import type { HelpPage } from "./help.ts";
import { LIST_FLAGS } from "./list_flags.ts";
import { defaultOptions, type ListOptions } from "./list_options.ts";
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
    return showHelp(listHelp(commands), out, true);
  }
  if (options.version) return version(out);
  if (options.columns === "help") {
    const { columnsHelp } = await import("./list_fields.ts");
    out.write(columnsHelp());
    out.flush();
    return EXIT_OK;
  }
  let targets: readonly Target[] | null = null;
  if (positional.length > 0) {
    const [first, ...rest] = positional as [string, ...string[]];
    if (first === "help") return helpOn(rest, out, err, commands);
    if (first === "version" && rest.length === 0) return version(out);
    // What reads targets is loaded only if there are arguments.
    const { explainOptions, targetsOf, withTransports } = await import("./list_words.ts");
    targets = targetsOf(positional, commands);
    const how = targets === null ? null : explainOptions(options);
    if (targets !== null && how !== null) {
      traceIfAsked(options, err);
      out.keepsOn = true;
      const { explainTargets } = await import("./explain.ts");
      return explainTargets(withTransports(targets, options.transports), how, out, err);
    }
  }
  const live = options.replay === null;
  const filter = targets === null
    ? await readFilter(positional, options.filters, live)
    : await filterOf(targets, options, live);
  const query = buildQuery(options, filter);
  const fields = await fieldsOf(options);
  if (options.explainFilter) {
    const { explainFilter } = await import("../commands/explain_filter.ts");
    explainFilter(query, out);
    return EXIT_OK;
  }
  traceIfAsked(options, err);
  const complete = await list(query, { ...options, fields }, out, err);
  return options.requireComplete && !complete ? EXIT_INCOMPLETE : EXIT_OK;
}

// What knows the columns is loaded only if one was asked for.
async function fieldsOf(options: ListOptions): Promise<FieldChoice | null> {
  const { columns, sort, count, groupBy, format } = options;
  const usual = columns === null && sort.length === 0 && !count && groupBy.length === 0;
  if (usual && (format === "text" || format === "json" || format === "ndjson")) return null;
  const { listFields } = await import("./list_fields.ts");
  return listFields(options);
}

async function version(out: Writer): Promise<number> {
  const { versionLine } = await import("../version.ts");
  out.write(versionLine());
  out.flush();
  return EXIT_OK;
}

/** `sockeye help`, and `sockeye help COMMAND`, `help filters` and `help flags`. */
async function helpOn(
  words: readonly string[],
  out: Writer,
  err: Writer,
  commands: readonly Command[],
): Promise<number> {
  const [name] = words;
  if (name === undefined) return run(["--help"], out, err, commands);
  const { sectionText, showHelp } = await import("./help.ts");
  if (words.length === 1 && name === "flags") return showHelp(listHelp([]), out);
  if (words.length === 1 && (name === "filters" || name === "filter")) {
    const { FIELDS } = await import("../filter/fields.ts");
    out.write(sectionText(...filterSection(FIELDS)).trimStart());
    out.flush();
    return EXIT_OK;
  }
  const command = commands.find((command) => command.name === name);
  if (command === undefined || words.length > 1) {
    const { nearest } = await import("../text/nearest.ts");
    const meant = nearest(name, [...commands.map(({ name }) => name), "filters", "flags"]);
    throw new UsageError(
      `help ${words.join(" ")}: expected one command${
        meant === undefined ? "; sockeye --help lists them" : `: did you mean ${meant}?`
      }`,
    );
  }
  return showHelp((await command.help()).HELP, out);
}

// The arguments that are not flags are one expression, however the shell split it.
async function readFilter(
  words: readonly string[],
  filters: readonly string[],
  live: boolean,
): Promise<Expr | null> {
  if (words.length === 0 && filters.length === 0) return null;
  const { parseFilters } = await import("../snapshot/parse_filter.ts");
  return parseFilters(words.length > 0 ? [words.join(" "), ...filters] : filters, live);
}

// Targets beside flags that only the listing has select sockets.
async function filterOf(
  targets: readonly Target[],
  options: ListOptions,
  live: boolean,
): Promise<Expr> {
  const { targetFamilies, targetFilter } = await import("./target_filter.ts");
  const { all } = await import("../filter/ast.ts");
  if (options.families.length === 0) options.families.push(...targetFamilies(targets));
  const more = await readFilter([], options.filters, live);
  return all([targetFilter(targets, live), ...more === null ? [] : [more]]);
}

/** The page of the listing. */
export function listHelp(commands: readonly Command[]): HelpPage {
  return {
    usage: "sockeye [FLAGS] [TARGET… | FILTER]",
    examples: [
      ["sockeye", "what listens, where, and who holds it"],
      ["sockeye 8080", "who is behind a port, and who reaches it"],
      ["sockeye nginx", "the same of a program, unit or container"],
      ["sockeye -a 'dst 10.0.0.0/8'", "connections to a network"],
      ["sockeye -a --group-by state,process", "how many connections in which state"],
    ],
    intro:
      "Shows every TCP, UDP and raw socket that accepts connections or datagrams, and every process that has it open; other families on request.",
    flags: LIST_FLAGS,
    sections: commands.length === 0 ? [] : [
      ["Commands", commands.map(({ name, summary }) => `${name.padEnd(12)}${summary}`)],
      ["More", [
        "sockeye help COMMAND  about a command",
        "sockeye help filters  the words of filters, such as 'sport = 443 and not user root'",
        "sockeye help flags    every flag of the listing",
        "sockeye -o help       the columns that there are",
      ]],
    ],
    exit: "0 done, 2 wrong usage or an error, 3 incomplete (with --require-complete).",
  };
}

/** The words of filters: a heading and lines. */
export function filterSection(
  fields: readonly Field[],
): readonly [heading: string, lines: readonly string[]] {
  const names = fields.map(({ name, aliases }) => [name, ...aliases].join(", "));
  const width = Math.max(...names.map((name) => name.length));
  return ["Filter, such as 'sport = 80,443 and not process nginx'", [
    "FIELD [=|!=|<|<=|>|>=] VALUE[,VALUE], joined by and, or, not and parentheses; and binds tighter than or.",
    "A first word that is a field, not, ! or ( begins a filter. Asking for a state or for the other end looks among all sockets.",
    "tcp, udp, udplite, sctp, dccp, mptcp, icmp and raw are conditions by themselves: udp is transport = udp.",
    ...fields.map(({ summary }, i) => `${names[i]!.padEnd(width)}  ${summary}`),
  ]];
}
