/**
 * Times `--all-netns` with 50 empty namespaces beside many sockets against a dump of the one that has them. All share the
 * kernel's one table of connections, as namespaces do by default: that is what makes it costly. Run by
 * `scripts/bench --namespaces`; one argument changes the number of sockets.
 */
import { fillSockets } from "../test/support/factory.ts";
import { Namespace } from "../test/support/netns.ts";

const SOCKEYE = new URL("../dist/sockeye", import.meta.url).pathname;
const NAMESPACES = 50;
const RUNS = 7;
/** The target: all namespaces together may cost this many times one dump. */
const TARGET = 1.1;

const count = Number(process.argv[2] ?? 100_000);
if (!Number.isSafeInteger(count) || count < 2) {
  console.error(`bench: "${process.argv[2]}" is not a number of sockets`);
  process.exit(2);
}

function time(words: readonly string[]): number {
  const started = Bun.nanoseconds();
  const run = Bun.spawnSync([SOCKEYE, ...words], { stdout: "ignore", stderr: "ignore" });
  if (run.exitCode !== 0) throw new Error(`${words.join(" ")} ended with status ${run.exitCode}`);
  return (Bun.nanoseconds() - started) / 1e6;
}

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[values.length >> 1]!;

await using full = await Namespace.create();
await using filled = await fillSockets(count, Math.ceil(count / 10_000), {
  netns: full,
  timeoutMs: 300_000,
});
await using empty = new AsyncDisposableStack();
for (let i = 0; i < NAMESPACES; i++) empty.use(await Namespace.create());
const one: number[] = [];
const all: number[] = [];
for (let i = 0; i < RUNS; i++) {
  one.push(time(["-a", "--netns", String(full.inode)]));
  all.push(time(["-a", "--all-netns"]));
}
const ratio = median(all.map((ms, i) => ms / one[i]!));
console.log(
  `${filled.established} sockets, ${NAMESPACES} empty namespaces: one dump ${
    median(one).toFixed(0)
  } ms, ` +
    `all ${median(all).toFixed(0)} ms, ratio ${ratio.toFixed(2)} (≤ ${TARGET}${
      ratio > TARGET ? ", missed" : ""
    })`,
);
