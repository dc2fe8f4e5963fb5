/**
 * Lets system calls of every command fail, one after the other, and checks that no answer is wrong without a word. strace
 * injects the errors; a fixture in namespaces of its own is what is looked at. An answer may be the same as without the error,
 * or it is told that something is missing (gap, message, exit status): anything else is `silent`, and there must be none.
 *
 * Usage: faults.ts [--seconds=N] [--seed=N] [--mode=NAME] [--call=NAME]. With --seconds a random choice is tried for so long.
 * Needs root, strace, unshare, nsenter, ip and python3. Exits 1 when something was silent, hung or crashed.
 */
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
const sockeye = join(root, "dist/sockeye");
const options = new Map(
  process.argv.slice(2).map((word) => word.replace(/^--/, "").split("=") as [string, string]),
);
const seconds = Number(options.get("seconds") ?? Infinity);
const seed = Number(options.get("seed") ?? Math.floor(Math.random() * 1e9));

/** Families whose sockets the fixture has. */
const ALL = ["-a", "--family", "inet,inet6,unix,packet,netlink", "--json", "--require-complete"];

/** Commands by name. */
const MODES: Readonly<Record<string, readonly string[]>> = {
  proc: [...ALL, "--owners=proc"],
  bpf: [...ALL, "--owners=bpf"],
  namespaces: ["-a", "--all-netns", "--json", "--require-complete", "--family", "inet,inet6,unix"],
  text: ["-a", "-t", "-u", "-x", "--require-complete", "--owners=proc"],
  explain: ["explain", "8001", "8003", "unix:/run/faults.sock", "--json"],
  bind: ["explain", "--bind", "0.0.0.0:8001"],
  snapshot: ["snapshot"],
  audit: ["audit", "--format", "json"],
  ss: ["ss", "-tuxnap"],
  netstat: ["netstat", "-tuxnap"],
  lsof: ["lsof", "-nP", "-i", "-U"],
};

/** Tried only when they are asked for: they answer as the originals do, which say nothing of most that they cannot read. */
const OTHER_LANGUAGES = new Set(["ss", "netstat", "lsof"]);

/** Errors by system call. */
const ERRORS: Readonly<Record<string, readonly string[]>> = {
  socket: ["EMFILE", "ENFILE", "ENOMEM", "EACCES", "EPROTONOSUPPORT"],
  bind: ["ENOMEM", "EPERM"],
  sendmsg: ["ENOBUFS", "ENOMEM", "EPERM"],
  recvmmsg: ["ENOBUFS", "ENOMEM", "EIO"],
  getdents64: ["EIO", "ENOMEM", "EACCES"],
  openat: ["EMFILE", "ENFILE", "ENOMEM", "EACCES", "EIO"],
  readlinkat: ["ENOMEM", "EACCES", "EIO"],
  read: ["EIO", "ENOMEM", "EACCES"],
  statx: ["ENOMEM", "EACCES", "EIO", "ENOSYS", "EPERM"],
  bpf: ["EPERM", "ENOMEM", "EINVAL", "ENOSYS"],
  setns: ["EPERM", "EINVAL", "ENOMEM"],
  kcmp: ["EPERM", "ENOSYS"],
  ioctl: ["EPERM", "ENOTTY"],
  pidfd_open: ["EPERM", "ENOSYS", "EMFILE"],
  pidfd_getfd: ["EPERM", "ENOSYS", "EMFILE"],
  openat2: ["EMFILE", "EACCES", "ENOSYS", "EIO"],
};

/** Of each call this many are let fail in turn, and then all together. */
const MOST_CALLS = 40;
const PATIENCE_MS = 60_000;

/** Times, and what is not the answer but tells of it. */
const LEFT_OUT = new Set(["taken_at", "generated_at", "start_time", "complete", "gaps", "timer"]);

let runs = 0;

interface Fault {
  readonly mode: string;
  readonly call: string;
  /** As strace wants it. */
  readonly inject: string;
}

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
  /** strace's lines; empty without it. */
  readonly trace: string;
}

type Outcome = "same" | "told" | "silent" | "crashed" | "hung" | "missed";

if (!["strace", "unshare", "nsenter", "ip", "python3"].every((name) => Bun.which(name) !== null)) {
  console.error("wanted: strace, unshare, nsenter, ip and python3");
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "sockeye-faults-"));
// The runtime's pipes are sockets, which would lead out of the namespaces; those of a shell are not.
const fixture = Bun.spawn(
  [
    "sh",
    "-c",
    `cat | unshare -n -m -p -f --kill-child --mount-proc sh -c 'mount -t tmpfs none /run && exec python3 "$0"' "$0" | cat`,
    join(root, "test/support/faults_fixture.py"),
  ],
  { stdin: "pipe", stdout: "pipe", stderr: "inherit" },
);
process.exitCode = await main();
fixture.stdin.end();
await fixture.exited;
rmSync(folder, { recursive: true });

async function main(): Promise<number> {
  let said = "";
  for await (const bytes of fixture.stdout) {
    said += new TextDecoder().decode(bytes);
    if (said.endsWith("\n")) break;
  }
  const [word, inode] = said.trim().split(" ");
  if (word !== "ready") throw new Error("there is no fixture");
  const inside = ["nsenter", "-t", firstProcess(Number(inode)), "-n", "-m", "-p", "--"];
  const modes = Object.keys(MODES).filter((mode) =>
    options.has("mode") ? mode === options.get("mode") : !OTHER_LANGUAGES.has(mode)
  );
  const plain = new Map<string, Ran>();
  const faults: Fault[] = [];
  for (const mode of modes) {
    const unharmed = await run([...inside, sockeye, ...MODES[mode]!], null);
    plain.set(mode, unharmed);
    if (options.has("verbose")) console.log(mode, unharmed.status, unharmed.err);
    faults.push(...await faultsOf(mode, inside));
  }
  if (seconds !== Infinity) shuffle(faults);
  const counts = new Map<string, Map<Outcome, number>>();
  const problems: string[] = [];
  const end = performance.now() + seconds * 1000;
  let next = 0;
  const worker = async (number: number) => {
    for (;;) {
      const fault = faults[next++];
      if (fault === undefined || performance.now() > end) return;
      const trace = join(folder, `trace-${number}`);
      const strace = ["strace", "-f", "-qq", "-o", trace, "-e", `trace=${fault.call}`];
      const command = [...strace, "-e", `inject=${fault.inject}`, sockeye, ...MODES[fault.mode]!];
      const ran = await run([...inside, ...command], trace);
      let outcome = judge(plain.get(fault.mode)!, ran);
      if (outcome === "silent") {
        // Something may have come or gone beside it.
        const again = await run([...inside, sockeye, ...MODES[fault.mode]!], null);
        if (!agrees(read(plain.get(fault.mode)!.out), read(again.out))) outcome = "missed";
      }
      const row = counts.get(fault.mode) ?? new Map<Outcome, number>();
      counts.set(fault.mode, row);
      row.set(outcome, (row.get(outcome) ?? 0) + 1);
      if (options.has("verbose")) {
        console.log(outcome, fault.inject, fault.mode, ran.status, ran.err);
      }
      if (outcome === "silent" || outcome === "crashed" || outcome === "hung") {
        problems.push(`${outcome}: ${fault.inject} in ${MODES[fault.mode]!.join(" ")}`);
      }
    }
  };
  await Promise.all(
    Array.from({ length: Math.max(2, availableParallelism()) }, (_, i) => worker(i)),
  );
  return report(counts, problems);
}

/** The process that is number 1 in a PID namespace. */
function firstProcess(inode: number): string {
  for (const pid of readdirSync("/proc")) {
    try {
      if (readlinkSync(`/proc/${pid}/ns/pid`) !== `pid:[${inode}]`) continue;
      if (/^NSpid:.*\t1$/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))) return pid;
    } catch {
      // No process, or none any more.
    }
  }
  throw new Error(`no process is the first of PID namespace ${inode}`);
}

/** Every call of a command that can be let fail, by what it makes without faults. */
async function faultsOf(mode: string, inside: readonly string[]): Promise<Fault[]> {
  const trace = join(folder, "calls");
  const calls = Object.keys(ERRORS).filter((call) => call === (options.get("call") ?? call));
  const strace = ["strace", "-f", "-qq", "-o", trace, "-e", `trace=${calls.join()}`];
  const { trace: lines } = await run([...inside, ...strace, sockeye, ...MODES[mode]!], trace);
  const faults: Fault[] = [];
  for (const call of calls) {
    const made = lines.split("\n").filter((line) => line.includes(` ${call}(`)).length;
    for (const error of made === 0 ? [] : ERRORS[call]!) {
      for (let when = 1; when <= Math.min(made, MOST_CALLS); when++) {
        faults.push({ mode, call, inject: `${call}:error=${error}:when=${when}` });
      }
      for (const from of [1, 2 + Math.floor(made / 2)]) {
        faults.push({ mode, call, inject: `${call}:error=${error}:when=${from}+` });
      }
    }
  }
  return faults;
}

async function run(command: readonly string[], trace: string | null): Promise<Ran> {
  const path = join(folder, `run-${runs++}`);
  const child = Bun.spawn([...command], {
    stdin: "ignore",
    stdout: Bun.file(`${path}.out`),
    stderr: Bun.file(`${path}.err`),
  });
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    child.kill("SIGKILL");
  }, PATIENCE_MS);
  const status = await child.exited;
  clearTimeout(timer);
  const [out, err] = ["out", "err"].map((end) => {
    const text = readFileSync(`${path}.${end}`, "utf8");
    rmSync(`${path}.${end}`);
    return text;
  }) as [string, string];
  return {
    status: hung ? -1 : status,
    out,
    // strace may say something of itself.
    err: err.split("\n").filter((line) => line !== "" && !line.startsWith("strace:")).join("\n"),
    trace: trace === null ? "" : readFileSync(trace, "latin1"),
  };
}

function judge(plain: Ran, ran: Ran): Outcome {
  if (ran.status === -1) return "hung";
  if (!ran.trace.includes("INJECTED")) return "missed";
  if (/this is a bug|^ {4}at /m.test(ran.err) && !ran.err.includes("Bun v")) return "crashed";
  // The runtime gives up when it cannot start, which is no answer.
  if (ran.status >= 128) return "told";
  if (agrees(read(plain.out), read(ran.out)) && plain.status === ran.status) return "same";
  return ran.status !== plain.status || newLines(plain.err, ran.err) || namesUnread(ran.out)
    ? "told"
    : "silent";
}

// What explain could not read stands beside what it could.
function namesUnread(out: string): boolean {
  return /"unread": ?\[[^\]]/.test(out);
}

function newLines(plain: string, err: string): boolean {
  const known = new Set(plain.split("\n"));
  return err.split("\n").some((line) => line !== "" && !known.has(line));
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** An answer as data, without what differs from run to run: JSON, or sorted lines of words. */
function read(out: string): Json {
  if (out.startsWith("{")) {
    try {
      const answer = JSON.parse(out);
      if (Array.isArray(answer.sockets)) answer.sockets = answer.sockets.filter(isStable);
      return answer;
    } catch {
      return out;
    }
  }
  const lines = out.replace(/timer:\([^)]*\)|\(\d+ s\)|since [-\d: ]+ UTC/g, "").split("\n");
  // What a command asks the kernel through is in its own answer.
  return lines.filter((line) => !/sock_diag|tcpdiag/.test(line))
    .map((line) => line.trim().split(/\s+/).join(" ")).sort();
}

function isStable({ family, local }: { family: string; local: { port_id?: number } }): boolean {
  return family !== "netlink" || local.port_id === 77;
}

/** Whether an answer says the same; what it calls unknown (`null`, `unknown`) it does not say. */
function agrees(plain: Json, ran: Json): boolean {
  if (ran === null || ran === "unknown") return true;
  if (Array.isArray(plain)) {
    return Array.isArray(ran) && plain.length === ran.length &&
      plain.every((item, i) => agrees(item, ran[i]!));
  }
  if (plain === null || typeof plain !== "object") return plain === ran;
  return typeof ran === "object" && !Array.isArray(ran) &&
    Object.keys(plain).every((key) => LEFT_OUT.has(key) || agrees(plain[key]!, ran[key] ?? null));
}

function report(counts: Map<string, Map<Outcome, number>>, problems: readonly string[]): number {
  const total = new Map<Outcome, number>();
  const columns: readonly Outcome[] = ["same", "told", "silent", "crashed", "hung"];
  console.log(`| command | tried | ${columns.join(" | ")} |`);
  console.log(`| --- | ${["tried", ...columns].map(() => "---:").join(" | ")} |`);
  const row = (name: string, of: Map<Outcome, number>) => {
    const numbers = columns.map((outcome) => of.get(outcome) ?? 0);
    const tried = numbers.reduce((sum, count) => sum + count, 0);
    console.log(`| ${name} | ${tried} | ${numbers.join(" | ")} |`);
  };
  for (const [mode, of] of counts) {
    for (const [outcome, count] of of) total.set(outcome, (total.get(outcome) ?? 0) + count);
    row(mode, of);
  }
  row("all", total);
  console.log(`\nseed ${seed}`);
  for (const problem of problems) console.log(problem);
  return problems.length === 0 ? 0 : 1;
}

// mulberry32, so that a seed gives the same choice again.
function shuffle(list: unknown[]): void {
  let state = seed;
  const random = () => {
    state = state + 0x6d2b79f5 | 0;
    let word = Math.imul(state ^ state >>> 15, 1 | state);
    word = word + Math.imul(word ^ word >>> 7, 61 | word) ^ word;
    return ((word ^ word >>> 14) >>> 0) / 2 ** 32;
  };
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
}
