/**
 * Lists in a loop while thousands of processes and sockets come and go, in a network namespace of its own, and checks that no
 * run fails, that a program which runs on does not grow, and that no owner is named that never held the socket: the churn keeps
 * a log. Usage: soak.ts SECONDS [FORKS_PER_SECOND]. Needs root, unshare, ip and python3. Exits 1 when something was wrong.
 */
import { createReadStream, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const root = join(import.meta.dir, "..");
const sockeye = join(root, "dist/sockeye");
const seconds = Number(process.argv[2] ?? 600);
const rate = Number(process.argv[3] ?? 1000);
if (!(seconds >= 5) || !(rate >= 1)) {
  console.error("wanted: soak.ts SECONDS [FORKS_PER_SECOND], at least 5 and 1");
  process.exit(2);
}
if (process.env.SOCKEYE_SOAK !== "inside") {
  const inside = Bun.spawnSync(
    [
      "unshare",
      "-n",
      "sh",
      "-c",
      'ip link set lo up && exec "$@"',
      "sh",
      process.execPath,
      import.meta.path,
      String(seconds),
      String(rate),
    ],
    { stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, SOCKEYE_SOAK: "inside" } },
  );
  process.exit(inside.exitCode ?? 1);
}

const LISTINGS = [
  ["-a", "--json", "--owners=auto"],
  ["-a", "--json", "--owners=proc"],
  ["-a", "--json", "--owners=bpf"],
];

const folder = mkdtempSync(join(tmpdir(), "sockeye-soak-"));
const problems = new Set<string>();
/** `PID INODE` → the run that said so. */
const said = new Map<string, string>();
let runs = 0;
let sockets = 0;
let owned = 0;
const peak: number[] = [];

const log = join(folder, "log");
const churn = Bun.spawn(["python3", join(root, "test/support/soak_churn.py"), log, String(rate)], {
  stdin: "pipe",
  stdout: "pipe",
  stderr: "inherit",
});
const output = churn.stdout.getReader();
await output.read();
// A mode that does not end: a leak would show in its memory.
const lasting = Bun.spawn([sockeye, "netstat", "-anpc"], {
  stdout: Bun.file("/dev/null"),
  stderr: "pipe",
});
const resident: number[] = [];

try {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const args = LISTINGS[runs % LISTINGS.length]!;
    const run = Bun.spawnSync([sockeye, ...args], { stdin: "ignore", timeout: 60_000 });
    runs++;
    peak.push(run.resourceUsage?.maxRSS ?? 0);
    const name = `run ${runs}, ${args.join(" ")}`;
    const errors = run.stderr.toString();
    if (run.exitCode !== 0 || errors.includes("bug") || errors.includes("panic")) {
      problems.add(`${name}: status ${run.exitCode ?? run.signalCode}: ${errors.slice(0, 500)}`);
      continue;
    }
    for (const socket of JSON.parse(run.stdout.toString()).sockets) {
      sockets++;
      if (socket.owners.length > 0) owned++;
      for (const { pid } of socket.owners) said.set(`${pid} ${socket.inode}`, name);
    }
    const status = readFileSync(`/proc/${lasting.pid}/status`, "utf8");
    resident.push(Number(/^RssAnon:\s*(\d+)/m.exec(status)?.[1] ?? 0));
    await Bun.sleep(1);
  }
  if (lasting.exitCode !== null) {
    problems.add(`netstat -c ended: ${await new Response(lasting.stderr).text()}`);
  }
} catch (error) {
  problems.add(`netstat -c or the churn is gone: ${error}`);
} finally {
  lasting.kill();
  await lasting.exited;
  churn.stdin.end();
  await churn.exited;
}
let report = "";
for (let part = await output.read(); !part.done; part = await output.read()) {
  report += new TextDecoder().decode(part.value);
}
const { forks } = JSON.parse(report) as { forks: number };
const pairs = said.size;
for await (const line of createInterface({ input: createReadStream(log) })) said.delete(line);
for (const [pair, run] of [...said].slice(0, 10)) {
  problems.add(`${run} names process and socket ${pair}, which the log does not have`);
}
if (pairs < 100) {
  problems.add(`only ${pairs} pairs of process and socket were seen: nothing was tested`);
}

/** Median of a part of a list, which is given as two shares of its length. */
function median(list: readonly number[], from: number, to: number): number {
  const part = list.slice(Math.floor(list.length * from), Math.ceil(list.length * to))
    .sort((a, b) => a - b);
  return part[Math.floor(part.length / 2)] ?? 0;
}
// In the first quarter the runtime still compiles hot code.
const [early, late] = [median(resident, 0.25, 0.5), median(resident, 0.75, 1)];
if (late > early * 1.3 + 16 * 1024) {
  problems.add(`netstat -c grew from ${early} KiB to ${late} KiB`);
}
rmSync(folder, { recursive: true });
console.log(
  `${seconds} s: ${forks} forks; ${runs} listings, ${sockets} sockets, ${owned} with owners; ` +
    `${pairs} pairs of process and socket, ${said.size} wrong; ` +
    `netstat -c held ${early} KiB, later ${late} KiB; largest listing ${
      Math.round(Math.max(...peak) / 1e6)
    } MB`,
);
for (const problem of problems) console.error(`WRONG ${problem}`);
process.exit(problems.size === 0 ? 0 : 1);
