/**
 * The command line of `sockeye kill`.
 *
 * @module
 */
import type { Target } from "../commands/explain/target.ts";
import { type EndOutcome, endProcesses } from "../commands/kill/processes.ts";
import { parseSignal, type Signal, TERM } from "../commands/kill/signal.ts";
import { kill, type KillOutcome } from "../commands/kill/sockets.ts";
import { parseFilters } from "../snapshot/parse_filter.ts";
import { conditions, type Expr } from "../filter/ast.ts";
import { needs } from "../filter/needs.ts";
import { FAMILIES, TRANSPORTS } from "../model/socket.ts";
import { ALL_STATES } from "../model/state.ts";
import type { NetnsChoice } from "../query.ts";
import type { ColorChoice } from "../text/color.ts";
import type { Writer } from "../text/writer.ts";
import { targetsOf } from "./explain.ts";
import { parseTimeout } from "./duration.ts";
import { COLOR_FLAG, HELP_FLAG, TRACE_FLAG, traceIfAsked, VERBOSE_FLAG } from "./common_flags.ts";
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
  signal: Signal;
  timeoutMs: number;
  force: boolean;
  evenMine: boolean;
  /** Flags that were given and are about processes. */
  ofProcesses: string[];
  color: ColorChoice;
  verbose: boolean;
  trace: boolean;
  help: boolean;
}

/** A process gets as long to end as the common container runtimes give one. */
const TIMEOUT_MS = 10_000;

/** The flag table. */
const KILL_FLAGS: readonly Flag<Options>[] = [
  {
    long: "signal",
    short: "s",
    value: "NAME|NUMBER",
    group: "How to end processes",
    help: "the signal that asks them to end; TERM unless given",
    set: (options, value) => {
      const signal = parseSignal(value);
      if (signal === null) throw new UsageError(`--signal ${value}: there is no such signal`);
      options.signal = signal;
      options.ofProcesses.push("--signal");
    },
  },
  {
    long: "timeout",
    value: "DURATION",
    group: "How to end processes",
    help: "how long to wait for their end: 500ms, 10s (without the flag), 2m; 0 looks once",
    set: (options, value) => {
      options.timeoutMs = parseTimeout("--timeout", value);
      options.ofProcesses.push("--timeout");
    },
  },
  {
    long: "force",
    group: "How to end processes",
    help: "send KILL to what still runs after the timeout",
    set: (options) => {
      options.force = true;
      options.ofProcesses.push("--force");
    },
  },
  {
    long: "even-mine",
    group: "How to end processes",
    help: "end parents of this command, its SSH session, and process 1 too",
    set: (options) => {
      options.evenMine = true;
      options.ofProcesses.push("--even-mine");
    },
  },
  {
    long: "socket",
    value: "FILTER",
    group: "What to close",
    help:
      "close the sockets that match this filter, in any state, and end no process; several filters have to match all: see sockeye help filters",
    set: (options, value) => {
      options.sockets.push(value);
    },
  },
  {
    long: "netns",
    value: "NAME|PID|PATH|INODE",
    group: "Where",
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
  VERBOSE_FLAG,
  TRACE_FLAG,
  HELP_FLAG,
];

const CLOSED: Readonly<Record<KillOutcome, number>> = {
  closed: EXIT_OK,
  nothing: EXIT_DIFFERENT,
  declined: EXIT_DIFFERENT,
  unasked: EXIT_ERROR,
  unseen: EXIT_ERROR,
  undecided: EXIT_INCOMPLETE,
  failed: EXIT_ERROR,
};

const ENDED: Readonly<Record<EndOutcome, number>> = {
  ended: EXIT_OK,
  nothing: EXIT_DIFFERENT,
  declined: EXIT_DIFFERENT,
  unasked: EXIT_ERROR,
  unseen: EXIT_ERROR,
  refused: EXIT_ERROR,
  undecided: EXIT_INCOMPLETE,
  failed: EXIT_ERROR,
};

/** The page that --help, man page and completions are made from. */
export const HELP: HelpPage = {
  usage: "sockeye kill TARGET… [FLAGS]\n       sockeye kill --socket FILTER [FLAGS]",
  intro:
    "Ends the processes that hold a listener, such as that of port 8080: shows them, asks, sends TERM to exactly what was\n" +
    "shown, waits, and says what became of each process and of the port. Workers end with their master.\n" +
    "With --socket it closes sockets through the kernel instead, whoever holds them: the owner's next call on one fails\n" +
    "with ECONNABORTED; a TCP peer gets a reset.",
  flags: KILL_FLAGS,
  sections: [["Targets", [
    "8080  udp:53  10.0.0.1:53  /run/app.sock  @name    who holds a listener there",
    "nginx  pid:80  nginx.service  container:web        if they hold a listener",
  ]]],
  exit:
    "0 all are ended or closed and what they held is free, 1 nothing matched or the answer was no, 2 wrong usage, a refusal, or " +
    "not all could be ended or closed (a port that is still held, or held again, counts as such), 3 what became of some, or who " +
    "holds it, could not be read.",
};

/** Runs the command. Throws UsageError, FilterSyntaxError, and what collecting throws. */
export async function run(args: readonly string[], out: Writer, err: Writer): Promise<number> {
  const options: Options = {
    sockets: [],
    netns: undefined,
    yes: false,
    signal: TERM,
    timeoutMs: TIMEOUT_MS,
    force: false,
    evenMine: false,
    ofProcesses: [],
    color: "auto",
    verbose: false,
    trace: false,
    help: false,
  };
  const words = parseArguments(args, KILL_FLAGS, options);
  if (options.help) return showHelp(HELP, out);
  traceIfAsked(options, err);
  if (options.sockets.length > 0) {
    if (words.length > 0) {
      throw new UsageError(
        `--socket closes sockets and "${words[0]}" names processes: give one of both`,
      );
    }
    const [flag] = options.ofProcesses;
    if (flag !== undefined) {
      throw new UsageError(`${flag} is about processes, and --socket ends none`);
    }
    return CLOSED[await closeSockets(options, out, err)];
  }
  if (words.length === 0) {
    throw new UsageError(
      "kill ends what holds a target, such as 8080, or closes what --socket FILTER says: give one",
    );
  }
  const outcome = endProcesses(words.flatMap(killTargets), options, out, err);
  if (outcome === "unasked") {
    throw new UsageError(
      "nothing was ended: standard input is not a terminal to ask on; --yes ends them",
    );
  }
  tellUndone("ended", outcome, err);
  return ENDED[outcome];
}

// Somebody who means sockets may have forgotten the flag.
function killTargets(word: string): readonly Target[] {
  try {
    return targetsOf(word);
  } catch (error) {
    if (!(error instanceof UsageError) || !/\s/.test(word)) throw error;
    throw new UsageError(`${error.message}; a filter stands behind --socket`);
  }
}

async function closeSockets(options: Options, out: Writer, err: Writer): Promise<KillOutcome> {
  const filter = parseFilters(options.sockets);
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
      ...(needs(filter).info ? { info: true } : {}),
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
  tellUndone("closed", outcome, err);
  return outcome;
}

function tellUndone(what: string, outcome: KillOutcome | EndOutcome, err: Writer): void {
  if (outcome === "unseen") {
    err.write(`sockeye: nothing was ${what}: the list could not be shown to be asked about\n`);
  } else if (outcome === "declined") err.write(`sockeye: nothing was ${what}\n`);
  err.flush();
}

// Sockets of other families cannot be closed. If a filter names one, they are listed, so that this is reported.
function namesFamily(filter: Expr): boolean {
  return [...conditions(filter)].some(({ kind }) => kind === "family" || kind === "unix_name");
}
