/**
 * The command line of `sockeye explain`; `sockeye 8080` is short for it.
 *
 * @module
 */
import {
  explain,
  explainEphemeral,
  type ExplainOptions,
  predictBind,
  type Verdict,
} from "../commands/explain/mod.ts";
import {
  looksLikeName,
  looksLikeTarget,
  type PortTarget,
  type Target,
} from "../commands/explain/target.ts";
import { lookUpWord } from "../commands/explain/word.ts";
import type { NetnsChoice } from "../query.ts";
import type { ColorChoice } from "../text/color.ts";
import type { Writer } from "../text/writer.ts";
import { COLOR_FLAG, HELP_FLAG, TRACE_FLAG, traceIfAsked, VERBOSE_FLAG } from "./common_flags.ts";
import { EXIT_DIFFERENT, EXIT_INCOMPLETE, EXIT_OK } from "./exit.ts";
import type { Flag } from "./flag.ts";
import { type HelpPage, showHelp } from "./help.ts";
import { parseArguments } from "./parse.ts";
import { NETNS_FLAGS } from "./netns_choice.ts";
import { readTargets } from "./targets.ts";
import { UsageError } from "./usage_error.ts";

interface Options {
  binds: string[];
  ephemeral: boolean;
  netns: NetnsChoice | undefined;
  json: boolean;
  color: ColorChoice;
  verbose: boolean;
  trace: boolean;
  help: boolean;
}

/** The flag table. */
const EXPLAIN_FLAGS: readonly Flag<Options>[] = [
  {
    long: "bind",
    value: "ADDRESS:PORT",
    group: "What to explain",
    help:
      "whether an address is free to bind to, and if not, why; with port 0 the kernel picks one",
    set: (options, value) => {
      options.binds.push(value);
    },
  },
  {
    long: "ephemeral",
    group: "What to explain",
    help: "how many of the ports that the kernel hands out are taken, to where and by whom",
    set: (options) => {
      options.ephemeral = true;
    },
  },
  ...NETNS_FLAGS,
  {
    long: "json",
    group: "Output",
    help: "one JSON document, with the evidence for every relation",
    set: (options) => {
      options.json = true;
    },
  },
  COLOR_FLAG,
  VERBOSE_FLAG,
  TRACE_FLAG,
  HELP_FLAG,
];

const STATUS: Readonly<Record<Verdict, number>> = {
  found: EXIT_OK,
  nothing: EXIT_DIFFERENT,
  undecided: EXIT_INCOMPLETE,
};

/** The page that --help, man page and completions are made from. */
export const HELP: HelpPage = {
  usage: "sockeye [explain] TARGET… [FLAGS]",
  intro:
    "Says who is behind a port, a socket or a process, how its owners relate, where the program lives, where its\n" +
    "logs are, and who can reach it.",
  flags: EXPLAIN_FLAGS,
  arguments: "targets",
  sections: [["Targets", [
    "8080  80,443  tcp/8080  53/udp  :http   ports",
    "10.0.0.1:53  [::1]:53  localhost:http   a port on one address",
    "[fe80::1%eth0]:22  127.0.0.53%lo:53     and on one interface",
    "/run/app.sock  @name                    a unix socket, by path or abstract name",
    "pid:80  process:nginx  inode:12345      what a process holds, or one socket",
    "nginx.service  unit:nginx               what the processes of a unit hold",
    "container:web                           what those of a container hold, by name or ID",
    "nginx                                   a program, unit, container or service of that name",
  ]]],
  exit:
    "0 found (--bind: the address is free; --ephemeral: ports are left), 1 not found, 2 wrong usage or an error, 3 cannot be decided.",
};

/** Runs the command. Throws UsageError, and what collecting throws. */
export function run(
  args: readonly string[],
  out: Writer,
  err: Writer,
): number | Promise<number> {
  return runWith(args, HELP, targetsOf, out, err);
}

/** Runs a command with the flags of explain. `read`: what a word means. Throws as {@linkcode run} does. */
export function runWith(
  args: readonly string[],
  page: HelpPage,
  read: (word: string) => readonly Target[],
  out: Writer,
  err: Writer,
): number | Promise<number> {
  const options: Options = {
    binds: [],
    ephemeral: false,
    netns: undefined,
    json: false,
    color: "auto",
    verbose: false,
    trace: false,
    help: false,
  };
  const words = parseArguments(args, EXPLAIN_FLAGS, options);
  out.keepsOn = true;
  if (options.help) return showHelp(page, out);
  traceIfAsked(options, err);
  if (options.ephemeral) {
    if (words.length > 0 || options.binds.length > 0) {
      throw new UsageError("--ephemeral is about every port, and takes no target");
    }
    if (options.netns === "all") {
      throw new UsageError("--ephemeral looks at one network namespace: choose it by --netns");
    }
    return STATUS[explainEphemeral(options, out, err)];
  }
  if (options.binds.length > 0) {
    if (words.length > 0) {
      throw new UsageError(`--bind and the target "${words[0]}" cannot be explained together`);
    }
    if (options.netns === "all") {
      throw new UsageError("--bind is tried in one network namespace: choose it by --netns");
    }
    return STATUS[predictBind(options.binds.map(bindTarget), options, out, err)];
  }
  if (words.length === 0) {
    throw new UsageError(
      "explain needs a target: sockeye explain 8080; --help lists what there is",
    );
  }
  return explainTargets(words.flatMap(read), options, out, err);
}

/** Explains targets. Returns the exit status. Throws what collecting throws. */
export async function explainTargets(
  targets: readonly Target[],
  options: ExplainOptions,
  out: Writer,
  err: Writer,
): Promise<number> {
  return STATUS[await explain(targets, options, out, err)];
}

/**
 * What a word names. A name that nothing has is asked for as that of a process, so that the answer says what could not be seen.
 * Throws UsageError.
 */
export function targetsOf(word: string): readonly Target[] {
  if (!looksLikeName(word) || looksLikeTarget(word)) return readTargets(word);
  return [lookUpWord(word).target ?? { kind: "process", text: word, name: word }];
}

function bindTarget(text: string): PortTarget {
  // No target has port 0, which bind() takes for any that is free.
  const any = /^(.*[/:]|)0$/.exec(text);
  if (any !== null) return { ...bindTarget(`${any[1]}1`), text, port: 0 };
  const [parsed, ...more] = readTargets(text) as readonly [Target, ...Target[]];
  if (more.length > 0 || parsed.kind !== "port") {
    throw new UsageError(
      `--bind ${text}: expected ADDRESS:PORT, such as 0.0.0.0:8080 or udp:[::]:53`,
    );
  }
  if (parsed.transport !== null && parsed.transport !== "tcp" && parsed.transport !== "udp") {
    throw new UsageError(`--bind ${text}: it can be tried for tcp and udp`);
  }
  return parsed;
}
