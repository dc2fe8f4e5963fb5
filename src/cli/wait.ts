/**
 * The command line of `sockeye wait`.
 *
 * @module
 */
import { wait, type WaitFor, type WaitOutcome, type WaitTarget } from "../commands/wait.ts";
import type { Writer } from "../text/writer.ts";
import { HELP_FLAG } from "./common_flags.ts";
import { parseTimeout } from "./duration.ts";
import { EXIT_DIFFERENT, EXIT_INCOMPLETE, EXIT_OK } from "./exit.ts";
import type { Flag } from "./flag.ts";
import { type HelpPage, showHelp } from "./help.ts";
import { parseArguments } from "./parse.ts";
import { readTargets } from "./targets.ts";
import { UsageError } from "./usage_error.ts";

interface Options {
  timeoutMs: number;
  what: WaitFor;
  by: string | null;
  help: boolean;
}

/** The flag table. */
const WAIT_FLAGS: readonly Flag<Options>[] = [
  {
    long: "timeout",
    short: "t",
    value: "DURATION",
    group: "What to wait for",
    help: "give up after this time: 500ms, 30s (without the flag), 2m, 1h; 0 looks once",
    set: (options, value) => {
      options.timeoutMs = parseTimeout("--timeout", value);
    },
  },
  {
    long: "gone",
    group: "What to wait for",
    help: "until nothing listens there",
    set: (options) => setWhat(options, "gone"),
  },
  {
    long: "connected",
    group: "What to wait for",
    help: "until a connection to or from there is established",
    set: (options) => setWhat(options, "connected"),
  },
  {
    long: "by",
    value: "NAME",
    group: "What to wait for",
    help: "only if a process with this name or program has it; * and ? allowed",
    set: (options, value) => {
      if (value === "") throw new UsageError('--by "": expected the name of a process');
      options.by = value;
    },
  },
  HELP_FLAG,
];

const STATUS: Readonly<Record<WaitOutcome, number>> = {
  met: EXIT_OK,
  timeout: EXIT_DIFFERENT,
  undecided: EXIT_INCOMPLETE,
  interrupted: EXIT_DIFFERENT,
};

/** The page that --help, man page and completions are made from. */
export const HELP: HelpPage = {
  usage: "sockeye wait TARGET [FLAGS]",
  intro:
    "Waits until something listens on a port or a unix socket, and says who it is. If something listens already, it is done at once.",
  flags: WAIT_FLAGS,
  sections: [["Targets", [
    "8080  tcp/8080  udp:53  10.0.0.1:53     a port",
    "unix:/run/app.sock  @name               a unix socket, by path or abstract name",
  ]]],
  exit:
    "0 it happened, 1 it did not happen in time, 2 wrong usage or an error, 3 unknown: not everything could be read.",
};

/** Runs the command. Throws UsageError, and what looking throws. */
export async function run(args: readonly string[], out: Writer, err: Writer): Promise<number> {
  const options: Options = { timeoutMs: 30_000, what: "listening", by: null, help: false };
  const words = parseArguments(args, WAIT_FLAGS, options);
  if (options.help) return showHelp(HELP, out);
  if (options.by !== null && options.what === "gone") {
    throw new UsageError("--gone and --by contradict each other: what is gone has no owner");
  }
  out.keepsOn = true;
  return STATUS[await wait({ ...options, target: target(words) }, out, err)];
}

function setWhat(options: Options, what: WaitFor): void {
  if (options.what !== "listening") {
    throw new UsageError("--gone and --connected are waited for one at a time");
  }
  options.what = what;
}

function target(words: readonly string[]): WaitTarget {
  const [word, ...more] = words;
  if (word === undefined || more.length > 0) {
    throw new UsageError("wait takes one target: sockeye wait 8080; --help lists what there is");
  }
  const [first, ...others] = readTargets(word);
  if (others.length > 0) throw new UsageError(`wait takes one target: "${word}" is several`);
  if (first!.kind !== "port" && first!.kind !== "unix" && first!.kind !== "abstract") {
    throw new UsageError(`"${word}": wait knows ports and unix sockets`);
  }
  return first!;
}
