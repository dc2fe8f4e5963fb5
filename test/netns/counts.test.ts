/**
 * What a run on an idle host asks the kernel for, and how many page faults it takes. Neither depends on how busy the machine is, so
 * what makes every run slower shows here first.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pythonReason } from "../support/factory.ts";
import { namespaceReason } from "../support/netns.ts";
import { describeIf, firstReason } from "../support/skip.ts";
import { SOCKEYE } from "../support/sockeye.ts";

const FIXTURE = fileURLToPath(new URL("../support/idle_host.py", import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sockeye-counts-"));
  chmodSync(folder, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

function traceReason(): string | null {
  if (Bun.which("strace") === null) return "there is no strace program";
  const tried = Bun.spawnSync(["strace", "-qq", "-o", "/dev/null", "true"], { stdin: "ignore" });
  return tried.success ? null : `strace may not trace here: ${tried.stderr.toString().trim()}`;
}

/** Runs the fixture in namespaces of its own, where its three processes are all there are. */
function besideSockets(...words: string[]): string {
  const run = Bun.spawnSync([
    "unshare",
    ...["--net", "--pid", "--fork", "--mount-proc"],
    ...["sh", "-c", 'ip link set lo up && exec "$@"', "sh"],
    ...["python3", "-S", FIXTURE, ...words],
  ], { stdin: "ignore" });
  if (!run.success) throw new Error(`${words.join(" ")}: ${run.stderr}`);
  return run.stdout.toString();
}

/** Made by the runtime: memory, threads and locks. How many there are depends on when its threads get to run. */
const OF_THE_RUNTIME = new Set(
  ("brk clone clone3 exit_group futex getrandom gettid madvise mmap mprotect mremap munmap prctl rseq rt_sigaction " +
    "rt_sigprocmask sched_getaffinity sched_yield set_robust_list").split(" "),
);

/** What a run asked for after its first own call. */
interface Asked {
  /** Files and links by absolute path, in order; numbers of processes as PID. */
  readonly paths: string[];
  /** All calls by name, but for one readlinkat for each descriptor of a process, and one kcmp for each thread. */
  readonly calls: Map<string, number>;
  readonly total: number;
}

function asked(trace: string): Asked {
  const lines: string[] = [];
  let main = "";
  for (const line of trace.split("\n")) {
    const [, pid = "", text = ""] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    if (main === "") main = pid;
    if (pid !== main || text.startsWith("+++") || text.startsWith("---")) continue;
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(text);
    if (resumed === null) lines.push(text.replace(/ <unfinished \.\.\.>$/, ""));
    else lines.push(`${lines.pop()}${resumed[1]}`);
  }
  // The start asks whether standard output is open.
  const start = lines.findIndex((line) => line.startsWith("fcntl(1, F_GETFD)"));
  expect(start).toBeGreaterThan(0);
  const paths: string[] = [];
  const calls = new Map<string, number>();
  let ofRuntime = "";
  for (const line of lines.slice(start)) {
    const name = line.slice(0, line.indexOf("("));
    if (OF_THE_RUNTIME.has(name)) continue;
    // The runtime looks how much memory it has: open, stat, read, close of one descriptor.
    if (line.includes('"/proc/self/statm"')) ofRuntime = /= (\d+)$/.exec(line)?.[1] ?? "";
    if (ofRuntime !== "") {
      if (line.startsWith(`close(${ofRuntime})`)) ofRuntime = "";
      continue;
    }
    const path = /^(?:openat|readlinkat|statx)\(AT_FDCWD, "([^"]*)"/.exec(line)?.[1];
    if (path !== undefined) paths.push(path.replace(/^\/proc\/\d+\//, "/proc/PID/"));
    else if (name === "readlinkat" || name === "kcmp") continue;
    calls.set(name, (calls.get(name) ?? 0) + 1);
  }
  return { paths, calls, total: [...calls.values()].reduce((sum, count) => sum + count, 0) };
}

/** A command line, the files it may read, each as often as it stands here, and the most calls. */
interface Case {
  readonly args: readonly string[];
  readonly nobody?: boolean;
  readonly paths: readonly string[];
  readonly calls: number;
}

/** Where the kernel has no diag module for raw sockets, and always for ICMP. */
const RAW = ["raw", "raw6", "icmp", "icmp6"].map((name) => `/proc/thread-self/net/${name}`);
/** The sizes, where the machine has many open files; the descriptors; and threads with tables of their own. */
const WALK = ["/proc/sys/fs/file-nr", "/proc/thread-self/status", "/proc", "/proc", "/proc"];
const LISTING = [
  "/proc/thread-self/ns/net",
  ...RAW,
  ...WALK,
  "/proc/self/ns/pid",
  "/proc/PID/stat",
];
const HOST = ["hostname", "random/boot_id", "osrelease"].map((name) => `/proc/sys/kernel/${name}`);
const PROCESS = [
  ...["cmdline", "exe", "status", "cgroup"].map((name) => `/proc/PID/${name}`),
  ...["/proc/stat", "/etc/passwd"],
];
const PORTS = "/proc/sys/net/ipv4/ip_local_port_range";

const CASES: readonly Case[] = [
  { args: [], paths: LISTING, calls: 105 },
  // Before Linux 6.2 the kernel does not tell which processes have no descriptors.
  { args: [], nobody: true, paths: [...LISTING, "/proc/PID/stat", "/proc/PID/stat"], calls: 101 },
  { args: ["--json"], paths: [...LISTING, ...HOST, PORTS, ...PROCESS], calls: 140 },
  { args: ["ss", "-tln"], paths: [], calls: 13 },
  {
    args: ["ss", "-tanp"],
    // Whether the kernel tells of sockets that are only bound depends on its release.
    paths: [...WALK, "/proc/sys/kernel/osrelease", "/proc/PID/stat"],
    calls: 58,
  },
  { args: ["netstat", "-tln"], paths: [], calls: 12 },
  {
    args: ["lsof", "-i"],
    paths: [...WALK, "/proc/1", "/proc/PID/stat", "/etc/passwd", "/etc/hosts", "/etc/services"],
    calls: 73,
  },
];

/** What is in `list` more often than in `allowed`. */
function beyond(list: readonly string[], allowed: readonly string[]): string[] {
  const left = [...allowed];
  return list.filter((item) => {
    const at = left.indexOf(item);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

describeIf(
  firstReason(namespaceReason(), pythonReason(), traceReason()),
  "on an idle host, no more is asked than the answer needs by",
  () => {
    for (const { args, nobody = false, paths, calls } of CASES) {
      test(`${["sockeye", ...args].join(" ")}${nobody ? " as nobody" : ""}`, () => {
        const trace = join(folder, "trace");
        const user = nobody ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
        besideSockets("run", "strace", "-f", "-qq", "-o", trace, ...user, SOCKEYE, ...args);
        const made = asked(readFileSync(trace, "utf8"));
        const counted = [...made.calls].map(([name, count]) => `${count} ${name}`).sort().join(
          ", ",
        );
        expect(
          beyond(made.paths, paths),
          `read, though the answer does not need it; all: ${made.paths.join(" ")}`,
        ).toEqual([]);
        expect(
          made.total,
          `${made.total} calls, not ${calls}: ${counted}`,
        ).toBeLessThanOrEqual(calls);
      });
    }
  },
);

/** Page faults beyond those of an empty program of the same runtime, measured on Linux 6.18, and a sixth more for other kernels. */
const FAULTS: readonly (readonly [most: number, ...args: string[]])[] = [
  [240, "--version"],
  [860, "ss", "-tln"],
  [1380],
];

describeIf(
  firstReason(namespaceReason(), pythonReason()),
  "on an idle host, page faults are few beside those of the runtime's start:",
  () => {
    let empty = 0;
    beforeAll(() => {
      const source = join(folder, "empty.ts");
      const program = join(folder, "empty");
      writeFileSync(source, "export {};\n");
      const flags = ["--compile", "--minify", "--bytecode", "--format=esm"];
      const built = Bun.spawnSync(
        [process.execPath, "build", ...flags, `--outfile=${program}`, source],
        { cwd: folder, stdin: "ignore", stdout: "ignore" },
      );
      expect(built.success, `${built.stderr}`).toBeTrue();
      empty = Number(besideSockets("faults", "5", program));
      expect(empty).toBeGreaterThan(100);
    });

    for (const [most, ...args] of FAULTS) {
      test(["sockeye", ...args].join(" "), () => {
        const own = Number(besideSockets("faults", "5", SOCKEYE, ...args)) - empty;
        expect(own, `${own} page faults beyond the ${empty} of an empty program`)
          .toBeLessThanOrEqual(
            most,
          );
      });
    }
  },
);
