/**
 * The bench itself: run by scripts/bench inside its namespaces.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fillSockets, makeSocket } from "../test/support/factory.ts";
import { median, peakMegabytes, pinTo, time, type Times, usableCpus } from "./bench_time.ts";

const root = join(import.meta.dir, "..");
const sockeye = join(root, "dist/sockeye");
const options = new Set(process.argv.slice(2));
/** Another build of sockeye that every row is paired with instead; `null` without `--against`. */
const other = options.has("--against") ? process.argv[process.argv.indexOf("--against") + 1] : null;
/** How many runs of each kind in place of the usual number. */
const wantedRuns = options.has("--runs")
  ? Number(process.argv[process.argv.indexOf("--runs") + 1])
  : null;

/** What is measured: time on the clock, CPU time (user and system), and time on the clock with one CPU for everything. */
const MEASURES = ["wall", "cpu", "one"] as const;
type Measure = typeof MEASURES[number];
type Measured = Record<Measure, number>;

/** The most that a ratio should be. */
interface Target {
  readonly of: Measure;
  readonly most: number;
}

/** One row of the table: what is timed, what it is compared with, and the target ratio. */
interface Work {
  readonly name: string;
  readonly ours: readonly string[];
  /** A tool, or the floor. `growth`: what the same took at the size before, times as much as there are more sockets. */
  readonly theirs: readonly string[] | "growth";
  readonly target: Target | null;
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
const empty = join(folder, "empty");
/** The floor, and the BPF pass over all descriptors. */
const floorWithOwners = [floor, "4095", "owners"];
const ss = (...words: string[]) => [sockeye, "ss", ...words];
const all = (...words: string[]) => [sockeye, "-t", "-a", ...words];
const against = (
  name: string,
  ours: readonly string[],
  theirs: Work["theirs"],
  of?: Measure,
  most?: number,
): Work => ({
  name,
  ours,
  theirs,
  target: of === undefined || most === undefined ? null : { of, most },
});
/** Debian's newest ss, where ./scripts/newest_ss has unpacked it: by its own loader, without the shell that starts it. */
const newestSs = findNewestSs();
const againstNewest = (words: string): Work[] =>
  newestSs === null
    ? []
    : [against(`\`sockeye ss ${words}\``, ss(words), [...newestSs, words], undefined)];

const IDLE: Size = {
  sockets: 0,
  processes: 1,
  runs: 40,
  works: [
    against("`sockeye`", [sockeye], [empty], "wall", 2.6),
    against("`sockeye ss -tln`", ss("-tln"), [empty], "wall", 1.8),
    against("`sockeye --version`", [sockeye, "--version"], [empty]),
    against("`sockeye -t`: listeners with owners", [sockeye, "-t"], ["ss", "-tlnp"]),
    against("`sockeye ss -tln`", ss("-tln"), ["ss", "-tln"]),
  ],
  memory: null,
};

const TWENTY_THOUSAND: Size = {
  sockets: 20_000,
  processes: 20,
  runs: 11,
  works: [
    against("`sockeye ss -tan`", ss("-tan"), ["ss", "-tan"], "one", 0.95),
    ...againstNewest("-tan"),
    against("`sockeye ss -tinm`", ss("-tinm"), ["ss", "-tinm"], "one", 0.75),
    ...againstNewest("-tinm"),
    against("`sockeye ss -tanp`", ss("-tanp"), ["ss", "-tanp"]),
    against("`sockeye -t -a`: with owners", all(), ["ss", "-tanp"], "one", 0.4),
    against(
      "`sockeye netstat -tanp`",
      [sockeye, "netstat", "-tanp"],
      ["netstat", "-tanp"],
      "one",
      0.25,
    ),
    against(
      "`sockeye lsof -nP -iTCP`",
      [sockeye, "lsof", "-nP", "-iTCP"],
      ["lsof", "-nP", "-iTCP"],
      "one",
      0.25,
    ),
  ],
  memory: 120,
};

const AGAINST_FLOOR: readonly Work[] = [
  against("`sockeye ss -tan`", ss("-tan"), [floor], "wall", 1.4),
  against("`sockeye -t -a`: owners by BPF", all("--owners=bpf"), floorWithOwners, "wall", 1.8),
  against(
    "`sport = :1`, filtered by the kernel",
    ss("-tan", "sport = :1"),
    [floor, "4095", "1"],
    "wall",
    1.5,
  ),
];
const JSON_AGAINST_TEXT = against("`sockeye -t -a --json`", all("--json"), all(), "wall", 1.3);
const LISTENERS = against(
  "`sockeye -t`: listeners with owners",
  [sockeye, "-t"],
  ["ss", "-tlnp"],
  "wall",
  0.15,
);

const HUNDRED_THOUSAND: Size = {
  sockets: 100_000,
  processes: 100,
  runs: 7,
  works: [
    against("`sockeye ss -tan`", ss("-tan"), ["ss", "-tan"], "one", 0.65),
    ...againstNewest("-tan"),
    against("`sockeye ss -tinm`", ss("-tinm"), ["ss", "-tinm"], "one", 0.6),
    ...againstNewest("-tinm"),
    ...AGAINST_FLOOR,
    JSON_AGAINST_TEXT,
    LISTENERS,
    against("`sockeye ss -tanp`", ss("-tanp"), ["ss", "-tanp"], "wall", 0.15),
    against("`sockeye -t -a`: owners by BPF", all("--owners=bpf"), ["ss", "-tanp"]),
    against("`sockeye -t -a`: owners by /proc", all("--owners=proc"), ["ss", "-tanp"]),
  ],
  memory: null,
};

// `ss -tanp` takes minutes here: its time grows with the square.
const MILLION: Size = {
  sockets: 1_000_000,
  processes: 100,
  runs: 3,
  works: [
    against("`sockeye -t -a`: owners by BPF", all("--owners=bpf"), "growth", "wall", 1.2),
    against("`sockeye -t -a`: owners by /proc", all("--owners=proc"), "growth", "wall", 1.2),
    against("`sockeye -t -a --json`", all("--json"), "growth", "wall", 1.2),
    ...AGAINST_FLOOR,
    LISTENERS,
    JSON_AGAINST_TEXT,
  ],
  memory: 300,
};

const QUICK = options.has("--quick");
/** The only size that is measured; `null` for all. */
const only = options.has("--size")
  ? Number(process.argv[process.argv.indexOf("--size") + 1])
  : null;
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
  ].filter(({ sockets }) => only === null || only === sockets);

/** Medians by command, for one socket, of the size before. */
const before = new Map<string, Measured>();
const current = new Map<string, Measured>();
/** The one that everything runs on for the last measure. */
const [oneCpu] = usableCpus();

/** Runs a pair in alternation; ratios are medians of the ratios of neighbours, so that a slow minute hits both. */
function pair(work: Work, { runs, memory }: Size, sockets: number): string {
  const peak = peakMegabytes(work.ours);
  const ours: Record<Measure, number[]> = { wall: [], cpu: [], one: [] };
  const theirs: Record<Measure, number[]> = { wall: [], cpu: [], one: [] };
  const key = work.ours.join(" ");
  const grown = (of: Measure) => sockets * (before.get(key)?.[of] ?? NaN);
  const timeTheirs = (): Times =>
    work.theirs === "growth" ? { wall: grown("wall"), cpu: grown("cpu") } : time(work.theirs);
  timeTheirs();
  for (let i = 0; i < (wantedRuns ?? runs); i++) {
    for (const [times, run] of [[ours, () => time(work.ours)], [theirs, timeTheirs]] as const) {
      const { wall, cpu } = run();
      times.wall.push(wall);
      times.cpu.push(cpu);
    }
  }
  pinTo([oneCpu!]);
  try {
    for (let i = 0; i < (wantedRuns ?? runs); i++) {
      ours.one.push(time(work.ours).wall);
      theirs.one.push(work.theirs === "growth" ? grown("one") : time(work.theirs).wall);
    }
  } finally {
    pinTo(usableCpus());
  }
  current.set(key, {
    wall: median(ours.wall) / sockets,
    cpu: median(ours.cpu) / sockets,
    one: median(ours.one) / sockets,
  });
  const ratios = MEASURES.map((of) => median(ours[of].map((ms, i) => ms / theirs[of][i]!)));
  const columns = MEASURES.flatMap((of, i) => [
    `${median(ours[of]).toFixed(1)} / ${median(theirs[of]).toFixed(1)}`,
    rounded(ratios[i]!, work.target?.of === of ? work.target.most : null),
  ]);
  const limit = memory === null || QUICK ? "" : ` (≤ ${memory}${peak > memory ? ", missed" : ""})`;
  return [
    work.name,
    otherName(work.theirs),
    ...columns,
    targetText(work.target, ratios),
    peak.toFixed(0) + limit,
  ].join(" | ");
}

// The targets are for large sizes: times of a small one say nothing about them.
function targetText(target: Target | null, ratios: readonly number[]): string {
  if (target === null || QUICK) return "";
  const names = { wall: "wall", cpu: "cpu", one: "one CPU" };
  const missed = ratios[MEASURES.indexOf(target.of)]! > target.most ? " (missed)" : "";
  return `${names[target.of]} ≤ ${target.most}${missed}`;
}

/** How Debian's newest ss is started; `null` where it is not unpacked. Its own script would have a shell counted in. */
function findNewestSs(): readonly string[] | null {
  const unpacked = join(process.env.SOCKEYE_CACHE ?? "/nonexistent", "newest-ss");
  const program = join(unpacked, "root/usr/bin/ss");
  if (!existsSync(program)) return null;
  const libraries = readdirSync(join(unpacked, "root/usr/lib"))
    .filter((name) => name.endsWith("-linux-gnu"))
    .map((name) => join(unpacked, "root/usr/lib", name));
  const command = [
    join(unpacked, "loader/ss"),
    ...["--argv0", "ss", "--library-path", libraries.join(":")],
    program,
  ];
  return Bun.spawnSync([...command, "-V"], { stdin: "ignore" }).success ? command : null;
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
  for (let i = 0; i < (wantedRuns ?? 2 * runs); i++) {
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
  if (theirs[0] === empty) return "an empty program";
  if (newestSs !== null && theirs[0] === newestSs[0]) return `newest ss ${theirs.at(-1)}`;
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
  const nothing = join(folder, "empty.ts");
  await Bun.write(nothing, "export {};\n");
  compile(nothing, empty);
  console.log(
    other === null
      ? "| sockets | work | against | wall, ms: sockeye / other | ratio | cpu, ms | ratio | one CPU, wall, ms | ratio | target | peak, MB |"
      : "| sockets | work | cpu, ms | other, ms | cpu ratio | wall ratio | peak, MB | other, MB |",
  );
  console.log("| --- ".repeat(other === null ? 11 : 8) + "|");
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
