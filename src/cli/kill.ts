/**
 * The command line of `sockeye kill`.
 *
 * @module
 */
import { kill, type KillOutcome } from "../commands/kill.ts";
import { parseFilters } from "../snapshot/parse_filter.ts";
import { conditions, type Expr } from "../filter/ast.ts";
import { FAMILIES, TRANSPORTS } from "../model/socket.ts";
import { ALL_STATES } from "../model/state.ts";
import type { NetnsChoice } from "../query.ts";
import type { ColorChoice } from "../text/color.ts";
import type { Writer } from "../text/writer.ts";
import { COLOR_FLAG, HELP_FLAG, TRACE_FLAG, traceIfAsked } from "./common_flags.ts";
import { EXIT_DIFFERENT, EXIT_ERROR, EXIT_INCOMPLETE, EXIT_OK } from "./exit.ts";
import type { Flag } from "./flag.ts";
import { type HelpPage, showHelp } from "./help.ts";
import { parseArguments } from "./parse.ts";
import { oneNetns } from "./netns_choice.ts";
import { UsageError } from "./usage_error.ts";

interface Options {
  sockets: string[];
  netns: NetnsChoice | undefined;
  yes: boolean;
  color: ColorChoice;
  trace: boolean;
  help: boolean;
}

/** The flag table. */
const KILL_FLAGS: readonly Flag<Options>[] = [
  {
    long: "socket",
    value: "FILTER",
    group: "What to close",
    help: "sockets that this is true of, in any state; given twice, both: see sockeye --help",
    set: (options, value) => {
      options.sockets.push(value);
    },
  },
  {
    long: "netns",
    value: "NAME|PID|PATH|INODE",
    group: "What to close",
    help: "in this network namespace, and not in our own",
    set: (options, value) => {
      options.netns = oneNetns(value);
    },
  },
  {
    long: "yes",
    short: "y",
    group: "Other",
    help: "do not ask; needed where nobody is at a terminal to be asked",
    set: (options) => {
      options.yes = true;
    },
  },
  COLOR_FLAG,
  TRACE_FLAG,
  HELP_FLAG,
];

const STATUS: Readonly<Record<KillOutcome, number>> = {
  closed: EXIT_OK,
  nothing: EXIT_DIFFERENT,
  declined: EXIT_DIFFERENT,
  unasked: EXIT_ERROR,
  unseen: EXIT_ERROR,
  undecided: EXIT_INCOMPLETE,
  failed: EXIT_ERROR,
};

/** The page that --help, man page and completions are made from. */
export const HELP: HelpPage = {
  usage: "sockeye kill --socket FILTER [FLAGS]",
  intro:
    "Closes sockets through the kernel, whoever holds them: shows them, asks, and says of each what became of it.\n" +
    "The owner's next call on one fails with ECONNABORTED; a TCP peer gets a reset.",
  flags: KILL_FLAGS,
  exit:
    "0 all are closed, 1 nothing matched or the answer was no, 2 wrong usage, or not all could be closed " +
    "(a port that its owner still holds counts as such), 3 what became of some could not be read.",
};

/** Runs the command. Throws UsageError, FilterSyntaxError, and what collecting throws. */
export async function run(args: readonly string[], out: Writer, err: Writer): Promise<number> {
  const options: Options = {
    sockets: [],
    netns: undefined,
    yes: false,
    color: "auto",
    trace: false,
    help: false,
  };
  const [extra] = parseArguments(args, KILL_FLAGS, options);
  if (options.help) return showHelp(HELP, out);
  traceIfAsked(options, err);
  if (extra !== undefined) {
    throw new UsageError(`kill takes no argument: "${extra}" was given; write --socket 'FILTER'`);
  }
  const filter = options.sockets.length === 0 ? null : parseFilters(options.sockets);
  // Without a filter it would close every socket of the host, which is never meant.
  if (filter === null) throw new UsageError("kill closes what --socket FILTER says: give one");
  const outcome = await kill(
    {
      families: new Set(namesFamily(filter) ? FAMILIES : ["inet", "inet6"]),
      transports: new Set(TRANSPORTS),
      states: ALL_STATES,
      ports: null,
      pids: null,
      processes: null,
      users: null,
      filter,
      ...(options.netns === undefined ? {} : { netns: options.netns }),
    },
    options,
    out,
    err,
  );
  if (outcome === "unasked") {
    throw new UsageError(
      "nothing was closed: standard input is not a terminal to ask on; --yes closes them",
    );
  }
  if (outcome === "unseen") {
    err.write("sockeye: nothing was closed: the list could not be shown to be asked about\n");
    err.flush();
  }
  if (outcome === "declined") {
    err.write("sockeye: nothing was closed\n");
    err.flush();
  }
  return STATUS[outcome];
}

// Sockets of other families cannot be closed. If a filter names one, they are listed, so that this is reported.
function namesFamily(filter: Expr): boolean {
  return [...conditions(filter)].some(({ kind }) => kind === "family" || kind === "unix_name");
}
