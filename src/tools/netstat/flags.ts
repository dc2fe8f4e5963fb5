/**
 * The options of netstat: those of net-tools 2.10, and sockeye's own.
 *
 * @module
 */
import { VERSION } from "../../version.ts";
import type { GetoptFlag } from "../getopt.ts";

/** The options that were given. */
export interface NetstatOptions {
  all: boolean;
  listening: boolean;
  extended: boolean;
  programs: boolean;
  allOwners: boolean;
  timers: boolean;
  wide: boolean;
  continuous: boolean;
  verbose: boolean;
  context: boolean;
  statistics: boolean;
  /** `--trace`, which is ours. */
  trace: boolean;
  numericHosts: boolean;
  numericPorts: boolean;
  numericUsers: boolean;
  /** Address families in the order they were given. Those that sockeye has no sockets of are in upper case. */
  families: string[];
  readonly protocols: Set<"tcp" | "sctp" | "udp" | "udplite" | "raw">;
  /** Modes of the original that sockeye does not have, by their letter. */
  readonly leftOut: Set<LeftOut>;
}

/** A mode of the original that sockeye does not have, by its letter. */
export type LeftOut = "r" | "i" | "g" | "M" | "F" | "C";

/** The options before any is given. */
export function noOptions(): NetstatOptions {
  return {
    all: false,
    listening: false,
    extended: false,
    programs: false,
    allOwners: false,
    timers: false,
    wide: false,
    continuous: false,
    verbose: false,
    context: false,
    statistics: false,
    trace: false,
    numericHosts: false,
    numericPorts: false,
    numericUsers: false,
    families: [],
    protocols: new Set(),
    leftOut: new Set(),
  };
}

/** Ends the run before it begins: help, the version, or a command line that cannot be run. */
export class NetstatStop extends Error {
  override readonly name = "NetstatStop";
  readonly status: number;
  readonly text: string;
  /** Whether the help follows the text. */
  readonly usage: boolean;
  /** True when the text goes to standard output, false for standard error. */
  readonly output: boolean;

  constructor(
    status: number,
    text: string,
    { usage = false, output = status === 0 }: { usage?: boolean; output?: boolean } = {},
  ) {
    super(text);
    this.status = status;
    this.text = text;
    this.usage = usage;
    this.output = output;
  }
}

/** Address families by the names of `-A`. Those that sockeye has no sockets of are in upper case, and told as absent. */
const FAMILIES: ReadonlyMap<string, string> = new Map([
  ["inet", "inet"],
  ["ip", "inet"],
  ["tcpip", "inet"],
  ["inet6", "inet6"],
  ["ip6", "inet6"],
  ["unix", "unix"],
  ["ax25", "AX25"],
  ["ipx", "IPX"],
  ["netrom", "NETROM"],
  ["x25", "X25"],
  ["rose", "ROSE"],
  ["bluetooth", "BLUETOOTH"],
  // netstat knows this name, but has no table for it and does not say that it is absent.
  ["ddp", "ddp"],
  ["appletalk", "ddp"],
]);

function addFamilies(options: NetstatOptions, names: string): void {
  for (const name of names.split(",")) {
    const family = FAMILIES.get(name);
    if (family === undefined) {
      throw new NetstatStop(1, `Unknown address family \`${name}'.\n`);
    }
    options.families.push(family);
  }
}

type Flag = GetoptFlag<NetstatOptions>;
type Switch = {
  [Key in keyof NetstatOptions]: NetstatOptions[Key] extends boolean ? Key : never;
}[keyof NetstatOptions];

const turn = (key: Switch) => (options: NetstatOptions) => {
  options[key] = true;
};
const protocol =
  (name: "tcp" | "sctp" | "udp" | "udplite" | "raw") => (options: NetstatOptions) => {
    options.protocols.add(name);
  };
const leftOut = (letter: LeftOut) => (options: NetstatOptions) => {
  options.leftOut.add(letter);
};
const family = (name: string, short?: string): Flag => ({
  ...(short === undefined ? {} : { short }),
  long: [name],
  set: (options) => addFamilies(options, name),
});

/** All options. Abbreviations are looked up in this order. */
export const NETSTAT_FLAGS: readonly Flag[] = [
  // -4 and -6 are --inet and --inet6.
  { ...family("inet", "4"), help: "IPv4 sockets" },
  { ...family("inet6", "6"), help: "IPv6 sockets" },
  { ...family("unix", "x"), help: "unix sockets" },
  family("ax25"),
  family("ipx"),
  family("appletalk"),
  family("netrom"),
  family("ddp"),
  family("x25"),
  family("rose"),
  family("bluetooth"),
  { ...family("tcpip"), extension: true },
  { ...family("ip"), extension: true },
  { ...family("ip6"), extension: true },
  {
    short: "V",
    long: ["version"],
    help: "print the version",
    set() {
      throw new NetstatStop(0, `sockeye ${VERSION}, speaking the language of net-tools 2.10\n`);
    },
  },
  { short: "i", long: ["interfaces"], set: leftOut("i") },
  {
    short: "h",
    long: ["help"],
    help: "print this text",
    set() {
      throw new NetstatStop(0, "", { usage: true });
    },
  },
  { short: "r", long: ["route"], set: leftOut("r") },
  { short: "M", long: ["masquerade"], set: leftOut("M") },
  {
    short: "A",
    long: ["protocol"],
    value: "FAMILY,…",
    help: "address families: inet, inet6, unix",
    set: addFamilies,
  },
  { short: "t", long: ["tcp"], help: "TCP", set: protocol("tcp") },
  { short: "S", long: ["sctp"], help: "SCTP", set: protocol("sctp") },
  { short: "u", long: ["udp"], help: "UDP", set: protocol("udp") },
  { short: "U", long: ["udplite"], help: "UDP-Lite", set: protocol("udplite") },
  { short: "w", long: ["raw"], help: "raw sockets", set: protocol("raw") },
  { short: "2", long: ["l2cap"], set: (options) => options.families.push("BLUETOOTH") },
  { short: "f", long: ["rfcomm"], set: (options) => options.families.push("BLUETOOTH") },
  { short: "l", long: ["listening"], help: "servers alone", set: turn("listening") },
  { short: "a", long: ["all"], help: "servers as well as connections", set: turn("all") },
  { short: "o", long: ["timers"], help: "show timers", set: turn("timers") },
  {
    short: "c",
    long: ["continuous"],
    help: "print it all again every second",
    set: turn("continuous"),
  },
  { short: "e", long: ["extend"], help: "show user and inode", set: turn("extended") },
  {
    short: "p",
    long: ["programs"],
    help: "show the process that holds each socket, the one with the lowest ID",
    set: turn("programs"),
  },
  {
    long: ["all-owners"],
    extension: true,
    help: "show all processes that hold each socket, with commas between and names in full",
    set(options) {
      options.programs = true;
      options.allOwners = true;
    },
  },
  {
    long: ["trace"],
    extension: true,
    help: "print every netlink message on standard error (not in netstat)",
    set: turn("trace"),
  },
  { short: "v", long: ["verbose"], help: "say which tables do not exist", set: turn("verbose") },
  {
    short: "s",
    long: ["statistics"],
    help: "print counters of the protocols instead of sockets",
    set: turn("statistics"),
  },
  { short: "W", long: ["wide"], help: "do not cut addresses", set: turn("wide") },
  // The spelling of other versions of netstat.
  { short: "T", long: ["notrim"], extension: true, set: turn("wide") },
  {
    short: "n",
    long: ["numeric"],
    help: "no names at all",
    set(options) {
      options.numericHosts = options.numericPorts = options.numericUsers = true;
    },
  },
  {
    long: ["numeric-hosts"],
    help: "addresses instead of host names",
    set: turn("numericHosts"),
  },
  {
    long: ["numeric-ports"],
    help: "numbers instead of service names",
    set: turn("numericPorts"),
  },
  {
    long: ["numeric-users"],
    help: "numbers instead of user names",
    set: turn("numericUsers"),
  },
  // Asks for names of hardware addresses, which none of these tables has.
  { short: "N", long: ["symbolic"], set() {} },
  { short: "C", long: ["cache"], set: leftOut("C") },
  { short: "F", long: ["fib"], set: leftOut("F") },
  { short: "g", long: ["groups"], set: leftOut("g") },
  { short: "Z", long: ["context"], set: turn("context") },
  // Accepted without a meaning, as in the original.
  { short: "d", set() {} },
];
