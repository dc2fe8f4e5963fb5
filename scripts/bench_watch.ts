/**
 * What `sockeye watch` costs, and how soon `sockeye wait` is back; run by `scripts/bench --watch` in a network namespace of its own.
 *
 * The CPU time of a sender over loopback is measured without a watch, with programs that do nothing on the hooks that it takes, and
 * with a watch, in alternation. The programs that do nothing are the floor: what the kernel asks for being asked.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BPF_PROG_TYPE_CGROUP_SOCK_ADDR } from "../ffi/bpf.ts";
import { AT_FDCWD, close, O_DIRECTORY, O_RDONLY, tryOpenAt } from "../ffi/files.ts";
import { cString } from "../ffi/memory.ts";
import { attachHook, tracepointType } from "../src/bpf/attachment.ts";
import { exit, moveImmediate, R0 } from "../src/bpf/instruction.ts";
import { probeTypes } from "../src/bpf/probe.ts";
import { ATTACH } from "../src/events/kernel/uapi.ts";
import { cgroup2Mount } from "../src/origin/cgroup_paths.ts";
import { readMountinfo } from "../src/proc/mountinfo.ts";
import { ProcRoot } from "../src/proc/root.ts";

const root = join(import.meta.dir, "..");
const sockeye = join(root, "dist/sockeye");
const ROUNDS = Number(process.argv[2] ?? 11);
const SENDS = 200_000;
const PORT = 9;
const FILTER = `udp and dport ${PORT}`;
/** Sends a second that the targets are about, and the targets. */
const RATE = 100_000;
const MOST_OF_A_CORE = 3;
const MOST_SLOWER = 3;
const MOST_WAIT_MS = 20;

const folder = mkdtempSync(join(tmpdir(), "sockeye-bench-"));
const traffic = join(folder, "traffic");

function run(words: readonly string[]) {
  const ran = Bun.spawnSync([...words], { stdin: "ignore", stderr: "inherit" });
  if (ran.exitCode !== 0) throw new Error(`${words.join(" ")} ended with status ${ran.exitCode}`);
  const { cpuTime } = ran.resourceUsage;
  return { text: ran.stdout.toString(), cpuNs: Number(cpuTime.total) * 1000 };
}

/** A watch that is ready; what it tells is read and dropped. */
async function startWatch(filter: string | null) {
  const watch = Bun.spawn([sockeye, "watch", "--json", ...(filter === null ? [] : [filter])], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  const reader = watch.stdout.getReader();
  await reader.read();
  let bytes = 0;
  let events = 0;
  const drained = (async () => {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      bytes += part.value.length;
      for (const byte of part.value) if (byte === 10) events++;
    }
  })();
  return {
    pid: watch.pid,
    told: () => events,
    /** User and system time so far. */
    cpuNs() {
      const words = readFileSync(`/proc/${watch.pid}/stat`, "latin1").split(") ")[1]!.split(" ");
      return (Number(words[11]) + Number(words[12])) * 1e7;
    },
    async stop() {
      watch.kill("SIGINT");
      await watch.exited;
      await drained;
      return bytes;
    },
  };
}

/** Programs that do nothing on the two hooks that a datagram passes. Returns how to take them off. */
function attachNothing(): () => void {
  const cgroup = tryOpenAt(
    AT_FDCWD,
    cString(cgroup2Mount(readMountinfo(new ProcRoot()))!),
    O_RDONLY | O_DIRECTORY,
  );
  const tracepoint = "sock_send_length";
  const links = probeTypes(
    (btf) => {
      const made = [
        attachHook(
          {
            name: "sockeye_none4",
            code: [moveImmediate(R0, 1), exit()],
            since: "5.7",
            on: { programType: BPF_PROG_TYPE_CGROUP_SOCK_ADDR, attachType: ATTACH.udp4Sendmsg },
          },
          btf,
          cgroup,
        ),
        attachHook(
          {
            name: "sockeye_none",
            code: [moveImmediate(R0, 0), exit()],
            since: "6.3",
            on: { tracepoint },
          },
          btf,
          cgroup,
        ),
      ];
      return {
        ok: true,
        value: made.map((link) => {
          if (!link.ok) throw new Error(link.reason);
          return link.value;
        }),
      };
    },
    undefined,
    [tracepointType(tracepoint)],
  );
  close(cgroup);
  if (!links.ok) throw new Error(links.reason);
  return () => links.value.forEach((link) => close(link));
}

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[values.length >> 1]!;
const verdict = (value: number, most: number, unit: string) =>
  `≤ ${most} ${unit}${value > most ? " (missed)" : ""}`;

try {
  run(["cc", "-O1", "-o", traffic, join(root, "test/support/watch_traffic.c")]);
  const send = () => run([traffic, "repeat", String(SENDS), String(PORT)]).cpuNs / SENDS;
  const costs = { none: [] as number[], empty: [] as number[], watch: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    const one = {
      none: () => send(),
      empty: () => {
        const detach = attachNothing();
        try {
          return send();
        } finally {
          detach();
        }
      },
      watch: async () => {
        const watch = await startWatch(FILTER);
        try {
          return send();
        } finally {
          await watch.stop();
        }
      },
    };
    const kinds = ["none", "empty", "watch"] as const;
    for (let i = 0; i < kinds.length; i++) {
      const kind = kinds[(i + round) % kinds.length]!;
      costs[kind].push(await one[kind]());
    }
  }
  const more = (kind: "empty" | "watch") => median(costs[kind].map((ns, i) => ns - costs.none[i]!));
  const alone = median(costs.none);
  const [floor, watched] = [more("empty"), more("watch")];
  const percent = (ns: number) => 100 * ns / alone;
  const ofCore = (ns: number) => ns * RATE / 1e7;

  // What the programs themselves take, by the kernel's own statistics, which count some 50 ns for a program that does nothing.
  const statistics: string[] = [];
  const counted = await startWatch(FILTER);
  const script = join(root, "test/support/bpf_programs.py");
  for (
    const line of run(["python3", script, traffic, "repeat", String(SENDS), String(PORT)]).text
      .trimEnd().split("\n")
  ) {
    const [name, runs, ns] = line.split(" ");
    if (Number(runs) >= SENDS / 2) {
      statistics.push(`${name} ${Math.round(Number(ns) / Number(runs))} ns`);
    }
  }
  // The process beside a sender at the rate of the target.
  const before = counted.cpuNs();
  const seconds = 5;
  const took = Number(
    run([traffic, "paced", String(RATE * seconds), String(PORT), String(RATE)]).text,
  );
  const beside = (counted.cpuNs() - before) / (took * 1e6) * 100;
  await counted.stop();

  const flood = await startWatch(FILTER);
  const start = flood.cpuNs();
  // One datagram a socket, so that each is told.
  const FLOOD = 20_000;
  for (let i = 0; i < 10; i++) run([traffic, "flood", String(FLOOD / 10), String(PORT)]);
  await Bun.sleep(1000);
  const perEvent = (flood.cpuNs() - start) / flood.told() / 1000;
  await flood.stop();

  const waits: number[] = [];
  for (let i = 0; i < 5; i++) {
    const words = run([traffic, "waited", "8999", "2000", sockeye, "wait", "8999"]).text.split(" ");
    if (words[0] !== "0") throw new Error(`wait ended with status ${words[0]}`);
    waits.push(Number(words[1]) / 1000);
  }

  const rows = [
    ["what", "measured", "target"],
    ["---", "---", "---"],
    ["CPU time of a datagram over loopback, without", `${alone.toFixed(0)} ns`, ""],
    [
      "more with programs that do nothing (the floor)",
      `${floor.toFixed(0)} ns, ${percent(floor).toFixed(1)} %`,
      "",
    ],
    [
      `more with \`sockeye watch '${FILTER}'\``,
      `${watched.toFixed(0)} ns, ${percent(watched).toFixed(1)} %`,
      verdict(percent(watched), MOST_SLOWER, "%"),
    ],
    [
      "of a core at 100,000 datagrams a second, in the kernel",
      `${ofCore(watched).toFixed(1)} %, of which the floor ${ofCore(floor).toFixed(1)} %`,
      verdict(ofCore(watched), MOST_OF_A_CORE, "%"),
    ],
    ["the same, of the process that watches", `${beside.toFixed(1)} %`, ""],
    ["programs, by the kernel's statistics", statistics.join(", "), ""],
    ["CPU time of the process for an event that is told", `${perEvent.toFixed(0)} µs`, ""],
    [
      "`sockeye wait` is back after listen(2), median of 5",
      `${median(waits).toFixed(1)} ms`,
      verdict(median(waits), MOST_WAIT_MS, "ms"),
    ],
  ];
  for (const row of rows) console.log(`| ${row.join(" | ")} |`);
} finally {
  rmSync(folder, { recursive: true });
}
