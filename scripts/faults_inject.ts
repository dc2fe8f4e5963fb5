/**
 * Injection: system calls of every command fail, one after the other. strace injects the errors; a fixture in namespaces of its
 * own is what is looked at.
 *
 * A run of a command without a fault tells which system calls it makes. Those that do the same, such as reading the link of some
 * descriptor of some process, are of one kind. Of each kind the first, the last and one between are let fail, and of each
 * system call all from the first and all from the middle on.
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { differences, FAULTY, judge, type Outcome, OUTCOMES, type Ran } from "./faults_answer.ts";
import { COMMANDS, type GivenFiles, START } from "./faults_commands.ts";
import { randomOf, shuffle } from "./faults_random.ts";

const root = join(import.meta.dir, "..");
const sockeye = process.env.SOCKEYE_PROGRAM ?? join(root, "dist/sockeye");

/** What is tried. */
export interface InjectionOptions {
  /** Infinity: all there is. */
  readonly seconds: number;
  readonly seed: number;
  /** Names of commands; empty: all. */
  readonly commands: readonly string[];
  /** System calls; empty: all. */
  readonly calls: readonly string[];
  readonly errors: readonly string[];
  /** How many calls of each kind, and how many errors for each. */
  readonly depth: { readonly calls: number; readonly errors: number };
  /** Exactly this, as strace wants it: `readlinkat:error=EIO:when=5`. */
  readonly only: string | null;
  /** Lines of what an earlier run printed: only what was wrong there. `null`: all. */
  readonly again: readonly string[] | null;
  /** How many run at a time; `null`: as many as there are processors. */
  readonly workers: number | null;
  readonly verbose: boolean;
}

/** What came of it. */
export interface InjectionResult {
  readonly counts: ReadonlyMap<string, ReadonlyMap<Outcome, number>>;
  readonly problems: readonly string[];
}

/** Errors that say that a thing is not there, that it may not be looked at, and that the look failed. */
const ABSENT = ["ENOENT", "ESRCH"];
const DENIED = ["EACCES", "EPERM"];
const FAILED = [
  "ENOMEM",
  "EMFILE",
  "ENFILE",
  "EIO",
  "EINTR",
  "EAGAIN",
  "ENOSYS",
  "EINVAL",
  "ENOBUFS",
];
export const ERRORS: readonly string[] = [...ABSENT, ...DENIED, ...FAILED];

/** A call that is told to try again always never gets anywhere, which is no answer of the kernel's. */
const ONCE_ONLY = new Set(["EINTR", "EAGAIN"]);

/**
 * Memory, threads and the end: where they fail there is no program. Nor close(2), which closes whatever it answers, and those
 * that cannot fail.
 */
const NOT_TRIED = new Set(
  "getpid gettid getppid getuid geteuid getgid getegid close exit exit_group mmap munmap mprotect madvise mremap brk futex clone clone3 rseq arch_prctl set_tid_address set_robust_list rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack prctl wait4 vfork"
    .split(" "),
);

/** A run that computes nothing for so long is stuck, and one that computes so long will not end. A busy machine makes neither. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 5000;

/** What the fixture violates: a program that it does not run, and a service that is not there. */
const STRICT_POLICY = `schema: sockeye.policy/1
settings:
  check: [internet, unix]
listeners:
  - name: web
    transport: tcp
    port: 8001
    reach: loopback
    exe: /usr/bin/python3*
  - name: all
    transport: tcp
    port: 8002-8100
    exe: /usr/sbin/nginx
  - name: mail
    expect: required
    transport: tcp
    port: 25
`;

/** Faults that were wrong before. The numbers of calls change with the program, so they are known by what they do. */
class Again {
  readonly #known = new Map<string, Set<string>>();

  constructor(lines: readonly string[]) {
    for (const line of lines) {
      const match = /^(?:silent|false|crashed|hung): (.+) \| (\w+):error=(\w+):when=\S+ \| (.+)$/
        .exec(line);
      if (match === null) continue;
      const [, command, call, error, kind] = match as unknown as string[];
      const key = keyOf(command!, call!, kind!);
      this.#known.set(key, (this.#known.get(key) ?? new Set()).add(error!));
    }
  }

  /** The errors that were wrong. */
  errors(command: string, call: string, kind: string): string[] {
    return [...this.#known.get(keyOf(command, call, kind)) ?? []];
  }

  /** The commands that they belong to. */
  get commands(): string[] {
    return [...new Set([...this.#known.keys()].map((key) => key.slice(0, key.indexOf("\0"))))];
  }
}

function keyOf(command: string, call: string, kind: string): string {
  return [command, call, kind.replace(/^all from call \d+/, "all from call N")].join("\0");
}

interface Fault {
  readonly command: string;
  readonly call: string;
  readonly kind: string;
  readonly error: string;
  /** As strace wants it. */
  readonly inject: string;
}

/** Why injection is not possible here; `null` if it is. */
export function injectionReason(): string | null {
  const missing = ["strace", "unshare", "nsenter", "ip", "python3"].filter((name) =>
    Bun.which(name) === null
  );
  return missing.length === 0 ? null : `there is no ${missing.join(", ")}`;
}

/** Injects. */
export async function inject(options: InjectionOptions): Promise<InjectionResult> {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-faults-"));
  const places: Place[] = [];
  try {
    const workers = options.workers ?? Math.max(2, availableParallelism());
    for (let i = 0; i < workers; i++) places.push(await Place.make(join(folder, String(i))));
    return await new Injection(options, folder, places).run();
  } finally {
    for (const place of places) await place.end();
    rmSync(folder, { recursive: true });
  }
}

/** A fixture to look at. Each worker has its own: a run may copy descriptors for a moment, and is an owner then. */
export class Place {
  readonly #fixture: Fixture;
  /** What leads a command into its namespaces. */
  readonly inside: readonly string[];
  readonly files: GivenFiles;
  /** Answers without a fault, by command. */
  readonly plain = new Map<string, Ran>();

  private constructor(fixture: Fixture, pid: string, folder: string) {
    this.#fixture = fixture;
    this.inside = ["nsenter", "-t", pid, "-n", "-m", "-p", "--"];
    this.files = {
      snapshot: join(folder, "snapshot.json"),
      policy: join(folder, "policy.yaml"),
      strict: join(folder, "strict.yaml"),
    };
  }

  static async make(folder: string): Promise<Place> {
    mkdirSync(folder);
    const fixture = startFixture(join(folder, "errors"));
    let said = "";
    for await (const bytes of fixture.stdout) {
      said += new TextDecoder().decode(bytes);
      if (said.endsWith("\n")) break;
    }
    const [word, inode] = said.trim().split(" ");
    if (word !== "ready") throw new Error("there is no fixture");
    return new Place(fixture, firstProcess(Number(inode)), folder);
  }

  async end(): Promise<void> {
    this.#fixture.stdin.end();
    await this.#fixture.exited;
  }
}

/** A database of three packages: that of a whole host has thousands of files, and strace stops at each. */
const OWN_FILES = [
  "mount -t tmpfs none /run",
  "if [ -d /var/lib/dpkg/info ]; then mount -t tmpfs none /var/lib/dpkg; mkdir /var/lib/dpkg/info",
  'for name in a b c; do echo "/usr/share/$name" >/var/lib/dpkg/info/$name.list; done; fi',
].join("; ");

// The runtime's pipes are sockets, which would lead out of the namespaces; those of a shell are not.
function startFixture(errors: string) {
  return Bun.spawn(
    [
      "sh",
      "-c",
      `cat | unshare -n -m -p -f --kill-child --mount-proc sh -c '${OWN_FILES}; exec python3 "$0"' "$0" | cat`,
      join(root, "test/support/faults_fixture.py"),
    ],
    { stdin: "pipe", stdout: "pipe", stderr: Bun.file(errors) },
  );
}

type Fixture = ReturnType<typeof startFixture>;

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

class Injection {
  readonly #options: InjectionOptions;
  readonly #folder: string;
  readonly #places: readonly Place[];
  readonly #counts = new Map<string, Map<Outcome, number>>();
  readonly #problems: string[] = [];
  readonly #startKinds = new Set<string>();
  readonly #again: Again | null;
  #runs = 0;

  constructor(options: InjectionOptions, folder: string, places: readonly Place[]) {
    this.#options = options;
    this.#again = options.again === null ? null : new Again(options.again);
    this.#folder = folder;
    this.#places = places;
  }

  async run(): Promise<InjectionResult> {
    for (const place of this.#places) await this.#makeFiles(place);
    const { seconds, seed } = this.#options;
    const commands = this.#again?.commands ?? this.#options.commands;
    const names = commands.length === 0 ? Object.keys(COMMANDS) : [START, ...commands];
    const unknown = names.find((name) => COMMANDS[name] === undefined);
    if (unknown !== undefined) throw new Error(`no command is called ${unknown}`);
    // How the program starts is looked at first: see `#faultsOf`.
    const [start, ...others] = names as [string, ...string[]];
    const found = new Map([[start, await this.#faultsOf(start, this.#places[0]!)]]);
    await Promise.all(this.#places.map(async (place) => {
      for (let name = others.pop(); name !== undefined; name = others.pop()) {
        found.set(name, await this.#faultsOf(name, place));
      }
    }));
    // In the same order each time, for a seed to mean the same.
    const faults = names.filter((name) => commands.length === 0 || commands.includes(name))
      .flatMap((name) => found.get(name)!);
    if (this.#options.verbose) console.error(`${faults.length} faults`);
    shuffle(faults, randomOf(seed));
    const end = performance.now() + seconds * 1000;
    let next = 0;
    const work = async (place: Place, trace: string) => {
      for (;;) {
        const fault = faults[next++];
        if (fault === undefined || performance.now() > end) return;
        await this.#try(fault, place, trace);
        if (this.#options.verbose && next % 500 === 0) console.error(`${next} of ${faults.length}`);
      }
    };
    await Promise.all(
      this.#places.map((place, i) => work(place, join(this.#folder, `trace-${i}`))),
    );
    return { counts: this.#counts, problems: this.#problems };
  }

  async #makeFiles({ inside, files }: Place): Promise<void> {
    const made = async (...args: string[]) =>
      (await this.#start([...inside, sockeye, ...args])).out;
    writeFileSync(files.snapshot, await made("snapshot"));
    writeFileSync(files.policy, await made("audit", "--init", "--unix"));
    writeFileSync(files.strict, STRICT_POLICY);
  }

  async #try(fault: Fault, place: Place, trace: string): Promise<void> {
    const command = COMMANDS[fault.command]!;
    const plain = place.plain.get(fault.command) ?? await this.#sockeye(fault.command, place, null);
    place.plain.set(fault.command, plain);
    const ran = await this.#sockeye(fault.command, place, { fault, trace });
    let outcome: Outcome = ran.injected ? judge(command, plain, ran) : "missed";
    if (outcome === "silent" && saysGone(fault)) outcome = "gone";
    if (
      outcome === "silent" && command.language !== "sockeye" && NAMING.has(fault.call) &&
      (DENIED.includes(fault.error) || lacksProc(fault))
    ) outcome = "alike";
    if ((outcome === "silent" || outcome === "false") && isTheAnswer(fault)) outcome = "gone";
    if (outcome === "silent" || outcome === "false") {
      // Something may have come or gone beside it.
      const again = await this.#sockeye(fault.command, place, null);
      if (judge(command, plain, again) !== "same") outcome = "missed";
    }
    const row = this.#counts.get(fault.command) ?? new Map<Outcome, number>();
    this.#counts.set(fault.command, row);
    row.set(outcome, (row.get(outcome) ?? 0) + 1);
    if (!FAULTY.has(outcome)) return;
    const what = `${outcome}: ${fault.command} | ${fault.inject} | ${fault.kind}`;
    this.#problems.push(
      [
        what,
        `status ${plain.status} → ${ran.status} ${ran.err.slice(0, 1200)}`,
        ...differences(plain, ran),
      ]
        .join("\n    "),
    );
    if (this.#options.verbose) console.error(this.#problems.at(-1));
  }

  /** Every call of a command that can be let fail, by what it makes without faults. */
  async #faultsOf(name: string, place: Place): Promise<Fault[]> {
    const { only, depth, seed } = this.#options;
    if (only !== null) {
      const call = only.slice(0, only.indexOf(":"));
      const error = /error=(\w+)/.exec(only)?.[1] ?? "";
      return [{ command: name, call, kind: "as asked for", error, inject: only }];
    }
    const trace = join(this.#folder, `calls-${this.#runs++}`);
    await this.#start([
      ...place.inside,
      ...["strace", "-f", "-qq", "-yy", "-s", "80", "-o", trace, "--seccomp-bpf"],
      ...["-e", `trace=!${[...NOT_TRIED].join()}`],
      sockeye,
      ...COMMANDS[name]!.args(place.files),
    ]);
    const random = randomOf(seed ^ Bun.hash.crc32(name));
    const faults: Fault[] = [];
    for (const [call, made] of callsIn(readFileSync(trace, "latin1"))) {
      if (this.#options.calls.length > 0 && !this.#options.calls.includes(call)) continue;
      // How the runtime starts is tried once, with the command that does nothing else.
      if (name === START) { for (const kind of made.keys()) this.#startKinds.add(kind); }
      else for (const kind of this.#startKinds) made.delete(kind);
      if (made.size === 0) continue;
      for (const [kind, places] of made) {
        for (const when of chosen(places, depth.calls, random)) {
          const errors = this.#again?.errors(name, call, kind) ??
            this.#errors(depth.errors, random);
          for (const error of errors) {
            const inject = `${call}:error=${error}:when=${when}`;
            faults.push({ command: name, call, kind, error, inject });
          }
        }
      }
      const places = [...made.values()].flat().sort((a, b) => a - b);
      for (const from of new Set([places[0]!, places[Math.floor(places.length / 2)]!])) {
        const kind = `all from call ${from} on`;
        const errors = this.#again?.errors(name, call, kind) ??
          this.#errors(1 + depth.errors, random);
        for (const error of errors) {
          if (ONCE_ONLY.has(error)) continue;
          faults.push({
            command: name,
            call,
            kind,
            error,
            inject: `${call}:error=${error}:when=${from}+`,
          });
        }
      }
    }
    return faults;
  }

  /** So many errors, of each sort one at least. */
  #errors(count: number, random: () => number): string[] {
    const { errors } = this.#options;
    if (count >= errors.length) return [...errors];
    const sorts = [FAILED, DENIED, ABSENT].map((sort) =>
      errors.filter((error) => sort.includes(error))
    )
      .filter((sort) => sort.length > 0);
    const found = new Set<string>();
    for (let i = 0; found.size < Math.min(count, errors.length); i++) {
      const sort = sorts[i < sorts.length ? i : 0]!;
      const left = sort.filter((error) => !found.has(error));
      const from = left.length > 0 ? left : errors.filter((error) => !found.has(error));
      found.add(from[Math.floor(random() * from.length)]!);
    }
    return [...found];
  }

  async #sockeye(
    name: string,
    { inside, files }: Place,
    faulty: { readonly fault: Fault; readonly trace: string } | null,
  ): Promise<Ran & { readonly injected: boolean }> {
    const command = [sockeye, ...COMMANDS[name]!.args(files)];
    const strace = ["strace", "-f", "-qq", "--seccomp-bpf"];
    if (faulty === null) {
      // strace is a process that is seen, so it is there as well where it does nothing.
      const ran = await this.#start([
        ...inside,
        ...strace,
        ...["-o", "/dev/null", "-e", "trace=chroot"],
        ...command,
      ]);
      return { ...ran, injected: false };
    }
    const { fault, trace } = faulty;
    const ran = await this.#start([
      ...inside,
      ...strace,
      ...["-o", trace, "-e", `trace=${fault.call}`, "-e", `inject=${fault.inject}`],
      ...command,
    ]);
    return { ...ran, injected: readFileSync(trace, "latin1").includes("INJECTED") };
  }

  async #start(command: readonly string[]): Promise<Ran> {
    const path = join(this.#folder, `run-${this.#runs++}`);
    const child = Bun.spawn([...command], {
      stdin: "ignore",
      stdout: Bun.file(`${path}.out`),
      stderr: Bun.file(`${path}.err`),
    });
    let hung: string | null = null;
    let computed = 0;
    let since = performance.now();
    const timer = setInterval(() => {
      const tree = treeOf(child.pid);
      const now = cpuMsOf(tree);
      if (now !== computed) {
        computed = now;
        since = performance.now();
      }
      if (computed < PATIENCE_MS && performance.now() - since < PATIENCE_MS) return;
      hung ??= `after ${computed} ms of CPU time: ${statesOf(tree)}`;
      // strace would leave the program alone.
      for (const pid of tree.reverse()) endProcess(pid);
    }, LOOK_MS);
    const status = await child.exited;
    clearInterval(timer);
    const [out, err] = ["out", "err"].map((end) => {
      const text = readFileSync(`${path}.${end}`, "utf8");
      rmSync(`${path}.${end}`);
      return text;
    }) as [string, string];
    return {
      status: hung === null ? status : -1,
      out,
      // strace may say something of itself.
      err: (hung ?? err).split("\n").filter((line) => line !== "" && !line.startsWith("strace:"))
        .join("\n"),
    };
  }
}

/** A process and those that it started, each before its children. */
function treeOf(pid: number): number[] {
  const children = fileOf(`${pid}/task/${pid}/children`).split(" ").filter((word) => word !== "");
  return [pid, ...children.flatMap((child) => treeOf(Number(child)))];
}

/** A file of /proc; empty if the process has ended. */
function fileOf(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, "latin1");
  } catch {
    return "";
  }
}

/** The CPU time of processes. */
function cpuMsOf(pids: readonly number[]): number {
  // Fields 14 and 15, in ticks of 10 ms; the name before them is in parentheses.
  const ticks = pids.map((pid) => {
    const stat = fileOf(`${pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  });
  return ticks.reduce((sum, count) => sum + count, 0) * 10;
}

/** What each thread of processes does: its state, and what it waits for in the kernel. */
function statesOf(pids: readonly number[]): string {
  return pids.flatMap((pid) => {
    let threads: string[];
    try {
      threads = readdirSync(`/proc/${pid}/task`);
    } catch {
      return [];
    }
    return threads.map((tid) => {
      const task = `${pid}/task/${tid}`;
      const state = /^State:\s*(\w)/m.exec(fileOf(`${task}/status`))?.[1] ?? "?";
      const call = fileOf(`${task}/syscall`).split(" ").slice(0, 4).join(" ").trim();
      return `${tid} ${fileOf(`${task}/comm`).trim()} ${state} ${
        fileOf(`${task}/wchan`)
      } (${call})`;
    });
  }).join("; ");
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/** The calls of the first thread by name and kind: the numbers that strace counts them by. */
export function callsIn(trace: string): Map<string, Map<string, number[]>> {
  const calls = new Map<string, Map<string, number[]>>();
  const counts = new Map<string, number>();
  let first = "";
  for (const line of trace.split("\n")) {
    const match = /^(\d+) +(\w+)\((.*)$/.exec(line);
    if (match === null) continue;
    const [, thread, call, rest] = match as unknown as [string, string, string, string];
    if (first === "") first = thread;
    if (thread !== first) continue;
    const count = (counts.get(call) ?? 0) + 1;
    counts.set(call, count);
    if (NOT_TRIED.has(call)) continue;
    const kinds = calls.get(call) ?? new Map<string, number[]>();
    calls.set(call, kinds);
    const kind = kindOf(call, rest);
    const places = kinds.get(kind);
    if (places === undefined) kinds.set(kind, [count]);
    else places.push(count);
  }
  return calls;
}

/** What a call does it to, without numbers. */
function kindOf(call: string, rest: string): string {
  // Ports, processes and descriptors come in numbers; descriptors with what they are of. A package database has many files.
  const plain = (text: string) =>
    text.replace(/ <unfinished.*|\).*/, "").replace(/\d+</g, "<")
      .replace(/\/dpkg\/info\/[^">]*|"[^"/]*\.list"/, "NAME.list").replace(/\d+/g, "N");
  const netlink = rest.match(/nlmsg_type=\w+|sdiag_family=\w+|sdiag_protocol=\w+/g);
  switch (call) {
    case "sendmsg":
      return `${call} ${(netlink ?? []).slice(0, 3).join(" ")}`;
    case "recvmmsg":
    case "recvmsg":
      return `${call} ${plain(/^[^,]*/.exec(rest)![0])} ${netlink?.[0] ?? ""}`;
    case "openat":
    case "openat2":
    case "readlinkat":
    case "statx":
    case "newfstatat":
    case "ioctl":
    case "getsockopt":
    case "setsockopt":
    case "kcmp":
      return `${call} ${
        plain(rest.split(", ").slice(0, call.startsWith("open") ? 2 : 3).join(", "))
      }`;
    default:
      return `${call} ${plain(/^[^,)"]*/.exec(rest)![0])}`;
  }
}

/** So many of a list: the first, the last, and others between. */
function chosen(places: readonly number[], count: number, random: () => number): number[] {
  if (places.length <= count) return [...places];
  const found = new Set([places[0]!]);
  if (count > 1) found.add(places.at(-1)!);
  while (found.size < count) found.add(places[Math.floor(random() * places.length)]!);
  return [...found];
}

/** Calls that name a thing, so that their error says something of that thing. */
const NAMING = new Set(
  "open openat openat2 access readlink readlinkat statx stat newfstatat getdents64 read pread64 pidfd_open pidfd_getfd kcmp getxattr statfs"
    .split(" "),
);

/** True if an error says that there is nothing to look at, of a thing that may indeed not be there. */
function saysGone({ call, kind, error }: Fault): boolean {
  return ABSENT.includes(error) && NAMING.has(call) &&
    // What is always there: the list of processes, and what is ours.
    !/"\/proc"|<\/proc>, ""|self/.test(kind);
}

/** True where the error says that /proc is not mounted: then the tools name no processes, and say nothing of it. */
function lacksProc({ kind, error }: Fault): boolean {
  return error === "ENOENT" && kind.endsWith('"/proc"');
}

/** True where what the call says is what was asked: whether a port could be bound. */
function isTheAnswer({ call, kind, command }: Fault): boolean {
  return (command.startsWith("explain --bind") || command === "explain absent") &&
    call === "bind" && !kind.includes("NETLINK");
}

/** The table of what came of it, in Markdown. */
export function injectionTable({ counts }: InjectionResult): string {
  const columns = OUTCOMES.filter((outcome) => outcome !== "missed");
  const lines = [
    `| command | tried | ${columns.join(" | ")} |`,
    `| --- | ${["tried", ...columns].map(() => "---:").join(" | ")} |`,
  ];
  const total = new Map<Outcome, number>();
  const row = (name: string, of: ReadonlyMap<Outcome, number>) => {
    const numbers = columns.map((outcome) => of.get(outcome) ?? 0);
    const tried = numbers.reduce((sum, count) => sum + count, 0);
    lines.push(`| ${name} | ${tried} | ${numbers.join(" | ")} |`);
  };
  for (const [command, of] of counts) {
    for (const [outcome, count] of of) total.set(outcome, (total.get(outcome) ?? 0) + count);
    row(`\`${command}\``, of);
  }
  row("all", total);
  return lines.join("\n");
}
