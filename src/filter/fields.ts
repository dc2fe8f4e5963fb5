/**
 * Fields of the sockeye dialect: what each is called, what may stand after it, and the condition that it becomes. One
 * table for the parser, the messages and the help text.
 *
 * @module
 */
import { FAMILIES, type FamilyName, SCOPES, type Transport, TRANSPORTS } from "../model/socket.ts";
import {
  ALL_STATES,
  stateMask,
  stateNumber,
  STATES,
  TCP_CLOSE,
  TCP_LISTEN,
  TCP_SYN_RECV,
  TCP_SYN_SENT,
  TCP_TIME_WAIT,
} from "../model/state.ts";
import { any, type Condition, type End, type Expr } from "./ast.ts";
import { MEASURE_NAMES, type MeasureName, MEASURES } from "../model/measure.ts";
import { ValueProblem } from "./errors.ts";
import { parseDevice, parseHost, parsePorts } from "./host.ts";
import type { Comparison } from "./lexer.ts";
import { parseMeasure } from "./measure.ts";
import { type Range, type Ranges, ranges } from "./ranges.ts";
import type { FilterResolver } from "./resolver.ts";
import { similar } from "../text/nearest.ts";

/** What stands after a field, value by value. */
export interface Values {
  readonly comparison: Exclude<Comparison, "!=">;
  readonly resolver: FilterResolver;
  /** Calls `read` for each value. A {@linkcode ValueProblem} is then reported for the value that caused it. */
  map<T>(read: (text: string) => T): T[];
}

/** A field. */
export interface Field {
  readonly name: string;
  readonly aliases: readonly string[];
  /** What the value is, for messages: "a port". `null` for a field that takes none. */
  readonly value: string | null;
  /** True if it can be compared by `<`, `<=`, `>` and `>=`. */
  readonly ordered: boolean;
  /** What the field asks, for the help text. */
  readonly summary: string;
  /** The condition for these values. The parser takes care of `!=`. */
  read(values: Values): Expr;
}

/** Every field, in the order of the help text. */
export const FIELDS: readonly Field[] = [
  hostField("src", "source", "Local address, prefix or host, with or without a port"),
  {
    name: "host",
    aliases: [],
    value: "an address",
    ordered: false,
    summary: "Address of either end",
    read: ({ map, resolver }) =>
      any(
        (["source", "destination"] as const).map((end) =>
          any(map((text) => parseHost(text, end, resolver)))
        ),
      ),
  },
  hostField("dst", "destination", "Peer address, prefix or host, with or without a port"),
  portField("sport", ["source", null], "Local port"),
  portField("dport", ["destination", null], "Peer port"),
  portField("port", ["source", "destination"], "Port of either end"),
  namedField("state", [], "State, or a group of states", "a state", stateOf, (masks) => ({
    kind: "state",
    states: masks.reduce((either, mask) => either | mask, 0),
  })),
  namedField("family", [], "Address family", "a family", familyOf, (lists) => ({
    kind: "family",
    families: lists.flat(),
  })),
  namedField(
    "transport",
    ["proto"],
    "Transport protocol",
    "a transport",
    (text) => oneOf(text, TRANSPORTS, "transport"),
    (transports) => ({ kind: "transport", transports }),
  ),
  namedField(
    "dev",
    ["interface"],
    "Interface the socket is bound to",
    "an interface",
    parseDevice,
    (
      devices,
    ) => any(devices),
  ),
  namedField(
    "fwmark",
    ["mark"],
    "Firewall mark",
    "MARK or MARK/MASK",
    markOf,
    (marks) => any(marks),
  ),
  {
    name: "cgroup",
    aliases: [],
    value: "a path",
    ordered: false,
    summary: "Control group, by its path",
    read: (values) => any(values.map((path) => cgroupOf(path, values.resolver))),
  },
  {
    name: "autobound",
    aliases: [],
    value: null,
    ordered: false,
    summary: "The kernel chose the local port or name",
    read: () => ({ kind: "autobound" }),
  },
  numberField("pid", [], "Process that holds the socket", "a process ID", (pids) => ({
    kind: "pid",
    pids,
  })),
  namedField(
    "process",
    ["comm", "exe"],
    "Name of a process that holds the socket, or of its program; * and ? allowed",
    "a name",
    nonEmpty,
    (patterns) => ({ kind: "process", patterns }),
  ),
  namedField(
    "user",
    ["uid"],
    "User who made the socket or runs a process that holds it",
    "a user name or ID",
    nonEmpty,
    (users) => ({ kind: "user", users: users.map(canonicalUser) }),
  ),
  namedField(
    "unit",
    ["service"],
    "systemd unit of a process that holds the socket; * and ? allowed",
    "a unit",
    nonEmpty,
    (patterns) => ({ kind: "unit", patterns }),
  ),
  namedField(
    "container",
    [],
    "Container of such a process: its name, or the beginning of its ID; * and ? allowed",
    "a container",
    nonEmpty,
    (patterns) => ({ kind: "container", patterns }),
  ),
  namedField(
    "image",
    [],
    "Image of such a container; * and ? allowed",
    "an image",
    nonEmpty,
    (patterns) => ({ kind: "image", patterns }),
  ),
  namedField(
    "cmdline",
    ["args"],
    "Arguments of a process that holds the socket: a part of them, or a pattern with * for all",
    "a text",
    nonEmpty,
    (patterns) => ({ kind: "cmdline", patterns }),
  ),
  ...MEASURE_NAMES.map(measureField),
  numberField("owners", [], "How many processes hold the socket", "a number", (counts) => ({
    kind: "owners",
    counts,
  })),
  namedField(
    "netns",
    [],
    "Network namespace, by name or inode number; * and ? allowed",
    "a namespace",
    nonEmpty,
    (patterns) => ({ kind: "netns", patterns }),
  ),
  numberField("inode", ["ino"], "Inode number of the socket", "an inode number", (inodes) => ({
    kind: "inode",
    inodes,
  })),
  namedField(
    "reach",
    ["scope"],
    "How far the socket can be reached",
    "a scope",
    (text) => oneOf(text, SCOPES, "scope"),
    (scopes) => ({ kind: "reach", scopes }),
  ),
];

/** Transports that stand by themselves: `udp` is short for `transport = udp`. */
const BARE_TRANSPORTS: readonly Transport[] = [
  "tcp",
  "udp",
  "udplite",
  "sctp",
  "dccp",
  "mptcp",
  "icmp",
  "raw",
];

/** The field that a word names, by name or alias; also for a transport, which is a condition of its own. */
export function fieldNamed(word: string): Field | undefined {
  const name = word.toLowerCase();
  const transport = BARE_TRANSPORTS.find((transport) => transport === name);
  return transport === undefined
    ? FIELDS.find((field) => field.name === name || field.aliases.includes(name))
    : bareTransport(transport);
}

function bareTransport(transport: Transport): Field {
  return {
    name: transport,
    aliases: [],
    value: null,
    ordered: false,
    summary: "",
    read: () => ({ kind: "transport", transports: [transport] }),
  };
}

/** Every word that names a field. */
export function fieldWords(): string[] {
  return [...FIELDS.flatMap((field) => [field.name, ...field.aliases]), ...BARE_TRANSPORTS];
}

function hostField(name: string, end: End, summary: string): Field {
  return {
    name,
    aliases: [],
    value: "an address",
    ordered: false,
    summary,
    read: ({ map, resolver }) => any(map((text) => parseHost(text, end, resolver))),
  };
}

function portField(name: string, [end, other]: [End, End | null], summary: string): Field {
  return {
    name,
    aliases: [],
    value: "a port, a service, a range or a list of them",
    ordered: true,
    summary,
    read: ({ comparison, map, resolver }) => {
      const ports = compared(comparison, map((text) => parsePorts(text, resolver)), 0xffff);
      const at = (end: End): Expr => ({ kind: "host", end, addresses: [], ports });
      return other === null ? at(end) : any([at(end), at(other)]);
    },
  };
}

function numberField(
  name: string,
  aliases: readonly string[],
  summary: string,
  value: string,
  make: (numbers: Ranges) => Condition,
): Field {
  return {
    name,
    aliases,
    value: `${value}, a range or a list of them`,
    ordered: true,
    summary,
    read: ({ comparison, map }) => make(compared(comparison, map(parseNumbers), Infinity)),
  };
}

function measureField(measure: MeasureName): Field {
  const { unit, summary } = MEASURES[measure];
  return {
    name: measure,
    aliases: [],
    value: unit === "us" ? "a time such as 200ms or 10m" : "a number",
    ordered: true,
    summary,
    read: ({ comparison, map }) => ({
      kind: "measure",
      measure,
      values: compared(comparison, map((text) => parseMeasure(text, unit)), Infinity),
    }),
  };
}

function namedField<T>(
  name: string,
  aliases: readonly string[],
  summary: string,
  value: string,
  read: (text: string) => T,
  make: (values: T[]) => Expr,
): Field {
  return { name, aliases, value, ordered: false, summary, read: ({ map }) => make(map(read)) };
}

/** The numbers for which the comparison is true. `<`, `<=`, `>` and `>=` take exactly one number. */
function compared(comparison: Values["comparison"], values: readonly Range[], top: number): Ranges {
  const { first, last } = values[0]!;
  switch (comparison) {
    case "=":
      return ranges(values);
    case "<":
      return ranges([{ first: 0, last: first - 1 }]);
    case "<=":
      return ranges([{ first: 0, last }]);
    case ">":
      return ranges([{ first: last + 1, last: top }]);
    case ">=":
      return ranges([{ first, last: top }]);
  }
}

/** `5`, `5-9` or `5-`. */
function parseNumbers(text: string): Range {
  const match = /^(\d+)(-(\d*))?$/.exec(text);
  if (match === null) throw new ValueProblem(`"${text}" is not a number or a range`);
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : match[3] === "" ? Infinity : Number(match[3]);
  if (!Number.isSafeInteger(first) || last !== Infinity && !Number.isSafeInteger(last)) {
    throw new ValueProblem(`"${text}" is too large`, "a smaller number");
  }
  if (last < first) throw new ValueProblem(`The range ${text} runs backwards`, `${last}-${first}`);
  return { first, last };
}

function nonEmpty(text: string): string {
  if (text === "") throw new ValueProblem("The name is empty", "a name");
  return text;
}

/** `00` and `0` are the same user. */
function canonicalUser(user: string): string {
  return /^\d+$/.test(user) ? String(Number(user)) : user;
}

/** One of a list of words. Letter case does not matter, nor whether the word has `-` or `_`. */
function oneOf<T extends string>(text: string, words: readonly T[], what: string): T {
  const wanted = text.toLowerCase().replaceAll("-", "_");
  const found = words.find((word) => word === wanted);
  if (found !== undefined) return found;
  throw new ValueProblem(
    `"${text}" is not a ${what}`,
    `one of ${words.join(", ")}`,
    similar(wanted.toLowerCase(), words),
  );
}

const CONNECTED = ALL_STATES & ~stateMask(TCP_CLOSE, TCP_LISTEN);
const BUCKET = stateMask(TCP_SYN_RECV, TCP_TIME_WAIT);

const STATE_GROUPS: Readonly<Record<string, number>> = {
  all: ALL_STATES,
  connected: CONNECTED,
  synchronized: CONNECTED & ~stateMask(TCP_SYN_SENT),
  bucket: BUCKET,
  big: ALL_STATES & ~BUCKET,
};

function stateOf(text: string): number {
  const group = text.toLowerCase();
  if (Object.hasOwn(STATE_GROUPS, group)) return STATE_GROUPS[group]!;
  const number = stateNumber(text);
  if (number !== undefined) return stateMask(number);
  const words = [...STATES.slice(1), ...Object.keys(STATE_GROUPS)];
  throw new ValueProblem(
    `"${text}" is not a state`,
    undefined,
    similar(group.toLowerCase().replaceAll("-", "_"), words),
  );
}

const FAMILY_ALIASES: Readonly<Record<string, readonly FamilyName[]>> = {
  ip: ["inet", "inet6"],
  ipv4: ["inet"],
  ip4: ["inet"],
  "4": ["inet"],
  ipv6: ["inet6"],
  ip6: ["inet6"],
  "6": ["inet6"],
  link: ["packet"],
};

function familyOf(text: string): readonly FamilyName[] {
  const alias = text.toLowerCase();
  if (Object.hasOwn(FAMILY_ALIASES, alias)) return FAMILY_ALIASES[alias]!;
  return [oneOf(text, FAMILIES, "family")];
}

function markOf(text: string): Condition {
  const number = (digits: string): number => {
    const value = /^(0x[0-9a-f]+|\d+)$/i.test(digits) ? Number(digits) : NaN;
    if (value <= 0xffffffff) return value;
    throw new ValueProblem(`"${text}" is not a mark`, "MARK or MARK/MASK, each below 2^32");
  };
  const slash = text.indexOf("/");
  if (slash < 0) return { kind: "mark", mark: number(text), mask: 0xffffffff };
  const [mark, mask] = [number(text.slice(0, slash)), number(text.slice(slash + 1))];
  if ((mark & ~mask) !== 0) {
    throw new ValueProblem(`The mark of "${text}" has bits outside its mask`, "a wider mask");
  }
  return { kind: "mark", mark, mask };
}

function cgroupOf(path: string, resolver: FilterResolver): Condition {
  const id = resolver.cgroupId(path);
  if (id === undefined) throw new ValueProblem(`"${path}" is not a control group`);
  return { kind: "cgroup", path, id };
}
