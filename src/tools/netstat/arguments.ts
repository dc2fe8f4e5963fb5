/**
 * A netstat command line, read into a query.
 *
 * @module
 */
import { AT_FDCWD, tryReadFileAt } from "../../../ffi/files.ts";
import { cString } from "../../../ffi/memory.ts";
import { getopt, GetoptError } from "../getopt.ts";
import {
  type LeftOut,
  NETSTAT_FLAGS,
  type NetstatOptions,
  NetstatStop,
  noOptions,
} from "./flags.ts";
import type { NetstatProtocol, NetstatQuery, StatisticsQuery } from "./query.ts";

const STATUS_ERROR = 1;
const STATUS_USAGE = 3;

/** What to call instead of a mode that sockeye does not have. */
const SUCCESSORS: Readonly<Record<LeftOut, readonly [what: string, instead: string]>> = {
  r: ["-r, the routing table,", "ip route"],
  i: ["-i, the table of interfaces,", "ip -s link"],
  g: ["-g, multicast groups,", "ip maddr"],
  M: ["-M, masqueraded connections,", "conntrack -L"],
  F: ["-F, the routing table,", "ip route"],
  C: ["-C, the routing cache,", "ip route get ADDRESS"],
};

const INTERNET: readonly NetstatProtocol[] = ["tcp", "sctp", "udp", "udplite", "raw"];

/** Reads the arguments. Throws {@linkcode NetstatStop} when there is nothing to run. */
export function readArguments(args: readonly string[]): NetstatQuery | StatisticsQuery {
  const options = noOptions();
  try {
    getopt(args, NETSTAT_FLAGS, options);
  } catch (error) {
    if (!(error instanceof GetoptError)) throw error;
    throw new NetstatStop(STATUS_USAGE, `netstat: ${error.message}\n`, { usage: true });
  }
  refuse(options);
  return options.statistics ? statisticsQuery(options) : socketQuery(options);
}

/** Throws for modes that cannot be combined or that sockeye does not have. */
function refuse({ leftOut, statistics, context }: NetstatOptions): void {
  const modes = (["i", "r", "M"] as const).filter((letter) => leftOut.has(letter)).length;
  if (modes + Number(statistics) > 1) throw new NetstatStop(STATUS_USAGE, "", { usage: true });
  const [letter] = leftOut;
  if (letter !== undefined) {
    const [what, instead] = SUCCESSORS[letter];
    throw new NetstatStop(
      STATUS_ERROR,
      `netstat: ${what} is not part of sockeye: use ${instead}\n`,
    );
  }
  if (context) throw new NetstatStop(STATUS_ERROR, `${contextRefusal()}\n`);
}

function contextRefusal(): string {
  const mode = tryReadFileAt(AT_FDCWD, cString("/sys/fs/selinux/enforce"));
  return typeof mode === "number"
    ? "SELinux is not enabled on this machine."
    : "netstat: -Z, security contexts, is not part of sockeye: use ps -eZ";
}

/** The internet protocols that the options mean. `implied`: none was named. */
function internetProtocols(
  options: NetstatOptions,
): { names: Set<NetstatProtocol>; implied: boolean } {
  const family = options.families.includes("inet") || options.families.includes("inet6");
  const implied = options.protocols.size === 0 && (family || options.statistics);
  return { names: new Set(implied ? INTERNET : options.protocols), implied };
}

function socketQuery(options: NetstatOptions): NetstatQuery {
  const { families } = options;
  const { names, implied } = internetProtocols(options);
  const ipv4 = families.includes("inet");
  const ipv6 = families.includes("inet6");
  const neither = !ipv4 && !ipv6;
  if (families.includes("unix")) names.add("unix");
  // The table of families writes those without sockets in upper case.
  const absent = families.filter((family) => family === family.toUpperCase());
  return {
    kind: "sockets",
    layout: {
      all: options.all,
      listening: options.listening,
      extended: options.extended,
      programs: options.programs,
      timers: options.timers,
      wide: options.wide,
    },
    numeric: {
      hosts: options.numericHosts,
      ports: options.numericPorts,
      users: options.numericUsers,
    },
    protocols: names,
    ipv4: ipv4 || neither,
    ipv6: ipv6 || neither,
    absent,
    named: names.size > 0 || absent.length > 0,
    protocolsImplied: implied,
    verbose: options.verbose,
    continuous: options.continuous,
    trace: options.trace,
    allOwners: options.allOwners,
  };
}

function statisticsQuery(options: NetstatOptions): StatisticsQuery {
  const family = options.families.join(",").toLowerCase() || "inet";
  if (family !== "inet" && family !== "inet6") {
    // The original says this on standard output.
    throw new NetstatStop(
      STATUS_ERROR,
      `netstat: No statistics support for specified address family: ${family}\n`,
      { output: true },
    );
  }
  return {
    kind: "statistics",
    ipv6: family === "inet6",
    protocols: internetProtocols(options).names,
  };
}
