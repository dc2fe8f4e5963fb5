/**
 * The command line of `sockeye watch`.
 *
 * @module
 */
import { looksLikeTarget, type Target } from "../commands/explain/target.ts";
import { watch } from "../commands/watch.ts";
import { all, any, type Expr } from "../filter/ast.ts";
import { unanswerable } from "../filter/needs.ts";
import { single } from "../filter/ranges.ts";
import { type Rung, RUNGS } from "../model/event.ts";
import { parseFilters } from "../snapshot/parse_filter.ts";
import type { ColorChoice } from "../text/color.ts";
import type { Writer } from "../text/writer.ts";
import { COLOR_FLAG, HELP_FLAG, OWN_NETNS_FLAG } from "./common_flags.ts";
import { parseDuration } from "./duration.ts";
import { EXIT_INCOMPLETE, EXIT_OK } from "./exit.ts";
import type { Flag } from "./flag.ts";
import { type HelpPage, showHelp } from "./help.ts";
import { parseArguments } from "./parse.ts";
import { targetFilter } from "./target_filter.ts";
import { readTargets } from "./targets.ts";
import { UsageError } from "./usage_error.ts";

interface Options {
  json: boolean;
  listen: boolean;
  existing: boolean;
  summary: boolean;
  forMs: number | null;
  count: number | null;
  requireComplete: boolean;
  source: Rung;
  ownNetns: boolean;
  color: ColorChoice;
  header: boolean;
  verbose: boolean;
  help: boolean;
}

/** The flag table. */
const WATCH_FLAGS: readonly Flag<Options>[] = [
  {
    long: "listen",
    short: "l",
    group: "What to show",
    help: "only services that come and go",
    set: (options) => {
      options.listen = true;
    },
  },
  {
    long: "existing",
    group: "What to show",
    help: "list the sockets that exist already first",
    set: (options) => {
      options.existing = true;
    },
  },
  {
    long: "summary",
    short: "s",
    group: "What to show",
    help: "a summary at the end, of who did how much with whom, instead of a line for each event",
    set: (options) => {
      options.summary = true;
    },
  },
  { ...OWN_NETNS_FLAG, help: "only this network namespace, and not all that the kernel tells of" },
  {
    long: "for",
    value: "DURATION",
    group: "When to end",
    help: "after this time: 500ms, 30s, 2m, 1h",
    set: (options, value) => {
      options.forMs = parseDuration("--for", value);
    },
  },
  {
    long: "count",
    short: "n",
    value: "NUMBER",
    group: "When to end",
    help: "after so many events",
    set: (options, value) => {
      const count = Number(value);
      if (!/^\d+$/.test(value) || count < 1 || !Number.isSafeInteger(count)) {
        throw new UsageError(`--count ${value}: expected a number of events, from 1`);
      }
      options.count = count;
    },
  },
  {
    long: "json",
    group: "Output",
    help: "a header line, then one JSON object per event, each on its line",
    set: (options) => {
      options.json = true;
    },
  },
  {
    long: "no-header",
    group: "Output",
    help: "leave out the line with the names of the columns",
    set: (options) => {
      options.header = false;
    },
  },
  COLOR_FLAG,
  {
    long: "require-complete",
    group: "Other",
    help: "exit with 3 when events were lost",
    set: (options) => {
      options.requireComplete = true;
    },
  },
  {
    long: "source",
    value: "SOURCE",
    choices: RUNGS,
    group: "Other",
    help: "the best source to try: all, tracepoints, cgroup, perf, destroy or scan",
    set: (options, value) => {
      options.source = value as Rung;
    },
  },
  {
    long: "verbose",
    short: "v",
    group: "Other",
    help: "say where events come from, what that does not show, and why",
    set: (options) => {
      options.verbose = true;
    },
  },
  HELP_FLAG,
];

/** The page that --help, man page and completions are made from. */
export const HELP: HelpPage = {
  usage: "sockeye watch [FLAGS] [FILTER]",
  intro:
    "Shows what happens to sockets, and which process does it: open, bind, listen, connect, accept, send, close. Ctrl-C ends it.\n" +
    "sockeye watch 'udp and dst 10.0.0.53' says who sends UDP there, however short it lives.",
  flags: WATCH_FLAGS,
  sections: [["Filter", [
    "The same filters as for the listing: see sockeye help filters. A target such as 8080, tcp/443, pid:80 or nginx.service does as well.",
    "Events have no state, reach, inode, mark, device, control group or number of owners, so a filter cannot ask for them.",
  ]]],
  exit: "0 done, 2 wrong usage or an error, 3 events were lost (with --require-complete).",
};

/** Runs the command. Throws UsageError, FilterSyntaxError, and what watching throws. */
export async function run(args: readonly string[], out: Writer, err: Writer): Promise<number> {
  const options: Options = {
    json: false,
    listen: false,
    existing: false,
    summary: false,
    forMs: null,
    count: null,
    requireComplete: false,
    source: "all",
    ownNetns: false,
    color: "auto",
    header: true,
    verbose: false,
    help: false,
  };
  const words = parseArguments(args, WATCH_FLAGS, options);
  if (options.help) return showHelp(HELP, out);
  const filter = readFilter(words);
  const unknown = filter === null ? null : unanswerable(filter);
  if (unknown !== null) {
    throw new UsageError(`watch cannot select by ${unknown}: an event does not have it`);
  }
  const complete = await watch({ ...options, filter, from: options.source }, out, err);
  return options.requireComplete && !complete ? EXIT_INCOMPLETE : EXIT_OK;
}

/** What the words ask for: a filter, or targets, of which a port may be at either end. */
function readFilter(words: readonly string[]): Expr | null {
  if (words.length === 0) return null;
  if (!words.every(looksLikeTarget)) return parseFilters([words.join(" ")]);
  return any(words.flatMap(readTargets).map(eitherEnd));
}

function eitherEnd(target: Target): Expr {
  if (target.kind === "unix") {
    return any((["source", "destination"] as const).map((end) => ({
      kind: "unix_name",
      end,
      pattern: target.path,
    })));
  }
  if (target.kind !== "port" || target.address !== null) return targetFilter([target], true);
  const { transport } = target;
  const ports = single(target.port);
  const either = any([
    { kind: "host", end: "source", addresses: [], ports },
    { kind: "host", end: "destination", addresses: [], ports },
  ]);
  return transport === null
    ? either
    : all([either, { kind: "transport", transports: [transport] }]);
}
