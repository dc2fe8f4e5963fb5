/**
 * Where ss, netstat and lsof mode differ from the originals on purpose. test/conformance/README.md says the same to people; a
 * test holds both against each other.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { foldedLines, judge } from "./judge.ts";
import type { Ran } from "./runner.ts";

/** The programs that have a mode here. */
export type Tool = "ss" | "netstat" | "lsof";

/** A difference as it was found. */
export interface Found {
  readonly tool: Tool;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly onTerminal: boolean;
  readonly original: Ran;
  readonly ours: Ran;
}

/** A difference that is meant. */
export interface Documented {
  readonly tool: Tool;
  /** Short, for reports. */
  readonly name: string;
  /** As test/conformance/README.md has it. */
  readonly text: string;
  /** True if this is the reason of a difference; all three are absent for what random argument lists do not touch. */
  readonly excuses?: (found: Found) => boolean;
  /** Where a difference is one of form: what makes it go away. Both sides go through it and are judged again. */
  readonly evens?: (found: Found) => ((text: string) => string) | null;
  /** Where the original takes a word for something else: what it has to be asked to give the answer that is ours. */
  readonly rewords?: (found: Found) => Rewording | null;
}

/** What the original is asked in place of the list that differs. */
interface Rewording {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What our answer is put through before it is compared, and the status that it then has to have. */
  readonly form?: (text: string) => string;
  readonly status?: number;
}

/** Runs the original with these words, then ours with its own, then the original once more. */
export type Again = (
  args: readonly string[],
  env: Readonly<Record<string, string>>,
) => Promise<readonly [before: Ran, ours: Ran, after: Ran]>;

const asks = (found: Found, form: RegExp) => found.args.some((word) => form.test(word));

/** Text without bytes that may steer a terminal, and without what is shown in place of them. */
function withoutSteering(text: string): string {
  return text.replaceAll(/\\x0[9a]|\s+/g, " ").replaceAll(/\\x[0-9a-f]{2}|[^\x20-\x7e]|[.?]/g, "")
    .replaceAll(/ +/g, " ");
}

/** Names in /etc/services that only one of tcp and udp has, with their ports. */
function servicesOfOneProtocol(): Map<string, string> {
  const of = { tcp: new Map<string, string>(), udp: new Map<string, string>() };
  for (const line of readFileSync("/etc/services", "latin1").split("\n")) {
    const found = /^([^#\s]+)\s+(\d+)\/(tcp|udp)([^#]*)/.exec(line);
    if (found === null) continue;
    const [, name, port, protocol, aliases] = found;
    for (const word of [name!, ...aliases!.trim().split(/\s+/)]) {
      of[protocol as "tcp" | "udp"].set(word, port!);
    }
  }
  return new Map(
    [...of.tcp, ...of.udp].filter(([name]) => of.tcp.has(name) !== of.udp.has(name)),
  );
}

/** The list with ports of such services as numbers; `null` without any. */
function withoutServices({ args }: Found): Rewording | null {
  const services = servicesOfOneProtocol();
  const reworded = args.map((argument) =>
    argument.replace(/(?<![\w.-])[a-z][\w.-]*/g, (word) => services.get(word) ?? word)
  );
  return reworded.every((argument, at) => argument === args[at]) ? null : { args: reworded };
}

/** The list with the root of the hierarchy by its path; `null` if it is not asked for. */
function withMountPoint({ args }: Found): Rewording | null {
  const mounts = readFileSync("/proc/self/mounts", "latin1");
  const place = /^\S+ (\S+) cgroup2 /m.exec(mounts)?.[1];
  // In one argument, or in arguments of their own.
  const line = args.join("\0");
  const reworded = line.replace(
    /(\bcgroup[ \0](?:!?=[ \0])?)(?:\/+\.?|\.)(?=[ \0]|$)/g,
    `$1${place}`,
  );
  return place === undefined || reworded === line ? null : { args: reworded.split("\0") };
}

/** vsock's addresses without their ports. Where other families are listed too, its rows have its tables' names. */
function withoutVsockPorts({ args }: Found): ((text: string) => string) | null {
  if (!/vsock|v_|all|^-[^-]*[al]/.test(args.join(" "))) return null;
  return (text) => {
    const named = /^v_(str|dgr)\b/m.test(text);
    return text.replace(
      /^.*$/gm,
      (line) =>
        named && !/^v_/.test(line) ? line : line.replaceAll(/(?<=[\d*]):(\d+|\*)/g, ":PORT"),
    );
  };
}

/** A table of lsof without the files, or the fields without the sets, of which lsof says the name of a protocol alone. */
function withoutForeign({ original }: Found): ((text: string) => string) | null {
  const isFields = /^p\d+[\n\0]/.test(original.stdout);
  const keys = isFields ? fieldKeys(original.stdout) : tableKeys(original.stdout);
  const foreign = new Set(keys.filter(({ text }) => PROTOCOL.test(text)).map(({ key }) => key));
  if (foreign.size === 0) return null;
  return (text) =>
    (isFields ? fieldKeys(text) : tableKeys(text))
      .filter(({ key }) => !foreign.has(key)).map((one) => one.text).join("\n");
}

const PROTOCOL = /(^| |\n|\0)n?protocol: /;

/** Files by process and descriptor. */
function tableKeys(text: string): { key: string; text: string }[] {
  return foldedLines(text).map((line) => ({
    key: /^\S+ (\d+) .*? (\d+[rwu -]\w?)/.exec(line)?.slice(1).join(" ") ?? "",
    text: line,
  }));
}

function fieldKeys(text: string): { key: string; text: string }[] {
  let process = "";
  return text.split(/\n(?=[pf])/).map((set) => {
    if (set.startsWith("p")) process = /^p\d+/.exec(set)![0];
    return { key: `${process} ${/^f[^\n\0]*/.exec(set)?.[0] ?? ""}`, text: set };
  });
}

/** The list without repetition. Ours ends with a marker then. */
function withoutRepetition({ args, ours }: Found): Rewording | null {
  const without = args.filter((word) => !/^[-+]r/.test(word));
  if (without.length === args.length) return null;
  // Ours has the status of the original, which the list without repetition does not have.
  return {
    args: without,
    form: (text) => text.replace(/(^|\n)(=======|m)\n?$/, "$1"),
    status: ours.status as number,
  };
}

/** All of them, in the order of the README. */
export const DOCUMENTED: readonly Documented[] = [
  {
    tool: "ss",
    name: "DCCP",
    text:
      "DCCP: 7.3 has dropped `-d`, `--dccp` and the table `dccp`. They stay, for kernels that have such sockets.",
    excuses: ({ original }) =>
      original.status === 255 &&
      /invalid option -- 'd'|unrecognized option '--dc|"!?dccp" is illegal/.test(original.stderr),
  },
  {
    tool: "ss",
    name: "BPF maps",
    text:
      "`--bpf-maps` and `--bpf-map-id` are refused with one line: what BPF programs keep for a socket is not shown.",
    excuses: ({ ours }) => ours.status === 1 && /^ss: --bpf-map/.test(ours.stderr),
  },
  {
    tool: "ss",
    name: "service of one protocol",
    text:
      "A service that only one of tcp and udp has, such as `ntp`: ss keeps a pointer into a buffer that a second look-up overwrites, and filters by whatever stands last in /etc/services. Here it is the port of that service.",
    rewords: withoutServices,
  },
  {
    tool: "ss",
    name: "cgroup /",
    text:
      "`cgroup /`, also as `//`, `/.` or `.`: ss asks for the file handle of the root directory of the file system and finds nothing. Here it is the root of the hierarchy. Any other path outside of the hierarchy is refused; ss takes the handle of whatever is there, and finds nothing.",
    excuses: ({ original, ours }) =>
      original.status === 0 && ours.status === 1 && / is not a control group: /.test(ours.stderr) &&
      original.stdout.trim().split("\n").length <= 1,
    rewords: withMountPoint,
  },
  {
    tool: "ss",
    name: "-N with -e",
    text:
      "`-N NAME` with `-e`: ss mounts a /sys of the namespace's own first, finds no cgroup2 in it, and shows control groups as `unreachable`.",
    evens: (found) =>
      asks(found, /^(-\w*N|--net$)/) ? (text) => text.replaceAll(/ cgroup:\S+/g, "") : null,
  },
  {
    tool: "ss",
    name: "crash",
    text: "`src unix:@* or dst inet:…` and the like, where ss ends with a segmentation fault.",
    excuses: (found) => found.original.status === "signal 11",
  },
  {
    tool: "ss",
    name: "vsock ports",
    text: "vsock: ports that ss prints from memory that nothing has written to.",
    evens: withoutVsockPorts,
  },
  {
    tool: "ss",
    name: "empty PROC_",
    text: "`PROC_ROOT`, `PROC_NET_TCP` and the like with an empty value count as not set.",
    rewords: ({ args, env }) => {
      const set = Object.entries(env).filter(([name, value]) =>
        !name.startsWith("PROC_") || value !== ""
      );
      return set.length === Object.keys(env).length ? null : { args, env: Object.fromEntries(set) };
    },
  },
  {
    tool: "ss",
    name: "paths in tables",
    text:
      "A unix path with a line break in the table that `PROC_ROOT` or `PROC_NET_UNIX` names is one row. ss takes what follows for another line, and shows a row of zeros.",
    evens: ({ env }) =>
      env.PROC_ROOT || env.PROC_NET_UNIX
        ? (text) => text.replace(/^(\w+ +)?LISTEN +0 +0 +\* 0 +\* 0 *\n/gm, "")
        : null,
  },
  {
    tool: "ss",
    name: "--bp",
    text:
      "`--bp` is refused as ambiguous, as by an ss that is built with libbpf. One without it takes it for `--bpf`.",
    excuses: (found) => found.args.includes("--bp") && found.ours.status === 255,
  },
  {
    tool: "ss",
    name: "own texts",
    text: "The texts of help and of errors are our own.",
    excuses: (found) =>
      found.original.status === found.ours.status && asks(found, /^-\w*[hV]|^--(he|ve)|^help$/) &&
      found.original.stdout !== "" && found.ours.stdout !== "",
  },
  {
    tool: "ss",
    name: "undecodable",
    text:
      "What cannot be decoded, in a reply or a file, is told on standard error and ends with status 1. ss shows what it can make of it, or stops silently, with status 0.",
    excuses: (found) =>
      found.ours.status === 1 && /cannot be decoded|DecodeError/.test(found.ours.stderr),
  },
  {
    tool: "ss",
    name: "terminal",
    text: "On a terminal, names that would steer it are made harmless.",
    evens: ({ onTerminal }) => onTerminal ? withoutSteering : null,
  },
  { tool: "ss", name: "-K", text: "`-K` shows only the sockets that were closed." },
  {
    tool: "ss",
    name: "-r",
    text:
      "`-r` asks name servers for five seconds at most. The socket through which ss asks stands in its own list of unix sockets.",
  },
  {
    tool: "netstat",
    name: "--all-owners",
    text:
      "`--all-owners`, which is new: every process that holds a socket, in the column of `-p`, as `PID/name,PID/name` in full. `-p` shows the process with the lowest ID, cut to 19 characters, as the original does.",
  },
  {
    tool: "netstat",
    name: "-T",
    text:
      "`-T` and `--notrim` are `-W`, as in other versions; the original refuses them. So it does `--ip6` and the abbreviation `--un`, which its own table calls ambiguous, and `--tcpip` is an internal error there.",
    excuses: (found) =>
      asks(found, /^(-\w*T|--not|--ip6|--un$|--tcpip)/) && found.original.status !== 0 &&
      found.ours.status === 0,
  },
  {
    tool: "netstat",
    name: "bytes of names",
    text:
      "Bytes outside 0x20 to 0x7e in a program's name become dots (CVE-2024-58251), control bytes in a unix path too. A path with a line break is one row, where the original warns of a bogus line.",
    evens: () => withoutSteering,
  },
  {
    tool: "netstat",
    name: "host names",
    text:
      "Host names come from /etc/hosts and, without libc's plug-ins, from the DNS: all addresses are asked for at once, for 3 seconds at most, where the original asks one after the other. User, service and protocol names come from the files in /etc alone.",
  },
  {
    tool: "netstat",
    name: "own texts",
    text:
      "The texts of `-h`, `-V` and of errors are our own, except for the lines that scripts look for.",
    excuses: (found) =>
      found.original.status === found.ours.status && asks(found, /^-\w*[hV]|^--(he|vers)/),
  },
  {
    tool: "netstat",
    name: "-l",
    text:
      "`-l` without `-a` asks the kernel for TCP listeners only: a connection from port 0 is not taken for a server.",
  },
  {
    tool: "lsof",
    name: "other namespaces",
    text:
      "Sockets of other network namespaces have their addresses, where lsof shows `protocol: TCP`, and `-E` names their ends. `-i` and `-U` by themselves still select in our own namespace alone, because `kill $(lsof -ti :80)` means this host's port 80; with `-a -p` or the new `--all-netns` they select everywhere.",
    evens: withoutForeign,
  },
  {
    tool: "lsof",
    name: "ended main thread",
    text:
      "A process whose main thread has ended is listed with the files that its other threads hold.",
  },
  {
    tool: "lsof",
    name: "parentheses",
    text: "A process with unbalanced parentheses in its name is listed; lsof loses it.",
  },
  {
    tool: "lsof",
    name: "+D",
    text:
      "Unix sockets are found under `+D` by their whole path; lsof cuts it at the first space or colon. The NAME column is cut as lsof cuts it.",
  },
  {
    tool: "lsof",
    name: "-r cM",
    text:
      "`-r N cM` lists what was asked for; lsof 4.95 takes the count for a `-c` as well. The status is 1, as there. After the last listing it ends; lsof waits once more.",
    rewords: withoutRepetition,
  },
  {
    tool: "lsof",
    name: "line breaks",
    text: "Paths of unix sockets with line breaks are shown whole; lsof cuts them there.",
  },
  {
    tool: "lsof",
    name: "own texts",
    text:
      "The texts of `-h`, `-v`, `-F?` and of errors are our own, except for lines that scripts look for.",
  },
  {
    tool: "lsof",
    name: "own threads",
    text:
      "`-K` finds the threads of sockeye itself where no other process in sight has any; lsof has one thread.",
    excuses: ({ original, ours, args }) =>
      args.some((word) => word.includes("K")) && original.status === 1 && ours.status === 0 &&
      original.stdout === ours.stdout,
  },
  {
    tool: "lsof",
    name: "several users",
    text:
      "`-u` with several users, of whom one was not found: the status is 1, and `-V` names each. lsof 4.95 reads from memory that nothing has written to whether the second and later ones were found.",
    excuses: ({ original, ours, args }) => {
      const users = args.flatMap((word, at) =>
        word === "-u" ? args[at + 1] ?? "" : word.startsWith("-u") ? word.slice(2) : []
      );
      const others = (text: string) => text.replace(/^lsof: .* not located: .*\n?/gm, "");
      return users.join(",").includes(",") && ours.status === 1 &&
        others(original.stdout) === others(ours.stdout);
    },
  },
  {
    tool: "lsof",
    name: "names",
    text:
      "Without `-n` only `/etc/hosts` is asked, never the domain name system; without `-P`, `/etc/services`.",
  },
  {
    tool: "lsof",
    name: "refused options",
    text:
      "Options outside of the part about processes and the network are refused with one line and status 1: `-N`, `+m`, `+M`, `-e` and `+e`, `-D`, `-Z`, and those that lsof 4.95 does not have on Linux either.",
    excuses: ({ ours }) =>
      ours.status === 1 && ours.stdout === "" && / is not supported: /.test(ours.stderr),
  },
];

/** The documented difference that is the reason of one that was found; `null` if there is none. `after` is as in judge(). */
export async function excuse(
  found: Found,
  after: Ran,
  again: Again,
): Promise<Documented | null> {
  for (const entry of DOCUMENTED) {
    if (entry.tool === found.tool && await isReason(entry, found, after, again)) return entry;
  }
  return null;
}

async function isReason(
  entry: Documented,
  found: Found,
  after: Ran,
  again: Again,
): Promise<boolean> {
  if (entry.excuses?.(found) === true) return true;
  const words = [found.tool, ...found.args];
  const form = entry.evens?.(found) ?? null;
  if (form !== null) {
    const [before, ours, later] = [found.original, found.ours, after].map((ran) => ({
      ...ran,
      stdout: form(ran.stdout),
    }));
    if (judge(words, before!, ours!, later!) !== "different") return true;
  }
  const rewording = entry.rewords?.(found) ?? null;
  if (rewording === null) return false;
  const { args, env = found.env, form: ownForm = (text) => text, status } = rewording;
  const [before, ours, later] = await again(args, env);
  const asOurs = (ran: Ran) => status === undefined ? ran : { ...ran, status };
  const formed = { ...ours, stdout: ownForm(ours.stdout) };
  return judge(words, asOurs(before), formed, asOurs(later)) !== "different";
}
