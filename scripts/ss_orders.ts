/**
 * Compares what ss mode selects with what ss shows, for every list of so many options; see scripts/ss_orders.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Namespace, namespaceReason } from "../test/support/netns.ts";
import { lists, SCENE, selected, shownIn } from "../test/support/ss_orders.ts";

/** Longest lists of the recording. */
const RECORDED = 3;
const WORKERS = 3;
const SHOWN = 20;

const fail = (message: string): never => {
  console.error(`ss_orders: ${message}`);
  process.exit(2);
};

let length = 4;
let every = 1;
let record = false;
const words = process.argv.slice(2);
for (let i = 0; i < words.length; i++) {
  if (words[i] === "--record") record = true;
  else if (words[i] === "--every" && /^[1-9]\d{0,4}$/.test(words[i + 1] ?? "")) {
    every = Number(words[++i]);
  } else if (/^[1-5]$/.test(words[i]!)) length = Number(words[i]);
  else fail(`"${words[i]}" is not known: wanted [LENGTH] [--every N], or --record`);
}
const ss = join(process.env.SOCKEYE_CACHE ?? "", "newest-ss/ss");
if (!existsSync(ss)) fail("Debian's newest ss is not unpacked: ./scripts/newest_ss does that");
const reason = namespaceReason();
if (reason !== null) fail(reason);

const all = record
  ? Array.from({ length: RECORDED }, (_, i) => lists(i + 1)).flat()
  : lists(length).filter((_, index) => index % every === 0);

await using netns = await Namespace.create();
const scene = Bun.spawn(netns.command(["python3", "-c", SCENE]), { stdin: "pipe", stdout: "pipe" });
await scene.stdout.getReader().read();
const shown = new Uint16Array(all.length);
let next = 0;
async function work(): Promise<void> {
  while (next < all.length) {
    const at = next++;
    const child = Bun.spawn(netns.command([ss, "-Hn", ...all[at]!.split(" ")]), {
      stdin: "ignore",
      stdout: "pipe",
      // That nothing was selected is told there.
      stderr: "ignore",
    });
    shown[at] = shownIn(await child.stdout.text());
    if (await child.exited !== 0) fail(`ss ${all[at]} ended with status ${child.exitCode}`);
  }
}
const began = Date.now();
await Promise.all(Array.from({ length: WORKERS }, work));
scene.stdin.end();
await scene.exited;

const wrong = all.filter((line, at) => selected(line) !== shown[at]);
for (const line of wrong.slice(0, SHOWN)) {
  const at = all.indexOf(line);
  console.log(
    `ss ${line}: shows ${shown[at]!.toString(2)}, selected ${selected(line).toString(2)}`,
  );
}
if (record) {
  const file = join(import.meta.dir, "../test/conformance/ss_orders.gz");
  writeFileSync(file, Bun.gzipSync(new Uint8Array(shown.buffer)));
}
console.log(
  `${all.length} lists in ${Math.round((Date.now() - began) / 1000)} s, ${
    new Set(shown).size
  } different answers: ` +
    `${wrong.length} differ`,
);
process.exit(wrong.length > 0 ? 1 : 0);
