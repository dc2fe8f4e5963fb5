/**
 * Random argument lists for ss, netstat and lsof mode and for the originals. scripts/differences makes the namespaces and starts
 * this in them: differences.ts FOLDER [OPTIONS].
 */
import { chmodSync, copyFileSync, linkSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unpackFixture } from "../test/conformance/fixture.ts";
import { type ArgumentList, commandLine } from "./lab/argument_list.ts";
import { excuse, type Tool } from "./lab/documented.ts";
import { Everything } from "./lab/everything.ts";
import { judge } from "./lab/judge.ts";
import { type Lists, randomLists } from "./lab/lists.ts";
import { originalOf } from "./lab/originals.ts";
import { withoutOwnRows } from "./lab/own_rows.ts";
import { type Ran, Runner } from "./lab/runner.ts";
import { difference } from "./lab/text_difference.ts";

/** How often a list is run before it counts as different. */
const TRIES = 4;
const NOBODY = 65534;
/** ss comes last: it can be compared over what the others lose. */
const TOOLS = ["netstat", "lsof", "ss"] as const;

const fail = (message: string): never => {
  console.error(`differences: ${message}`);
  process.exit(2);
};

const [folder, ...flags] = process.argv.slice(2);
const given: Record<string, string> = {};
for (let i = 0; i < flags.length; i++) {
  const name = flags[i]!.replace(/^--/, "");
  if (name === "pty" || name === "pipe") given.output = name;
  else if (/^(seed|lists|list|tool|as|seconds|original|program)$/.test(name) && flags[i] !== name) {
    given[name] = flags[++i] ?? fail(`${flags[i - 1]} wants a value`);
  } else fail(`"${flags[i]}" is not an option: see the head of scripts/differences`);
}
const number = (name: string, otherwise: number): number => {
  const text = given[name];
  if (text === undefined) return otherwise;
  return /^\d{1,9}$/.test(text) ? Number(text) : fail(`--${name} wants a number, not "${text}"`);
};
const seed = number("seed", Math.floor(Math.random() * 1e6));
const count = number("lists", 300);
const deadline = Date.now() + number("seconds", 100_000) * 1000;
if (given.tool !== undefined && !TOOLS.some((tool) => tool === given.tool)) {
  fail(`--tool wants ss, netstat or lsof, not "${given.tool}"`);
}
if (given.as !== undefined && given.as !== "root" && given.as !== "nobody") {
  fail(`--as wants root or nobody, not "${given.as}"`);
}
if (given.original !== undefined && given.tool === undefined) fail("--original needs --tool");
const tools = given.tool === undefined ? TOOLS : [given.tool as Tool];

// Where nobody can run it, and under the names of the originals, which decide the mode.
const program = join(folder!, "sockeye");
copyFileSync(given.program ?? join(import.meta.dir, "../dist/sockeye"), program);
chmodSync(program, 0o755);
for (const tool of TOOLS) linkSync(program, join(folder!, tool));
{
  using fixture = unpackFixture();
  copyFileSync(join(fixture.path, "tcp.dump"), join(folder!, "tcp.dump"));
}
// Apart from the programs, which have their own files open.
const tree = join(folder!, "tree");
mkdirSync(join(tree, "below"), { recursive: true });
writeFileSync(join(tree, "held"), "held\n");
writeFileSync(join(tree, "below", "not-held"), "");
const holder = Bun.spawn(["sleep", "1000000"], {
  cwd: join(tree, "below"),
  stdin: Bun.file(join(tree, "held")),
});
writeFileSync(join(folder!, "filter"), "# comment\nsport = :8080\nor dport = :8080\n");

interface Count {
  equal: number;
  moved: number;
  different: number;
  readonly excused: Map<string, number>;
}

type Asked = Pick<ArgumentList, "args" | "env">;

/** Runs one list with both programs, and tells a difference. */
async function compare(
  tool: Tool,
  index: number,
  list: ArgumentList,
  original: string,
  counts: Count,
) {
  const run = async (file: string, { args, env }: Asked = list): Promise<Ran> => {
    const ran = await runner.run({
      file,
      argv: [tool, ...args],
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", ...env },
      user: list.as === "nobody" ? NOBODY : null,
      columns: list.columns ?? null,
      stdin: list.stdin ?? null,
    });
    return tool === "lsof"
      ? { ...ran, stdout: withoutOwnRows(ran.stdout, ran.pid, process.pid) }
      : ran;
  };
  let [before, ours, after]: Ran[] = [];
  for (let attempt = 0; attempt < TRIES; attempt++) {
    before = await run(original);
    ours = await run(join(folder!, tool));
    after = await run(original);
    const verdict = judge([tool, ...list.args], before, ours, after);
    if (verdict === "different") continue;
    counts[verdict]++;
    return;
  }
  const found = {
    tool,
    args: list.args,
    env: list.env ?? {},
    onTerminal: list.columns !== undefined,
    original: before!,
    ours: ours!,
  };
  const documented = await excuse(
    found,
    after!,
    async (args, env) => {
      const first = await run(original, { args, env });
      const second = await run(join(folder!, tool));
      return [first, second, await run(original, { args, env })];
    },
  );
  if (documented !== null) {
    counts.excused.set(documented.name, (counts.excused.get(documented.name) ?? 0) + 1);
    return;
  }
  counts.different++;
  console.log(`\nDIFFERENT: ${commandLine({ ...list, args: [tool, ...list.args] })}`);
  console.log(`again: ./scripts/differences --tool ${tool} --seed ${seed} --list ${index}`);
  if (before!.status !== ours!.status) {
    console.log(`status: original ${before!.status}, ours ${ours!.status}`);
  }
  if (before!.stdout !== ours!.stdout) {
    console.log(difference(folder!, before!.stdout, ours!.stdout, ["original", "ours"]));
  }
  if ((before!.stderr === "") !== (ours!.stderr === "")) {
    console.log(`stderr of the original: ${before!.stderr.slice(0, 400).trimEnd()}`);
    console.log(`stderr of ours: ${ours!.stderr.slice(0, 400).trimEnd()}`);
  }
}

const scene = await Everything.build();
const runner = new Runner();
let failed = false;
let short = false;
try {
  console.log(`seed ${seed}, over ${scene.factories} factories`);
  for (const reason of scene.missing) console.log(`not in the scene: ${reason}`);
  for (const tool of tools) {
    const original = originalOf(tool, folder!, given.original);
    if ("reason" in original) {
      console.log(`skipped: ${tool}: ${original.reason}`);
      short = true;
      continue;
    }
    if (tool === "ss") await scene.addOdd();
    const lists: Lists = randomLists(tool, seed, scene, folder!);
    const counts: Count = { equal: 0, moved: 0, different: 0, excused: new Map() };
    const began = Date.now();
    const chosen = given.list === undefined
      ? Array.from({ length: count }, (_, index) => index)
      : [number("list", 0)];
    let ran = 0;
    for (const index of chosen) {
      if (Date.now() > deadline) break;
      await scene.refresh();
      const list = lists.at(index);
      const user = given.as === "root" ? undefined : given.as === "nobody" ? "nobody" : list.as;
      const columns = given.output === "pipe"
        ? undefined
        : given.output === "pty"
        ? list.columns ?? 80
        : list.columns;
      await compare(
        tool,
        index,
        {
          args: list.args,
          ...list.env === undefined ? {} : { env: list.env },
          ...user === undefined ? {} : { as: user },
          ...columns === undefined ? {} : { columns },
        },
        original.file,
        counts,
      );
      ran++;
    }
    const excused = [...counts.excused].map(([name, times]) => `${name} ${times}`).join(", ");
    console.log(
      `${tool} (${original.release}), seed ${seed}: ${ran} lists in ${
        Math.round((Date.now() - began) / 1000)
      } s: ` +
        `${counts.equal} equal, ${counts.moved} equal but for clocks and counters, ` +
        `${counts.different} different` +
        (excused === "" ? "" : `; as documented: ${excused}`),
    );
    failed ||= counts.different > 0;
  }
} finally {
  await runner[Symbol.asyncDispose]();
  await scene.stop();
  holder.kill();
}
process.exit(failed ? 1 : short ? 2 : 0);
