/**
 * The flag table of the listing.
 *
 * @module
 */
import { FAMILIES, FAMILY_NAMES, type FamilyEntry } from "../families/mod.ts";
import type { FamilyName } from "../model/socket.ts";
import { stateNumber, STATES } from "../model/state.ts";
import { OWNER_SOURCES, type OwnerSource } from "../query.ts";
import type { PortRange } from "../model/port_range.ts";
import { COLOR_FLAG, HELP_FLAG, TRACE_FLAG, VERBOSE_FLAG } from "./common_flags.ts";
import type { Flag } from "./flag.ts";
import { LIST_FORMATS, type ListFormatName, type ListOptions } from "./list_options.ts";
import { NETNS_FLAGS } from "./netns_choice.ts";
import { UsageError } from "./usage_error.ts";

/** What people count by. Any other column is allowed, too. */
const GROUPS = ["process", "user", "service", "container", "state", "peer", "port", "netns"];

/** State names as they are typed. */
const STATE_NAMES = STATES.slice(1).map((state) => state.replaceAll("_", "-"));

function setFormat(options: ListOptions, format: ListFormatName): void {
  if (options.format !== "text" && options.format !== format) {
    throw new UsageError(`${options.format} and ${format} were both asked for: choose one`);
  }
  options.format = format;
}

/** A value as shown in an error. It is quoted if it would be invisible otherwise. */
function shown(value: string): string {
  return value.trim() === "" ? JSON.stringify(value) : value;
}

function parsePorts(value: string): PortRange[] {
  return value.split(",").flatMap((item) => {
    const named = servicePorts(item);
    if (named.length > 0) return named.map((port) => ({ first: port, last: port }));
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(item);
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (match === null || first > 65535 || last > 65535) {
      throw new UsageError(
        `--port ${shown(value)}: "${item}" is not a port: expected N, N-M or a service, 0 to 65535`,
      );
    }
    if (first > last) throw new UsageError(`--port ${value}: the range ${item} runs backwards`);
    return { first, last };
  });
}

// A name may have different ports for TCP and UDP. The file is read only where there is a name.
function servicePorts(name: string): readonly number[] {
  if (!/^[a-z][\w+.-]*$/i.test(name)) return [];
  const { servicePort } = require(
    "../commands/explain/target.ts",
  ) as typeof import("../commands/explain/target.ts");
  const ports = [servicePort(name, "tcp"), servicePort(name, "udp")];
  return [...new Set(ports.filter((port) => port !== null))];
}

function parseStates(value: string): number {
  let mask = 0;
  for (const name of value.split(",")) {
    const number = stateNumber(name);
    if (number === undefined) {
      throw new UsageError(
        `--state ${shown(value)}: no state is called "${name}": there are ${
          STATE_NAMES.join(", ")
        }`,
      );
    }
    mask |= 1 << number;
  }
  return mask;
}

/** The highest possible process ID. Kernel: PID_MAX_LIMIT of 64-bit machines, include/linux/threads.h. */
const PID_MAX = 4 * 1024 * 1024;

function parsePids(value: string): number[] {
  return value.split(",").map((item) => {
    if (!/^[1-9]\d{0,6}$/.test(item) || Number(item) > PID_MAX) {
      throw new UsageError(
        `--pid ${shown(value)}: "${item}" is not a process ID: expected N, 1 to ${PID_MAX}`,
      );
    }
    return Number(item);
  });
}

function parseFamilies(value: string): FamilyName[] {
  return value.split(",").map((item) => {
    const name = FAMILY_NAMES.find((name) => name === item);
    if (name === undefined) {
      throw new UsageError(
        `--family ${shown(value)}: no family is called "${item}": there are ${
          FAMILY_NAMES.join(", ")
        }`,
      );
    }
    return name;
  });
}

function parseNames(flag: string, value: string): string[] {
  const names = value.split(",");
  if (names.includes("")) {
    throw new UsageError(`--${flag} ${JSON.stringify(value)}: a name is empty`);
  }
  return names;
}

// An empty expression is refused: a script whose variable is empty would get every socket instead of a few.
function parseExpression(value: string): string {
  if (value.trim() === "") {
    throw new UsageError(
      `--filter ${JSON.stringify(value)}: it is empty, expected e.g. "sport = 80"`,
    );
  }
  return value;
}

function familyFlag({ flag, names }: FamilyEntry): Flag<ListOptions>[] {
  if (flag === null) return [];
  return [{
    ...flag,
    ...(flag.long === "unix" ? {} : { rare: true as const }),
    group: "What to show",
    set: (options) => options.families.push(...names),
  }];
}

/** Every flag of the listing, in the order of help. */
export const LIST_FLAGS: readonly Flag<ListOptions>[] = [
  {
    long: "all",
    short: "a",
    group: "What to show",
    help: "sockets in every state, not only those that accept connections or datagrams",
    set: (options) => options.all = true,
  },
  {
    long: "listening",
    rare: true,
    short: "l",
    group: "What to show",
    help: "only sockets that accept connections or datagrams (the default)",
    set: (options) => options.listening = true,
  },
  {
    long: "tcp",
    short: "t",
    group: "What to show",
    help: "TCP",
    set: (options) => options.transports.push("tcp"),
  },
  {
    long: "udp",
    short: "u",
    group: "What to show",
    help: "UDP and UDP-Lite",
    set: (options) => options.transports.push("udp", "udplite"),
  },
  {
    long: "raw",
    short: "w",
    group: "What to show",
    help: "raw and ping sockets",
    set: (options) => options.transports.push("raw", "icmp"),
  },
  {
    long: "mptcp",
    rare: true,
    short: "M",
    group: "What to show",
    help: "MPTCP",
    set: (options) => options.transports.push("mptcp"),
  },
  {
    long: "sctp",
    rare: true,
    short: "S",
    group: "What to show",
    help: "SCTP",
    set: (options) => options.transports.push("sctp"),
  },
  {
    long: "dccp",
    rare: true,
    short: "d",
    group: "What to show",
    help: "DCCP, where the kernel still has it",
    set: (options) => options.transports.push("dccp"),
  },
  {
    long: "ipv4",
    short: "4",
    group: "What to show",
    help: "IPv4",
    set: (options) => options.families.push("inet"),
  },
  {
    long: "ipv6",
    short: "6",
    group: "What to show",
    help: "IPv6",
    set: (options) => options.families.push("inet6"),
  },
  ...FAMILIES.flatMap(familyFlag),
  {
    long: "family",
    rare: true,
    value: "NAME[,NAME]",
    list: FAMILY_NAMES,
    group: "What to show",
    help: `address families: ${FAMILY_NAMES.join(", ")}`,
    set: (options, value) => options.families.push(...parseFamilies(value)),
  },
  {
    long: "state",
    value: "NAME[,NAME]",
    list: STATE_NAMES,
    group: "Which sockets",
    help: "in one of these states: established, time-wait, close-wait …",
    set: (options, value) => options.states |= parseStates(value),
  },
  {
    long: "port",
    value: "N[,N-M]",
    offers: "ports",
    group: "Which sockets",
    help: "bound to one of these local ports, by number, range or service",
    set: (options, value) => options.ports.push(...parsePorts(value)),
  },
  {
    long: "pid",
    value: "N[,N]",
    offers: "pids",
    group: "Which sockets",
    help: "held by one of these processes",
    set: (options, value) => options.pids.push(...parsePids(value)),
  },
  {
    long: "process",
    value: "NAME[,NAME]",
    offers: "processes",
    group: "Which sockets",
    help: "held by a process with this name, or whose program file has it",
    set: (options, value) => options.processes.push(...parseNames("process", value)),
  },
  {
    long: "user",
    value: "NAME[,NAME]",
    offers: "users",
    group: "Which sockets",
    help: "held by a process of this user, by name or number",
    set: (options, value) => options.users.push(...parseNames("user", value)),
  },
  {
    long: "filter",
    value: "EXPR",
    group: "Which sockets",
    help: "that match this expression, as well as the one given without a flag",
    set: (options, value) => options.filters.push(parseExpression(value)),
  },
  {
    long: "explain-filter",
    rare: true,
    group: "Which sockets",
    help: "show how the expression is read and which part of it the kernel tests; list nothing",
    set: (options) => options.explainFilter = true,
  },
  ...NETNS_FLAGS,
  {
    long: "owners",
    rare: true,
    value: "HOW",
    choices: OWNER_SOURCES,
    group: "Where to look",
    help: "how to find owners: auto, bpf (one pass in the kernel) or proc; proc is the fallback",
    set: (options, value) => options.owners = value as OwnerSource,
  },
  {
    long: "columns",
    short: "o",
    value: "NAME[,NAME]",
    offers: "columns",
    group: "Output",
    help: "these columns, a row for each socket; --columns help lists them",
    set: (options, value) => options.columns = value,
  },
  {
    long: "sort",
    value: "NAME[,-NAME]",
    offers: "columns",
    group: "Output",
    help: "by the values of these columns; with - the largest first",
    set: (options, value) => options.sort.push(...parseNames("sort", value)),
  },
  {
    long: "count",
    group: "Output",
    help: "only how many there are",
    set: (options) => options.count = true,
  },
  {
    long: "group-by",
    value: "NAME[,NAME]",
    list: GROUPS,
    group: "Output",
    help: "how many there are of each process, user, service, container, state, peer, port …",
    set: (options, value) => options.groupBy.push(...parseNames("group-by", value)),
  },
  {
    long: "summary",
    short: "s",
    group: "Output",
    help: "how many there are of each protocol and state, in every state",
    set(options) {
      options.all = true;
      options.groupBy.push("proto", "state");
    },
  },
  {
    long: "format",
    value: "FORMAT",
    choices: LIST_FORMATS,
    group: "Output",
    help: "text, wide (every socket and more columns), csv, tsv, json or ndjson",
    set: (options, value) => setFormat(options, value as ListFormatName),
  },
  {
    long: "json",
    group: "Output",
    help: "one JSON document",
    set: (options) => setFormat(options, "json"),
  },
  {
    long: "ndjson",
    rare: true,
    group: "Output",
    help: "a header line, then one JSON object per socket, each on its line",
    set: (options) => setFormat(options, "ndjson"),
  },
  {
    long: "info",
    short: "i",
    group: "Output",
    help: "what protocols say about their sockets: all of TCP's internals, memory, marks",
    set: (options) => options.info = true,
  },
  {
    long: "full",
    short: "f",
    group: "Output",
    help: "on a terminal as in a pipe: a row for each socket, with all of its owners",
    set: (options) => options.full = true,
  },
  {
    long: "no-header",
    short: "H",
    group: "Output",
    help: "no line of column names",
    set: (options) => options.header = false,
  },
  COLOR_FLAG,
  {
    long: "numeric",
    rare: true,
    short: "n",
    group: "Output",
    help: "numbers instead of names (always on; accepted out of habit)",
    set: () => {},
  },
  {
    long: "processes",
    rare: true,
    short: "p",
    group: "Output",
    help: "show owners (always on; accepted out of habit)",
    set: () => {},
  },
  {
    long: "extended",
    rare: true,
    short: "e",
    group: "Output",
    help: "show users (always on; accepted out of habit)",
    set: () => {},
  },
  {
    long: "record",
    rare: true,
    value: "FILE",
    group: "Other",
    help:
      "keep what was read, command lines included, in a new file, for --replay with the same flags",
    set: (options, value) => options.record = value,
  },
  {
    long: "replay",
    rare: true,
    value: "FILE",
    group: "Other",
    help: "answer from a recording, and not from this machine",
    set: (options, value) => options.replay = value,
  },
  {
    long: "require-complete",
    group: "Other",
    help: "exit with 3 when something could not be read",
    set: (options) => options.requireComplete = true,
  },
  VERBOSE_FLAG,
  TRACE_FLAG,
  HELP_FLAG,
  {
    long: "version",
    short: "V",
    group: "Other",
    help: "version and commit",
    set: (options) => options.version = true,
  },
];
