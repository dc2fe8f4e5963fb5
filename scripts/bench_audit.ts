/**
 * Times an audit of 10,000 listeners against a policy of 1,000 entries beside the plain listing of the same, in a network
 * namespace of its own. The aim is less than twice the listing. Needs root, python3 and a built dist/sockeye.
 *
 *     bun scripts/bench_audit.ts [RUNS]
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Namespace } from "../test/support/netns.ts";

const LISTENERS = 10_000;
const ENTRIES = 1_000;
const FIRST_PORT = 10_000;
const HOLDERS = 4;

const sockeye = join(import.meta.dir, "../dist/sockeye");
const runs = Number(process.argv[2] ?? 11);
const folder = mkdtempSync(join(tmpdir(), "sockeye-bench-"));

const HOLD = `
import resource, socket, sys
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
held = []
for port in range(int(sys.argv[1]), int(sys.argv[2])):
    s = socket.socket()
    s.bind(("127.0.0.1", port))
    s.listen()
    held.append(s)
print("up", flush=True)
sys.stdin.read()
`;

function policy(): string {
  const each = LISTENERS / ENTRIES;
  const entries = Array.from({ length: ENTRIES }, (_, i) => {
    const first = FIRST_PORT + i * each;
    return `  - name: entry-${i}
    expect: required
    transport: tcp
    port: ${first}-${first + each - 1}
    address: 127.0.0.1
    reach: loopback
    exe: ["/usr/bin/**", "**/python3*"]
    user: root
`;
  });
  return `schema: sockeye.policy/1\nlisteners:\n${entries.join("")}`;
}

function time(command: readonly string[]): number {
  const started = performance.now();
  const run = Bun.spawnSync(netns.command(command), {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const ms = performance.now() - started;
  if (!run.success) {
    throw new Error(`${command.join(" ")}: ${run.stderr}${run.stdout.toString().slice(-500)}`);
  }
  return ms;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

const netns = await Namespace.create();
const holders: Bun.Subprocess<"pipe", "pipe", "inherit">[] = [];
try {
  for (let i = 0; i < HOLDERS; i++) {
    const size = LISTENERS / HOLDERS;
    const first = FIRST_PORT + i * size;
    const holder = Bun.spawn(
      netns.command(["python3", "-c", HOLD, String(first), String(first + size)]),
      { stdin: "pipe", stdout: "pipe", stderr: "inherit" },
    );
    holders.push(holder);
    await holder.stdout.getReader().read();
  }
  const file = join(folder, "policy.yaml");
  writeFileSync(file, policy());
  const list = [sockeye, "-t"];
  const json = [sockeye, "-t", "--json"];
  const audit = [sockeye, "audit", "--own-netns", "--policy", file];
  const times: Record<"list" | "json" | "audit", number[]> = { list: [], json: [], audit: [] };
  for (let i = 0; i < runs; i++) {
    times.list.push(time(list));
    times.audit.push(time(audit));
    times.json.push(time(json));
  }
  const [listed, audited, printed] = [median(times.list), median(times.audit), median(times.json)];
  console.log(`${LISTENERS} listeners, ${ENTRIES} entries, ${runs} paired runs, medians`);
  console.log(`listing         ${listed.toFixed(0)} ms`);
  console.log(`listing, --json ${printed.toFixed(0)} ms`);
  console.log(
    `audit           ${audited.toFixed(0)} ms, ${(audited / listed).toFixed(2)} x the listing`,
  );
} finally {
  for (const holder of holders) {
    holder.stdin.end();
    await holder.exited;
  }
  await netns.stop();
  rmSync(folder, { recursive: true });
}
