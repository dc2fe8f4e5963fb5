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

/** One row of the table: what is timed, against what, and what ratio is aimed at. */
interface Work {
  readonly name: string;
  readonly ours: readonly string[];
  /** A tool, or `floor`. */
  readonly theirs: readonly string[];
  readonly target: number | null;
}

/** A host to time on: so many established TCP sockets, in so many processes. */
interface Size {
  readonly sockets: number;
  readonly processes: number;
  readonly runs: number;
  readonly works: readonly Work[];
}

const folder = mkdtempSync(join(tmpdir(), "sockeye-bench-"));
const floor = join(folder, "floor");
const ss = (...words: string[]) => [sockeye, "ss", ...words];
const against = (
  name: string,
  ours: readonly string[],
  theirs: readonly string[],
  target: number | null,
): Work => ({
  name,
  ours,
  theirs,
  target,
});

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
};

const TWENTY_THOUSAND: Size = {
  sockets: 20_000,
  processes: 20,
  runs: 11,
  works: [
    against("all TCP, no owners", ss("-tan"), ["ss", "-tan"], 0.7),
    against("all TCP with owners, `ss -tanp`", ss("-tanp"), ["ss", "-tanp"], 0.35),
    against("all TCP with owners, the listing", [sockeye, "-t", "-a"], ["ss", "-tanp"], 0.35),
    against("`sockeye netstat -tanp`", [sockeye, "netstat", "-tanp"], ["netstat", "-tanp"], 0.35),
    against(
      "`sockeye lsof -nP -iTCP`",
      [sockeye, "lsof", "-nP", "-iTCP"],
      ["lsof", "-nP", "-iTCP"],
      0.25,
    ),
  ],
};

const large = (sockets: number, runs: number): Size => ({
  sockets,
  processes: Math.max(100, Math.ceil(sockets / 15_000)),
  runs,
  works: [
    against("all TCP, no owners", ss("-tan"), ["ss", "-tan"], 0.45),
    against("all TCP, no owners, against the floor", ss("-tan"), [floor], 1.4),
    against("`ss -tinm`", ss("-tinm"), ["ss", "-tinm"], 0.6),
    against("`ss -tanp`", ss("-tanp"), ["ss", "-tanp"], 0.15),
    against("owners by BPF", [sockeye, "-t", "-a", "--owners=bpf"], ["ss", "-tanp"], 0.06),
    against("owners by /proc", [sockeye, "-t", "-a", "--owners=proc"], ["ss", "-tanp"], 0.2),
    against("listeners with owners", [sockeye, "-t"], ["ss", "-tlnp"], 0.15),
    against("`sport = :1`, against the kernel's filtered dump", ss("-tan", "sport = :1"), [
      floor,
      "4095",
      "1",
    ], 1.5),
    against("`--json` against text, both with owners", [sockeye, "-t", "-a", "--json"], [
      sockeye,
      "-t",
      "-a",
    ], 2.5),
  ],
});

const SIZES: readonly Size[] = options.has("--quick")
  ? [{ ...IDLE, runs: 5 }, { ...TWENTY_THOUSAND, sockets: 2000, processes: 4, runs: 3 }]
  : [
    IDLE,
    TWENTY_THOUSAND,
    large(100_000, 7),
    ...(options.has("--million") ? [large(1_000_000, 3)] : []),
  ];

/** One timed run of a program whose output is thrown away. */
function time(command: readonly string[]): { ms: number; megabytes: number } {
  const started = Bun.nanoseconds();
  const run = Bun.spawnSync([...command], { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  const ms = (Bun.nanoseconds() - started) / 1e6;
  if (run.exitCode !== 0) throw new Error(`${command.join(" ")} ended with status ${run.exitCode}`);
  return { ms, megabytes: (run.resourceUsage?.maxRSS ?? 0) / 1024 / 1024 };
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** Runs a pair in alternation; the ratio is the median of the ratios of neighbours, so that a slow minute hits both. */
function pair(work: Work, runs: number): string {
  time(work.ours);
  time(work.theirs);
  const ours: { ms: number; megabytes: number }[] = [];
  const theirs: { ms: number; megabytes: number }[] = [];
  for (let i = 0; i < runs; i++) {
    ours.push(time(work.ours));
    theirs.push(time(work.theirs));
  }
  const ratio = median(ours.map(({ ms }, i) => ms / theirs[i]!.ms));
  const target = work.target === null
    ? ""
    : `≤ ${work.target}${ratio > work.target ? " (missed)" : ""}`;
  const ms = (list: readonly { ms: number }[]) => median(list.map(({ ms }) => ms)).toFixed(1);
  const peak = Math.max(...ours.map(({ megabytes }) => megabytes)).toFixed(0);
  const other = work.theirs[0] === floor
    ? "floor"
    : work.theirs.map((word) => word.split("/").at(-1)).join(" ");
  return `${work.name} | ${other} | ${ms(ours)} | ${ms(theirs)} | ${
    ratio.toFixed(2)
  } | ${target} | ${peak}`;
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

try {
  compile(join(root, "scripts/bench_floor.ts"), floor);
  const empty = join(folder, "empty.ts");
  await Bun.write(empty, "export {};\n");
  compile(empty, join(folder, "empty"));
  console.log("| sockets | work | against | sockeye, ms | other, ms | ratio | target | peak, MB |");
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
    for (const work of size.works) {
      try {
        console.log(`| ${made.toLocaleString("en")} | ${pair(work, size.runs)} |`);
      } catch (error) {
        // A row that cannot be timed is said and counted; the others still are.
        console.error(`bench: ${work.name}: ${(error as Error).message}`);
        process.exitCode = 1;
      }
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
