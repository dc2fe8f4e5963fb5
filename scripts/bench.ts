/**
 * The bench itself: run by scripts/bench inside its namespaces.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fillSockets, makeSocket } from "../test/support/factory.ts";

const root = join(import.meta.dir, "..");
const sockeye = join(root, "dist/sockeye");
const options = new Set(process.argv.slice(2));
/** Another build of sockeye that every row is paired with instead; `null` without `--against`. */
const other = options.has("--against") ? process.argv[process.argv.indexOf("--against") + 1] : null;

/** One row of the table: what is timed, what it is compared with, and the target ratio. */
interface Work {
  readonly name: string;
  readonly ours: readonly string[];
  /** A tool, or the floor. `growth`: what the same took at the size before, times as much as there are more sockets. */
  readonly theirs: readonly string[] | "growth";
  readonly target: number | null;
}

/** One size: the number of established TCP sockets, and of processes that own them. */
interface Size {
  readonly sockets: number;
  readonly processes: number;
  readonly runs: number;
  readonly works: readonly Work[];
  /** The limit of memory for every row, in MB; `null` for none. */
  readonly memory: number | null;
}

const folder = mkdtempSync(join(tmpdir(), "sockeye-bench-"));
const floor = join(folder, "floor");
/** The floor, and the BPF pass over all descriptors. */
const floorWithOwners = [floor, "4095", "owners"];
const ss = (...words: string[]) => [sockeye, "ss", ...words];
const all = (...words: string[]) => [sockeye, "-t", "-a", ...words];
const against = (
  name: string,
  ours: readonly string[],
  theirs: Work["theirs"],
  target: number | null,
): Work => ({ name, ours, theirs, target });

const IDLE: Size = {
  sockets: 0,
  processes: 1,
  runs: 40,
  works: [
    against("listeners with owners", [sockeye, "-t"], ["ss", "-tlnp"], 1.5),
    against("`sockeye ss -tln`", ss("-tln"), ["ss", "-tln"], 2.2),
    against("`sockeye --version` against an empty program", [sockeye, "--version"], [
      join(folder, "empty"),
    ], null),
  ],
  memory: null,
};

const TWENTY_THOUSAND: Size = {
  sockets: 20_000,
  processes: 20,
  runs: 11,
  works: [
    against("all TCP, no owners", ss("-tan"), ["ss", "-tan"], 0.7),
    against("all TCP with owners, `ss -tanp`", ss("-tanp"), ["ss", "-tanp"], 0.35),
    against("all TCP with owners, the listing", all(), ["ss", "-tanp"], 0.35),
    against("`sockeye netstat -tanp`", [sockeye, "netstat", "-tanp"], ["netstat", "-tanp"], 0.35),
    against(
      "`sockeye lsof -nP -iTCP`",
      [sockeye, "lsof", "-nP", "-iTCP"],
      ["lsof", "-nP", "-iTCP"],
      0.25,
    ),
  ],
  memory: 120,
};

const AGAINST_FLOOR: readonly Work[] = [
  against("all TCP, no owners", ss("-tan"), [floor], 1.4),
  against("owners by BPF", all("--owners=bpf"), floorWithOwners, 1.6),
  against(
    "`sport = :1`, filtered by the kernel",
    ss("-tan", "sport = :1"),
    [floor, "4095", "1"],
    1.5,
  ),
];
const JSON_AGAINST_TEXT = against("`--json`, both with owners", all("--json"), all(), 2.5);
const LISTENERS = against("listeners with owners", [sockeye, "-t"], ["ss", "-tlnp"], 0.15);

const HUNDRED_THOUSAND: Size = {
  sockets: 100_000,
  processes: 100,
  runs: 7,
  works: [
    against("all TCP, no owners", ss("-tan"), ["ss", "-tan"], 0.45),
    ...AGAINST_FLOOR,
    against("`ss -tinm`", ss("-tinm"), ["ss", "-tinm"], 0.6),
    against("`ss -tanp`", ss("-tanp"), ["ss", "-tanp"], 0.15),
    against("owners by BPF", all("--owners=bpf"), ["ss", "-tanp"], 0.06),
    against("owners by /proc", all("--owners=proc"), ["ss", "-tanp"], 0.2),
    LISTENERS,
    JSON_AGAINST_TEXT,
  ],
  memory: null,
};

// `ss -tanp` takes minutes here: its time grows with the square.
const MILLION: Size = {
  sockets: 1_000_000,
  processes: 100,
  runs: 3,
  works: [
    against("owners by BPF", all("--owners=bpf"), "growth", 1.2),
    against("owners by /proc", all("--owners=proc"), "growth", 1.2),
    against("`--json`, both with owners", all("--json"), "growth", 1.2),
    ...AGAINST_FLOOR,
    LISTENERS,
    JSON_AGAINST_TEXT,
  ],
  memory: 600,
};

const QUICK = options.has("--quick");
const SIZES: readonly Size[] = QUICK
  ? [
    { ...IDLE, runs: 3 },
    {
      ...TWENTY_THOUSAND,
      sockets: 2000,
      processes: 4,
      runs: 3,
      works: [...TWENTY_THOUSAND.works, ...AGAINST_FLOOR, LISTENERS, JSON_AGAINST_TEXT],
    },
  ]
  : [
    IDLE,
    TWENTY_THOUSAND,
    HUNDRED_THOUSAND,
    ...(options.has("--million") ? [MILLION] : []),
  ];

/** How long a run took, in ms: on the clock, and on all processors together in user and kernel mode. */
interface Times {
  readonly wall: number;
  readonly cpu: number;
}

/** One timed run of a program whose output is thrown away. */
function time(command: readonly string[]): Times {
  const started = Bun.nanoseconds();
  const run = Bun.spawnSync([...command], { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  const wall = (Bun.nanoseconds() - started) / 1e6;
  if (run.exitCode !== 0) throw new Error(`${command.join(" ")} ended with status ${run.exitCode}`);
  const { user, system } = run.resourceUsage!.cpuTime;
  return { wall, cpu: (Number(user) + Number(system)) / 1e3 };
}

/**
 * The most memory that a program has at one time, in MB. Run by Python, because until a program is started its process is a
 * copy of its parent's, and the kernel counts that: this one is larger than many a program.
 */
function peakMegabytes(command: readonly string[]): number {
  const code = "import os, sys, resource, subprocess\n" +
    "end = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, " +
    "stderr=subprocess.DEVNULL).returncode\n" +
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n" +
    "sys.exit(end)";
  const run = Bun.spawnSync(["python3", "-S", "-c", code, ...command], { stdin: "ignore" });
  if (run.exitCode !== 0) throw new Error(`${command.join(" ")} ended with status ${run.exitCode}`);
  return Number(run.stdout) / 1024;
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** Medians by command, for one socket, of the size before. */
const before = new Map<string, number>();
const current = new Map<string, number>();

/** Runs a pair in alternation; the ratio is the median of the ratios of neighbours, so that a slow minute hits both. */
function pair(work: Work, { runs, memory }: Size, sockets: number): string {
  const peak = peakMegabytes(work.ours);
  const ours: number[] = [];
  const theirs: number[] = [];
  if (work.theirs !== "growth") time(work.theirs);
  const key = work.ours.join(" ");
  for (let i = 0; i < runs; i++) {
    ours.push(time(work.ours).wall);
    theirs.push(
      work.theirs === "growth" ? sockets * (before.get(key) ?? NaN) : time(work.theirs).wall,
    );
  }
  current.set(key, median(ours) / sockets);
  const ratio = median(ours.map((ms, i) => ms / theirs[i]!));
  // The targets are for large sizes: times of a small one say nothing about them.
  const target = work.target === null || QUICK
    ? ""
    : `≤ ${work.target}${ratio > work.target ? " (missed)" : ""}`;
  const limit = memory === null || QUICK ? "" : ` (≤ ${memory}${peak > memory ? ", missed" : ""})`;
  return [
    work.name,
    otherName(work.theirs),
    median(ours).toFixed(1),
    median(theirs).toFixed(1),
    rounded(ratio, work.target),
    target,
    peak.toFixed(0) + limit,
  ].join(" | ");
}

/**
 * One row of `--against`: the same work by this build and by the other one, in alternation, twice as many runs as otherwise
 * because the two are near each other. Ratios are medians of the ratios of neighbours.
 */
function pairBuilds({ ours }: Work, { runs }: Size): string {
  const theirs = ours.map((word) => word === sockeye ? other! : word);
  const pairs: [ours: Times, theirs: Times][] = [];
  time(ours);
  time(theirs);
  for (let i = 0; i < 2 * runs; i++) {
    // Each is the first of a pair as often as the other.
    const first = time(i % 2 === 0 ? ours : theirs);
    const second = time(i % 2 === 0 ? theirs : ours);
    pairs.push(i % 2 === 0 ? [first, second] : [second, first]);
  }
  const ratio = (of: keyof Times) => median(pairs.map(([a, b]) => a[of] / b[of])).toFixed(3);
  const ms = (of: 0 | 1) => median(pairs.map((pair) => pair[of].cpu)).toFixed(1);
  return [
    `\`${["sockeye", ...ours.slice(1)].join(" ")}\``,
    ms(0),
    ms(1),
    ratio("cpu"),
    ratio("wall"),
    peakMegabytes(ours).toFixed(0),
    peakMegabytes(theirs).toFixed(0),
  ].join(" | ");
}

/** The works of a size, each command of ours once. */
function worksOf({ works }: Size): readonly Work[] {
  if (other === null) return works;
  const seen = new Set<string>();
  return works.filter(({ ours }) => {
    const command = ours.join(" ");
    return seen.has(command) ? false : seen.add(command);
  });
}

// Two digits, or more where two would hide on which side of the target it is.
function rounded(ratio: number, target: number | null): string {
  const text = ratio.toFixed(2);
  return target !== null && ratio > target && Number(text) <= target ? ratio.toFixed(4) : text;
}

function otherName(theirs: Work["theirs"]): string {
  if (theirs === "growth") return "itself, as many times as there are more sockets";
  if (theirs === floorWithOwners) return "floor and iterator";
  if (theirs[0] === floor) return "floor";
  return theirs.map((word) => word.split("/").at(-1)).join(" ");
}

function compile(source: string, outfile: string): void {
  const flags = [
    "--compile",
    "--minify",
    "--bytecode",
    "--format=esm",
    "--no-compile-autoload-dotenv",
  ];
  const built = Bun.spawnSync(
    [
      process.execPath,
      "build",
      ...flags,
      "--no-compile-autoload-bunfig",
      `--outfile=${outfile}`,
      source,
    ],
    { cwd: root, stdout: "ignore", stderr: "pipe" },
  );
  if (!built.success) throw new Error(`${source} could not be compiled: ${built.stderr}`);
}

if (other === undefined) throw new Error("--against wants the path of another build");
try {
  compile(join(root, "scripts/bench_floor.ts"), floor);
  const empty = join(folder, "empty.ts");
  await Bun.write(empty, "export {};\n");
  compile(empty, join(folder, "empty"));
  console.log(
    other === null
      ? "| sockets | work | against | sockeye, ms | other, ms | ratio | target | peak, MB |"
      : "| sockets | work | cpu, ms | other, ms | cpu ratio | wall ratio | peak, MB | other, MB |",
  );
  console.log("| --- | --- | --- | --- | --- | --- | --- | --- |");
  for (const size of SIZES) {
    await using filled = size.sockets === 0
      ? await makeSocket("reuseport")
      : await fillSockets(size.sockets, size.processes, { timeoutMs: 300_000 });
    // A listener for the works that list listeners, among all the others.
    await using _listener = await makeSocket("tcp_listen");
    const made = "established" in filled ? filled.established : 0;
    if ("stopped" in filled && filled.stopped !== null) {
      console.error(`bench: ${filled.stopped}: ${made} sockets`);
    }
    for (const work of worksOf(size)) {
      try {
        const row = other === null ? pair(work, size, made) : pairBuilds(work, size);
        console.log(`| ${made.toLocaleString("en")} | ${row} |`);
      } catch (error) {
        // A row that cannot be timed is reported and counted; the others are still timed.
        console.error(`bench: ${work.name}: ${(error as Error).message}`);
        process.exitCode = 1;
      }
    }
    before.clear();
    for (const [command, ms] of current) before.set(command, ms);
    current.clear();
  }
} finally {
  rmSync(folder, { recursive: true });
}
