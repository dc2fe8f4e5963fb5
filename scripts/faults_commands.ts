/**
 * The command lines that faults are tried with, by name.
 */

/** Files that some commands are given. All were made without a fault, of what the command looks at. */
export interface GivenFiles {
  /** `sockeye snapshot`. */
  readonly snapshot: string;
  /** A policy that the host fits: `sockeye audit --init`. */
  readonly policy: string;
  /** A policy that the host violates. */
  readonly strict: string;
}

/** Whose words a command speaks. */
type Language = "sockeye" | "ss" | "netstat" | "lsof";

/** A command that is let fail. */
export interface Command {
  readonly language: Language;
  /** True if its status tells a verdict: 0 and 1 are answers. */
  readonly decides: boolean;
  args(files: GivenFiles): readonly string[];
}

/** Families whose sockets the fixture has. */
const FAMILIES = ["-a", "--family", "inet,inet6,unix,packet,netlink"];

function listing(...args: string[]): Command {
  return { language: "sockeye", decides: false, args: () => args };
}

function verdict(args: string[] | Command["args"]): Command {
  return {
    language: "sockeye",
    decides: true,
    args: typeof args === "function" ? args : () => args,
  };
}

function other(language: Language, ...args: string[]): Command {
  return { language, decides: false, args: () => [language, ...args] };
}

/** The command that does nothing but start. */
export const START = "--version";

/** All commands; {@linkcode START} comes first. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  [START]: listing("--version"),
  "list": listing("-t", "-u", "-x", "-a", "--owners=proc"),
  "list --json": listing(...FAMILIES, "--json", "--owners=proc"),
  "list --owners=bpf": listing(...FAMILIES, "--json", "--owners=bpf"),
  "list --require-complete": listing("-tu", "--json", "--require-complete"),
  "list --info": listing("-tua", "--info", "--json"),
  "list --all-netns": listing("-a", "--all-netns", "--json", "--family", "inet,inet6,unix"),
  "list --all-netns bpf": listing("-a", "--all-netns", "--json", "--owners=bpf"),
  "list --pid": listing("-a", "--pid", "1", "--json"),
  "list --user": listing("-a", "--user", "root", "--json"),
  "list filter": listing("--json", "--filter", "reach = loopback,any,private and process python3"),
  "explain port": verdict(["explain", "8001", "8003", "--json"]),
  "explain absent": verdict(["explain", "8999"]),
  "explain pid": verdict(["explain", "pid:1", "--json"]),
  "explain idle pid": verdict(["explain", "pid:2", "--json"]),
  "explain process": verdict(["explain", "process:python3", "--json"]),
  "explain unix": verdict(["explain", "unix:/run/faults.sock", "@faults", "--json"]),
  "explain other netns": verdict(["explain", "8200", "--all-netns", "--json"]),
  "explain --bind taken": verdict(["explain", "--bind", "0.0.0.0:8001", "--json"]),
  "explain --bind free": verdict(["explain", "--bind", "127.0.0.1:8999", "--json"]),
  "explain absent unit": verdict(["explain", "unit:none.service", "container:none", "--json"]),
  "wait": verdict(["wait", "8001", "-t", "0"]),
  "wait --gone": verdict(["wait", "8999", "--gone", "-t", "0"]),
  "wait --gone unix": verdict(["wait", "unix:/run/none.sock", "--gone", "-t", "0"]),
  "list --summary": listing("-s"),
  "audit": verdict(["audit", "--format", "json"]),
  "audit fitting": verdict(({ policy }) => ["audit", "--policy", policy, "--format", "json"]),
  "audit violated": verdict(({ strict }) => ["audit", "--policy", strict, "--format", "json"]),
  "audit --snapshot": verdict((
    { strict, snapshot },
  ) => ["audit", "--policy", strict, "--snapshot", snapshot, "--format", "json"]),
  "snapshot": listing("snapshot", "-a"),
  "diff": verdict(({ snapshot }) => ["diff", snapshot, "--json"]),
  "diff of files": verdict(({ snapshot }) => ["diff", snapshot, snapshot, "--json"]),
  "report": {
    language: "sockeye",
    decides: false,
    args: ({ snapshot }) => ["report", "--json", snapshot],
  },
  "kill": verdict(["kill", "--socket", "sport = 8003"]),
  "doctor": listing("doctor", "--json"),
  "ss": other("ss", "-tuxwnap0"),
  "ss -l": other("ss", "-tlnp"),
  "ss -T": other("ss", "-tlnpT"),
  "ss -tinem": other("ss", "-tanime"),
  "ss -s": other("ss", "-s"),
  "netstat": other("netstat", "-tuxwnap"),
  "netstat -l": other("netstat", "-tln"),
  "netstat -s": other("netstat", "-s"),
  "lsof -i": other("lsof", "-nP", "-i"),
  "lsof -U": other("lsof", "-nP", "-U", "+E"),
  "lsof -p": other("lsof", "-nP", "-a", "-p", "1"),
};
