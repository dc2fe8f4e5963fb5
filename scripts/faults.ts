/**
 * Looks for answers that are wrong without a word, where things go wrong: system calls fail, files are broken, sockets and
 * processes come and go meanwhile.
 *
 *     scripts/faults [inject] [mutate] [churn] [OPTIONS]
 *
 * Without a name all three run. Options: --seconds=N tries a random choice for so long, each; --seed=N; for injection
 * --command=NAME[,NAME], --call=NAME[,NAME], --error=NAME[,NAME], --depth=CALLS,ERRORS (3,3 unless given: calls of each kind, and
 * errors of each call), --only=CALL:error=E:when=N, --workers=N (at a time), --again=FILE (what an
 * earlier run, whose output this is, called wrong), --verbose, --list. Needs root, strace, unshare, nsenter, ip and python3. Exits 1
 * if an answer was wrong without a word, or if a command hung or crashed.
 */
import { readFileSync } from "node:fs";
import { COMMANDS } from "./faults_commands.ts";
import { ERRORS, inject, injectionReason, injectionTable } from "./faults_inject.ts";
import { mutate, mutationTable } from "./faults_mutate.ts";

const words = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const options = new Map(
  process.argv.slice(2).filter((word) => word.startsWith("--")).map((word) => {
    const [name, ...value] = word.slice(2).split("=");
    return [name!, value.join("=")] as const;
  }),
);
const PARTS = ["inject", "mutate", "churn"];
const list = (name: string) => (options.get(name) ?? "").split(",").filter((item) => item !== "");
const seconds = options.has("seconds") ? Number(options.get("seconds")) : null;
const seed = Number(options.get("seed") ?? Math.floor(Math.random() * 1e9));
const parts = words.length === 0 ? PARTS : words;

/** Seconds of the long form. */
const MUTATION_SECONDS = 600;
const CHURN_SECONDS = 300;

process.exitCode = await main();

async function main(): Promise<number> {
  const reason = process.getuid?.() === 0 ? injectionReason() : "this is not root";
  const unknown = parts.find((part) => !PARTS.includes(part));
  if (reason !== null || unknown !== undefined || Number.isNaN(seconds ?? 0)) {
    console.error(
      unknown === undefined ? reason ?? "wanted: --seconds=N" : `wanted: ${PARTS.join(", ")}`,
    );
    return 2;
  }
  if (options.has("list")) {
    for (const [name, { args }] of Object.entries(COMMANDS)) {
      const shown = args({ snapshot: "SNAPSHOT", policy: "FITTING", strict: "VIOLATED" });
      console.log(`${name}: sockeye ${shown.join(" ")}`);
    }
    return 0;
  }
  const problems: string[] = [];
  if (parts.includes("inject")) problems.push(...await injection());
  if (parts.includes("mutate")) {
    const result = await mutate(seconds ?? MUTATION_SECONDS, seed);
    console.log(`${mutationTable(result)}\n`);
    problems.push(...result.problems);
  }
  if (parts.includes("churn")) problems.push(...await churning(seconds ?? CHURN_SECONDS));
  console.log(
    `seed ${seed}: ${problems.length === 0 ? "nothing was wrong" : `${problems.length} wrong`}`,
  );
  for (const problem of problems) console.log(problem);
  return problems.length === 0 ? 0 : 1;
}

async function injection(): Promise<readonly string[]> {
  const [calls, errors] = list("depth").map(Number);
  const result = await inject({
    seconds: seconds ?? Infinity,
    seed,
    commands: list("command"),
    calls: list("call"),
    errors: options.has("error") ? list("error") : ERRORS,
    depth: { calls: calls ?? 3, errors: errors ?? 3 },
    only: options.get("only") ?? null,
    again: options.has("again") ? readFileSync(options.get("again")!, "utf8").split("\n") : null,
    workers: options.has("workers") ? Number(options.get("workers")) : null,
    verbose: options.has("verbose"),
  });
  console.log(`${injectionTable(result)}\n`);
  return result.problems;
}

async function churning(seconds: number): Promise<string[]> {
  // They look for the program as soon as they are loaded.
  const { churn } = await import("../test/support/churn.ts");
  const { Namespace } = await import("../test/support/netns.ts");
  const netns = await Namespace.create();
  try {
    const { comparisons, wrong, others, stable } = await churn(netns, seconds);
    console.log(
      `churn: ${comparisons} comparisons, ${stable.length} services that stayed: ${wrong.length} wrong differences; ${others} true ones about the rest\n`,
    );
    return others > 0 ? [...wrong] : [...wrong, "nothing changed: nothing was tested"];
  } finally {
    await netns.stop();
  }
}
