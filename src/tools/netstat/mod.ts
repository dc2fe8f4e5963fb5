/**
 * `sockeye netstat`: arguments to request.
 *
 * @module
 */
import { AT_FDCWD, tryReadFileAt } from "../../../ffi/files.ts";
import { cString } from "../../../ffi/memory.ts";
import { netstat } from "./run.ts";
import {
  type NetstatEnvironment,
  netstatEnvironment,
  type NetstatProtocol,
} from "./environment.ts";
import { netstatStatistics } from "./statistics/mod.ts";
import { VERSION } from "../../version.ts";
import type { Writer } from "../../text/writer.ts";
import { getopt, GetoptError } from "../getopt.ts";
import {
  type LeftOut,
  NETSTAT_FLAGS,
  type NetstatOptions,
  NetstatStop,
  noOptions,
} from "./flags.ts";

const STATUS_ERROR = 1;
const STATUS_USAGE = 3;

/** What to call instead of a mode that is not here. */
const SUCCESSORS: Readonly<Record<LeftOut, readonly [what: string, instead: string]>> = {
  r: ["-r, the routing table,", "ip route"],
  i: ["-i, the table of interfaces,", "ip -s link"],
  g: ["-g, multicast groups,", "ip maddr"],
  M: ["-M, masqueraded connections,", "conntrack -L"],
  F: ["-F, the routing table,", "ip route"],
  C: ["-C, the routing cache,", "ip route get ADDRESS"],
};

const INTERNET: readonly NetstatProtocol[] = ["tcp", "sctp", "udp", "udplite", "raw"];

const usage = async () => (await import("./help.ts")).usage();

/** Runs netstat. Returns its exit status: 0, 1 for what is not supported, 3 for wrong usage, 255 for unreadable tables. */
export async function run(args: readonly string[], out: Writer, err: Writer): Promise<number> {
  const options = noOptions();
  const fail = (text: string, status: number) => {
    err.write(text);
    err.flush();
    return status;
  };
  try {
    getopt(args, NETSTAT_FLAGS, options);
  } catch (error) {
    if (error instanceof GetoptError) {
      return fail(`netstat: ${error.message}\n${await usage()}`, STATUS_USAGE);
    }
    if (!(error instanceof NetstatStop)) throw error;
    if (error.stop === "family") return fail(`${error.message}\n`, STATUS_ERROR);
    out.write(
      error.stop === "help"
        ? await usage()
        : `sockeye ${VERSION}, speaking the language of net-tools 2.10\n`,
    );
    out.flush();
    return 0;
  }
  const { leftOut } = options;
  const modes = ["i", "r", "M"].filter((letter) => leftOut.has(letter as LeftOut)).length +
    (options.statistics ? 1 : 0);
  if (modes > 1) return fail(await usage(), STATUS_USAGE);
  for (const letter of leftOut) {
    const [what, instead] = SUCCESSORS[letter];
    return fail(`netstat: ${what} is not part of sockeye: use ${instead}\n`, STATUS_ERROR);
  }
  if (options.context) return fail(`${contextRefusal()}\n`, STATUS_ERROR);
  const environment = netstatEnvironment(process.env);
  return options.statistics
    ? statistics(options, environment, out, err)
    : await list(options, environment, out, err);
}

/** The internet protocols that the options mean, and whether they named any. */
function internetProtocols(
  options: NetstatOptions,
): { names: Set<NetstatProtocol>; implied: boolean } {
  const family = options.families.includes("inet") || options.families.includes("inet6");
  const implied = options.protocols.size === 0 && (family || options.statistics);
  return { names: new Set(implied ? INTERNET : options.protocols), implied };
}

function list(
  options: NetstatOptions,
  environment: NetstatEnvironment,
  out: Writer,
  err: Writer,
): Promise<number> {
  const { families } = options;
  const { names, implied } = internetProtocols(options);
  const ipv4 = families.includes("inet");
  const ipv6 = families.includes("inet6");
  const neither = !ipv4 && !ipv6;
  if (families.includes("unix")) names.add("unix");
  const absent = families.filter((family) => family === family.toUpperCase());
  return netstat(
    {
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
      allOwners: options.allOwners,
    },
    environment,
    out,
    err,
  );
}

function statistics(
  options: NetstatOptions,
  environment: NetstatEnvironment,
  out: Writer,
  err: Writer,
): number {
  const family = options.families.join(",").toLowerCase() || "inet";
  if (family !== "inet" && family !== "inet6") {
    out.write(`netstat: No statistics support for specified address family: ${family}\n`);
    out.flush();
    return STATUS_ERROR;
  }
  return netstatStatistics(
    { ipv6: family === "inet6", protocols: internetProtocols(options).names },
    environment,
    out,
    err,
  );
}

function contextRefusal(): string {
  const mode = tryReadFileAt(AT_FDCWD, cString("/sys/fs/selinux/enforce"));
  return typeof mode === "number"
    ? "SELinux is not enabled on this machine."
    : "netstat: -Z, security contexts, is not part of sockeye: use ps -eZ";
}
