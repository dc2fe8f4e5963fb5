/**
 * The command line of `sockeye audit`.
 *
 * @module
 */
import { AUDIT_FORMATS, type AuditFormat } from "../audit/formats/mod.ts";
import { type AuditOutcome, type AuditReport, SEVERITIES, type Severity } from "../audit/report.ts";
import { advice, audit, explainOne, init } from "../commands/audit/mod.ts";
import type { ColorChoice } from "../text/color.ts";
import type { Writer } from "../text/writer.ts";
import {
  COLOR_FLAG,
  HELP_FLAG,
  OWN_NETNS_FLAG,
  TRACE_FLAG,
  traceIfAsked,
  VERBOSE_FLAG,
} from "./common_flags.ts";
import { EXIT_DIFFERENT, EXIT_INCOMPLETE, EXIT_OK } from "./exit.ts";
import type { Flag } from "./flag.ts";
import { type HelpPage, showHelp } from "./help.ts";
import { parseArguments } from "./parse.ts";
import { UsageError } from "./usage_error.ts";

interface Options {
  policy: string | null;
  snapshot: string | null;
  init: boolean;
  unix: boolean;
  explain: string | null;
  failOn: Severity | null | undefined;
  ownNetns: boolean;
  format: AuditFormat;
  all: boolean;
  color: ColorChoice;
  verbose: boolean;
  trace: boolean;
  help: boolean;
}

/** The flag table. */
const AUDIT_FLAGS: readonly Flag<Options>[] = [
  {
    long: "policy",
    value: "FILE",
    group: "What to do",
    help: "compare with a policy (YAML, JSON or TOML); - is standard input",
    set: (options, value) => {
      options.policy = value;
    },
  },
  {
    long: "init",
    group: "What to do",
    help: "write a policy that allows what there is now, to go through",
    set: (options) => {
      options.init = true;
    },
  },
  {
    long: "unix",
    group: "What to do",
    help: "with --init: unix sockets as well",
    set: (options) => {
      options.unix = true;
    },
  },
  {
    long: "explain",
    value: "ID",
    group: "What to do",
    help: "say which entry matched a service, or which came closest and why it did not match",
    set: (options, value) => {
      options.explain = value;
    },
  },
  {
    long: "fail-on",
    value: "SEVERITY",
    choices: [...SEVERITIES, "never"],
    group: "What to do",
    help: `without a policy: status 1 from this severity on: ${
      SEVERITIES.join(", ")
    } or never; medium without this`,
    set: (options, value) => {
      options.failOn = value === "never" ? null : value as Severity;
    },
  },
  {
    long: "snapshot",
    value: "FILE",
    group: "Where to look",
    help: "in a snapshot instead of on this host; - is standard input",
    set: (options, value) => {
      options.snapshot = value;
    },
  },
  OWN_NETNS_FLAG,
  {
    long: "format",
    value: "FORMAT",
    choices: AUDIT_FORMATS,
    group: "Output",
    help: AUDIT_FORMATS.join(", "),
    set: (options, value) => {
      options.format = value as AuditFormat;
    },
  },
  {
    long: "json",
    group: "Output",
    help: "the same as --format json",
    set: (options) => {
      options.format = "json";
    },
  },
  {
    long: "all",
    short: "a",
    group: "Output",
    help: "in text, what is in order as well",
    set: (options) => {
      options.all = true;
    },
  },
  COLOR_FLAG,
  VERBOSE_FLAG,
  TRACE_FLAG,
  HELP_FLAG,
];

const STATUS: Readonly<Record<AuditOutcome, number>> = {
  compliant: EXIT_OK,
  violation: EXIT_DIFFERENT,
  undecidable: EXIT_INCOMPLETE,
};

function defaults(): Options {
  return {
    policy: null,
    snapshot: null,
    init: false,
    unix: false,
    explain: null,
    failOn: undefined,
    ownNetns: false,
    format: "text",
    all: false,
    color: "auto",
    verbose: false,
    trace: false,
    help: false,
  };
}

/** The page that --help, man page and completions are made from. */
export const HELP: HelpPage = {
  usage:
    "sockeye audit [FLAGS]\n       sockeye audit --policy FILE [FLAGS]\n       sockeye audit --init > policy.yaml",
  intro:
    "Checks that only approved services are there: what no entry of the policy allows is a violation.\n" +
    "Without a policy, tells what is questionable on any host.",
  flags: AUDIT_FLAGS,
  exit:
    "0 compliant, 1 a violation, 2 wrong usage or an error, 3 undecided: not everything could be read.\n" +
    "With --format nagios: 0 OK, 1 warning, 2 critical, 3 unknown.",
};

/** Runs the command. Throws UsageError, InputError, and what collecting throws. */
export async function run(args: readonly string[], out: Writer, err: Writer): Promise<number> {
  const options = defaults();
  const [extra] = parseArguments(args, AUDIT_FLAGS, options);
  out.keepsOn = true;
  if (options.help) return showHelp(HELP, out);
  traceIfAsked(options, err);
  if (extra !== undefined) {
    throw new UsageError(
      `audit takes no argument: "${extra}" was given; a policy is given by --policy`,
    );
  }
  try {
    return await dispatch(options, out, err);
  } catch (error) {
    if (options.format !== "nagios") throw error;
    // For a monitor, status 2 is a violation, so an error is "unknown".
    const { NAGIOS_STATUS, nagiosLine } = await import("../audit/formats/nagios.ts");
    out.write(`${nagiosLine("UNKNOWN", error instanceof Error ? error.message : String(error))}\n`);
    out.flush();
    return NAGIOS_STATUS.UNKNOWN;
  }
}

async function dispatch(options: Options, out: Writer, err: Writer): Promise<number> {
  const { policy, explain } = options;
  if (options.init) {
    if (policy !== null || explain !== null) {
      throw new UsageError("--init writes a policy: it goes with neither --policy nor --explain");
    }
    await init(options, out, err);
    return EXIT_OK;
  }
  if (options.unix) throw new UsageError("--unix belongs to --init; a policy says check: [unix]");
  if (policy === null) {
    if (explain !== null) throw new UsageError("--explain is about a policy: give it by --policy");
    const { failOn = "medium" } = options;
    return statusOf(await advice({ ...options, failOn }, out, err), options.format);
  }
  if (options.failOn !== undefined) {
    throw new UsageError("--fail-on is for findings without a policy: leave out --policy or it");
  }
  if (explain !== null) {
    const found = await explainOne(explain, { ...options, policy }, out, err);
    if (!found) throw new UsageError(`--explain ${explain}: no service has that ID`);
    return EXIT_OK;
  }
  return statusOf(await audit({ ...options, policy }, out, err), options.format);
}

async function statusOf(report: AuditReport, format: AuditFormat): Promise<number> {
  if (format !== "nagios") return STATUS[report.outcome];
  const { NAGIOS_STATUS, nagiosState } = await import("../audit/formats/nagios.ts");
  return NAGIOS_STATUS[nagiosState(report)];
}
