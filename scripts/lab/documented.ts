/**
 * Where ss, netstat and lsof mode differ from the originals on purpose. test/conformance/README.md says the same to people; a
 * test holds both against each other.
 *
 * @module
 */
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
  /** True if this is the reason of a difference; absent for what random argument lists do not touch. */
  readonly excuses?: (found: Found) => boolean;
  /** Where a difference is one of form: what makes it go away. Both sides go through it and are judged again. */
  readonly evens?: (found: Found) => ((text: string) => string) | null;
}

const words = (found: Found) => found.args.flatMap((argument) => argument.split(/\s+/));

/** Lines that only one of both printed, spaces folded. */
function parting({ original, ours }: Found): { original: string[]; ours: string[] } {
  const [a, b] = [original, ours].map(({ stdout }) => foldedLines(stdout));
  const [left, right] = [new Set(a), new Set(b)];
  return {
    original: a!.filter((line) => !right.has(line)),
    ours: b!.filter((line) => !left.has(line)),
  };
}

const asks = (found: Found, form: RegExp) => found.args.some((word) => form.test(word));

/** Text without bytes that may steer a terminal, and without what is shown in place of them. */
function withoutSteering(text: string): string {
  return text.replaceAll(/\\x0[9a]|\s+/g, " ").replaceAll(/\\x[0-9a-f]{2}|[^\x20-\x7e]|[.?]/g, "")
    .replaceAll(/ +/g, " ");
}

/** A port by name in a filter. */
const SERVICE = /\b[sd]port (\S{1,3} )?:?[a-z]\w{3,}|\b(src|dst) (= )?\S*:[a-z]\w{3,}/;

const HELP = /^(-\w*[hvV?]\w*|--he\w*|--vers?\w*|help)$/;

/** All of them, in the order of the README. */
export const DOCUMENTED: readonly Documented[] = [
  {
    tool: "ss",
    name: "DCCP",
    text:
      "DCCP: 7.3 has dropped `-d`, `--dccp` and the table `dccp`. They stay, for kernels that have such sockets.",
    excuses: (found) =>
      found.original.status === 255 && found.ours.status === 0 &&
      asks(found, /^-\w*d|^--dc|dccp/),
  },
  {
    tool: "ss",
    name: "BPF maps",
    text:
      "`--bpf-maps` and `--bpf-map-id` are refused with one line: what BPF programs keep for a socket is not shown.",
    excuses: (found) => found.ours.status === 1 && asks(found, /^--bpf-/),
  },
  {
    tool: "ss",
    name: "service of one protocol",
    text:
      "A service that only one of tcp and udp has, such as `ntp`: ss keeps a pointer into a buffer that a second look-up overwrites, and filters by whatever stands last in /etc/services. Here it is the port of that service.",
    excuses: (found) => SERVICE.test(words(found).join(" ")),
  },
  {
    tool: "ss",
    name: "cgroup /",
    text:
      "`cgroup /`: ss asks for the file handle of the root directory of the file system and finds nothing. Here it is the root of the hierarchy.",
    excuses: (found) => / cgroup (= |!= |)\/( |$)/.test(` ${words(found).join(" ")}`),
  },
  {
    tool: "ss",
    name: "-N with -e",
    text:
      "`-N NAME` with `-e`: ss mounts a /sys of the namespace's own first, finds no cgroup2 in it, and shows control groups as `unreachable`.",
    excuses: (found) => asks(found, /^(-\w*N|--net$)/) && asks(found, /^(-\w*e|--ext|--cgroup)/),
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
    excuses: (found) => {
      const lines = parting(found);
      return lines.original.length === lines.ours.length && lines.original.length > 0 &&
        [...lines.original, ...lines.ours].every((line) =>
          /\bv_(str|dgr)\b/.test(line) || asks(found, /vsock|v_/)
        );
    },
  },
  {
    tool: "ss",
    name: "empty PROC_",
    text: "`PROC_ROOT`, `PROC_NET_TCP` and the like with an empty value count as not set.",
    excuses: (found) =>
      Object.entries(found.env).some(([name, value]) => name.startsWith("PROC_") && value === ""),
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
      found.original.status === found.ours.status && asks(found, HELP) &&
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
  { tool: "ss", name: "-r", text: "`-r` asks name servers for five seconds at most." },
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
      asks(found, /^(-\w*T|--not|--ip6|--un$|--tcpip)/) && found.original.status !== 0,
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
    excuses: (found) => found.original.status === found.ours.status && asks(found, HELP),
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
    excuses: (found) => {
      const lines = parting(found);
      return found.original.status === found.ours.status && lines.original.length > 0 &&
        lines.original.every((line) => /(^| |^n)protocol: /.test(line));
    },
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
    excuses: (found) => asks(found, /^\+[dD]/),
  },
  {
    tool: "lsof",
    name: "-r cM",
    text:
      "`-r N cM` lists what was asked for; lsof 4.95 takes the count for a `-c` as well. The status is 1, as there. After the last listing it ends; lsof waits once more.",
    excuses: (found) => asks(found, /^[-+]r/),
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
    excuses: (found) =>
      asks(found, HELP) || found.original.status === found.ours.status && asks(found, /^-\w*[hv?]/),
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
      "Options outside of the part about processes and the network are refused with one line and status 1.",
    excuses: (found) =>
      found.ours.status === 1 && found.ours.stdout === "" && found.ours.stderr !== "",
  },
];

/** The documented difference that is the reason of one that was found; `null` if there is none. `after` is as in judge(). */
export function excuse(found: Found, after: Ran): Documented | null {
  return DOCUMENTED.find((entry) => {
    if (entry.tool !== found.tool) return false;
    if (entry.excuses?.(found) === true) return true;
    const form = entry.evens?.(found) ?? null;
    if (form === null) return false;
    const [before, ours, later] = [found.original, found.ours, after].map((ran) => ({
      ...ran,
      stdout: form(ran.stdout),
    }));
    return judge([found.tool, ...found.args], before!, ours!, later!) !== "different";
  }) ?? null;
}
