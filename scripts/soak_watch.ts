/**
 * Watches while thousands of connections a second come and go, in a network namespace of its own, and checks that the watch does
 * not grow, and that no event names a process that never held its socket: the churn keeps a log of sockets by their cookies.
 * Usage: soak_watch.ts SECONDS [CONNECTIONS_PER_SECOND]. Needs root, unshare, ip and a C compiler. Exits 1 when something was
 * wrong.
 */
import { createReadStream, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const root = join(import.meta.dir, "..");
const seconds = Number(process.argv[2] ?? 600);
const rate = Number(process.argv[3] ?? 2000);
if (!(seconds >= 5) || !(rate >= 20)) {
  console.error("wanted: soak_watch.ts SECONDS [CONNECTIONS_PER_SECOND], at least 5 and 20");
  process.exit(2);
}
if (process.env.SOCKEYE_SOAK !== "inside") {
  const words = [process.execPath, import.meta.path, String(seconds), String(rate)];
  const inside = Bun.spawnSync(
    ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", ...words],
    { stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, SOCKEYE_SOAK: "inside" } },
  );
  process.exit(inside.exitCode ?? 1);
}

const folder = mkdtempSync(join(tmpdir(), "sockeye-soak-"));
const traffic = join(folder, "traffic");
const log = join(folder, "log");
const built = Bun.spawnSync([
  "cc",
  "-O1",
  "-o",
  traffic,
  join(root, "test/support/watch_traffic.c"),
]);
if (!built.success) throw new Error(built.stderr.toString());

const watch = Bun.spawn([join(root, "dist/sockeye"), "watch", "--json", "--own-netns"], {
  stdin: "ignore",
  stdout: "pipe",
  stderr: "pipe",
});
const said = new Set<string>();
const counts: Record<string, number> = {};
const lost: Record<string, number> = {};
let unknown = 0;
let byListener = 0;
const { promise: ready, resolve: isReady } = Promise.withResolvers<void>();

/** What follows some text in a line. A whole parse of each line would be too slow a reader. */
function after(line: string, text: string): string | null {
  const at = line.indexOf(text);
  if (at < 0) return null;
  return /^\w+/.exec(line.slice(at + text.length, at + text.length + 24))?.[0] ?? null;
}

async function readEvents(): Promise<void> {
  for await (const line of lines(watch.stdout)) {
    if (line.startsWith('{"schema"')) {
      isReady();
      continue;
    }
    const event = after(line, '{"event":"')!;
    if (event === "lost") {
      for (const [kind, count] of Object.entries<number>(JSON.parse(line).of)) {
        lost[kind] = (lost[kind] ?? 0) + count;
      }
    }
    if (!["connect", "accept", "send", "close"].includes(event)) continue;
    counts[event] = (counts[event] ?? 0) + 1;
    const pid = after(line, '"process":{"pid":');
    if (pid === null) unknown++;
    // That process has the socket that the connection came in by, which is all that is said.
    else if (after(line, '"how":"') === "listener") byListener++;
    else said.add(`${after(line, '"cookie":')} ${pid}`);
  }
}

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const part of stream) {
    const parts = (rest + decoder.decode(part, { stream: true })).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
}

function memory(): number {
  const status = readFileSync(`/proc/${watch.pid}/status`, "utf8");
  return Number(/^RssAnon:\s*(\d+)/m.exec(status)?.[1] ?? 0);
}

/** User and system time of the watch so far, in seconds. */
function cpu(): number {
  const words = readFileSync(`/proc/${watch.pid}/stat`, "latin1").split(") ")[1]!.split(" ");
  return (Number(words[11]) + Number(words[12])) / 100;
}

const problems: string[] = [];
const reading = readEvents();
await ready;
const churn = Bun.spawn([traffic, "churn", log, String(seconds), String(rate)], {
  stdin: "ignore",
  stdout: "pipe",
  stderr: "pipe",
});
const resident: number[] = [];
let time = 0;
while (churn.exitCode === null && watch.exitCode === null) {
  await Promise.race([Bun.sleep(1000), churn.exited]);
  if (watch.exitCode !== null) break;
  resident.push(memory());
  time = cpu();
}
const connections = Number(await new Response(churn.stdout).text());
if (await churn.exited !== 0) {
  problems.push(`the churn failed: ${await new Response(churn.stderr).text()}`);
}
if (watch.exitCode !== null) problems.push("the watch ended by itself");
// What is told last waits for its process for a moment.
await Bun.sleep(2000);
watch.kill("SIGINT");
await watch.exited;
await reading;

/** Sockets that the churn had, and how many of them nobody was named for. */
const pairs = said.size;
let logged = 0;
let unnamed = 0;
for await (const line of createInterface({ input: createReadStream(log) })) {
  const [, cookie, pid] = line.split(" ");
  logged++;
  if (!said.delete(`${cookie} ${pid}`)) unnamed++;
}
rmSync(folder, { recursive: true });
const wrong = said.size;
if (wrong > 0) {
  problems.push(
    `${wrong} pairs of socket and process are not in the log: ${[...said].slice(0, 5)}`,
  );
}
const losses = Object.entries(lost).map(([kind, count]) => `${count} ${kind}`).join(", ");
if (unnamed > 0 && losses === "") {
  problems.push(`${unnamed} sockets were not told, and nothing was lost`);
}
if (pairs < logged / 10) problems.push(`only ${pairs} pairs were told: nothing was tested`);

function median(list: readonly number[], from: number, to: number): number {
  const part = list.slice(Math.floor(list.length * from), Math.ceil(list.length * to))
    .sort((a, b) => a - b);
  return part[Math.floor(part.length / 2)] ?? 0;
}
// In the first quarter the tables fill up to their bounds, and the runtime compiles hot code.
const [early, late] = [median(resident, 0.25, 0.5), median(resident, 0.75, 1)];
if (late > early * 1.3 + 16 * 1024) problems.push(`the watch grew from ${early} to ${late} KiB`);
console.log(
  `${seconds} s: ${connections} connections; told ${
    Object.entries(counts).map(([name, count]) => `${count} ${name}`).join(", ")
  }; records lost: ${
    losses || "none"
  }; ${pairs} pairs of socket and process, ${wrong} wrong, ${unnamed} of ${logged} sockets not named, ` +
    `${unknown} events without a process, ${byListener} by their listener; the watch held ${early} KiB, later ${late} KiB, and took ${
      time.toFixed(0)
    } s of CPU time`,
);
for (const problem of problems) console.error(`WRONG ${problem}`);
process.exit(problems.length === 0 ? 0 : 1);
