/**
 * Reads the options of an ss command line.
 *
 * @module
 */
import type { SsOptions } from "./options.ts";
import {
  AF_INET,
  AF_INET6,
  AF_PACKET,
  AF_TIPC,
  AF_UNIX,
  AF_VSOCK,
  AF_XDP,
} from "../../model/address_family.ts";
import { SS_ALL, stateMask, TCP_BOUND_INACTIVE, TCP_CLOSE, TCP_LISTEN } from "../../model/state.ts";
import { NO_OPTIONS } from "./options.ts";
import { TABLE } from "./selection.ts";
import { getopt, GetoptError, type GetoptFlag } from "../getopt.ts";
import { SS_FLAGS, type SsFlag, type SsFlagSink } from "./flags.ts";
import { FAMILY_NAMES, Selection } from "./selection.ts";

/** Ends the run before it begins: help, the version, or wrong usage. */
export class Stop extends Error {
  override readonly name = "Stop";

  /** `text` goes to standard output when the status is 0, else to standard error. With `usage`, help follows it. */
  constructor(readonly status: 0 | 1 | 255, readonly text: string, readonly usage = false) {
    super(text);
  }
}

/** What the options ask for. */
export interface SsArguments {
  readonly options: { -readonly [K in keyof SsOptions]: SsOptions[K] };
  readonly selection: Selection;
  header: boolean;
  queues: boolean;
  summary: boolean;
  events: boolean;
  /** `--trace`, which is ours. */
  trace: boolean;
  kill: boolean;
  diagFile: string | null;
  filterFile: string | null;
  /** `-N`: the network namespace to enter. */
  netns: string | null;
  /** The arguments that are not options: state clauses and the filter. */
  operands: string[];
}

/** Options that only set a field. */
const SWITCHES: Readonly<Partial<Record<SsFlag, readonly (keyof SsOptions)[]>>> = {
  oneline: ["oneline"],
  numeric: ["numeric"],
  resolve: ["resolve"],
  options: ["options"],
  extended: ["extended", "options"],
  memory: ["memory"],
  processes: ["processes"],
  threads: ["threads"],
  info: ["info"],
  bpf: ["bpf", "options"],
  tipcinfo: ["tipcinfo"],
  tos: ["tos"],
  cgroup: ["cgroup"],
  "inet-sockopt": ["inetSockopt"],
  context: ["context"],
  contexts: ["context"],
};

/** Options that choose tables. */
const TABLE_SWITCHES: Readonly<Partial<Record<SsFlag, number>>> = {
  tcp: TABLE.tcp,
  udp: TABLE.udp,
  dccp: TABLE.dccp,
  raw: TABLE.raw,
  sctp: TABLE.sctp,
  mptcp: TABLE.mptcp,
};

/** Options that choose a family. */
const FAMILY_SWITCHES: Readonly<Partial<Record<SsFlag, number>>> = {
  ipv4: AF_INET,
  ipv6: AF_INET6,
  packet: AF_PACKET,
  unix: AF_UNIX,
  vsock: AF_VSOCK,
  tipc: AF_TIPC,
  xdp: AF_XDP,
};

/** Options that say which states; the last one counts. */
const STATE_SWITCHES: Readonly<Partial<Record<SsFlag, number>>> = {
  all: SS_ALL,
  listening: stateMask(TCP_LISTEN, TCP_CLOSE),
  "bound-inactive": stateMask(TCP_BOUND_INACTIVE),
};

/** Reads the options. `version` is the text of --version. Throws {@linkcode Stop}. */
export function readArguments(
  args: readonly string[],
  ordered: boolean,
  version: string,
): SsArguments {
  const selection = new Selection();
  const result: SsArguments = {
    options: { ...NO_OPTIONS },
    selection,
    header: true,
    queues: true,
    summary: false,
    events: false,
    trace: false,
    kill: false,
    diagFile: null,
    filterFile: null,
    netns: null,
    operands: [],
  };
  const contexts = { processes: 0, sockets: 0 };
  const found = (id: SsFlag, value: string) => {
    for (const name of SWITCHES[id] ?? []) result.options[name] = true;
    if (TABLE_SWITCHES[id] !== undefined) selection.addTables(TABLE_SWITCHES[id]);
    if (FAMILY_SWITCHES[id] !== undefined) selection.addFamily(FAMILY_SWITCHES[id]);
    if (STATE_SWITCHES[id] !== undefined) selection.wantedStates = STATE_SWITCHES[id];
    switch (id) {
      case "help":
        throw new Stop(0, "", true);
      case "version":
        throw new Stop(0, version);
      case "context":
      case "contexts":
        contexts.processes++;
        if (id === "contexts") contexts.sockets++;
        // ss combines the two counts bit by bit, so -Z -z shows less than -z alone.
        result.options.contexts = (contexts.processes & contexts.sockets) !== 0;
        break;
      case "bpf-maps":
      case "bpf-map-id":
        throw new Stop(1, `--${id}: sockeye does not show what BPF programs keep for a socket`);
      case "no-header":
        result.header = false;
        break;
      case "no-queues":
        result.queues = false;
        break;
      case "summary":
        result.summary = true;
        break;
      case "trace":
        result.trace = true;
        break;
      case "events":
        result.events = true;
        break;
      case "kill":
        result.kill = true;
        break;
      case "net":
        result.netns = value;
        break;
      case "family":
        if (value === "help") throw new Stop(0, "", true);
        if (!Object.hasOwn(FAMILY_NAMES, value)) {
          throw new Stop(255, `"${value}" is not a family: -f help lists them`, true);
        }
        selection.addFamily(FAMILY_NAMES[value]!);
        break;
      case "query": {
        const wrong = selection.query(value);
        if (wrong !== null) throw new Stop(255, `"${wrong}" is not a table`, true);
        break;
      }
      case "diag":
        if (result.diagFile !== null) throw new Stop(255, "-D may be given once");
        result.diagFile = value;
        break;
      case "filter":
        if (result.filterFile !== null) throw new Stop(255, "-F may be given once");
        result.filterFile = value;
        break;
    }
  };
  try {
    result.operands = getopt<SsFlagSink>(
      args,
      SS_FLAGS as readonly GetoptFlag<SsFlagSink>[],
      found,
      ordered,
    );
  } catch (error) {
    if (error instanceof GetoptError) throw new Stop(255, error.message, true);
    throw error;
  }
  return result;
}
