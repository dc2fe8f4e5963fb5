import { expect } from "bun:test";
import { probePermission } from "../../../src/bpf/probe.ts";
import type { KernelRecord } from "../../../src/events/kernel/decode.ts";
import { KIND } from "../../../src/events/kernel/record.ts";
import { KernelWatch } from "../../../src/events/kernel/watch.ts";
import { parseFilter } from "../../../src/filter/mod.ts";
import { latin1Text } from "../../../src/text/encoding.ts";
import { describeIf, skip, testIf } from "../../support/skip.ts";

const permission = probePermission();
const rungs = ["all", "tracepoints", "cgroup"] as const;

function open(rung: typeof rungs[number], filter: string | null = null, ringSize?: number) {
  const opened = KernelWatch.open({
    rung,
    filter: filter === null ? null : parseFilter(filter),
    ...(ringSize === undefined ? {} : { ringSize }),
  });
  // Hooks of control groups are not everywhere; the programs themselves are tested apart.
  if (!opened.ok) skip(opened.reason);
  return opened.value;
}

/** Sends datagrams from a process of its own, which is gone when this returns. Returns its ID. */
function sendFromElsewhere(port: number, count: number, address = "127.0.0.1"): number {
  const script = "import socket, sys\n" +
    "s = socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)\n" +
    "for i in range(int(sys.argv[3])): s.sendto(b'x' * 10, (sys.argv[1], int(sys.argv[2])))\n";
  const ran = Bun.spawnSync(["python3", "-c", script, address, String(port), String(count)], {
    stdin: "ignore",
  });
  expect(ran.exitCode).toBe(0);
  return ran.pid;
}

function records(watch: KernelWatch): KernelRecord[] {
  const found: KernelRecord[] = [];
  watch.drain((record) => found.push(record));
  return found;
}

const python = Bun.which("python3") === null ? "there is no python3" : null;

describeIf(permission.ok ? null : permission.reason, "KernelWatch", () => {
  for (const rung of rungs) {
    testIf(python, `names who sent a datagram where to: ${rung}`, () => {
      using watch = open(rung, "udp and dport 7");
      expect(watch.missing).toEqual([]);
      // Nobody is there: the second send fails, and is one all the same.
      const pid = sendFromElsewhere(7, 3);
      const sends = records(watch).filter(({ kind }) => kind === KIND.send);
      expect(sends.filter(({ process }) => process?.pid === pid)).toMatchObject([{
        peer: { text: "127.0.0.1", port: 7 },
        protocol: 17,
        bytesSent: rung === "cgroup" ? 0 : 10,
      }]);
      // The first destination of a socket is counted in a slot, where that program is.
      const { flow, cookie } = sends.find(({ process }) => process?.pid === pid)!;
      const counts = "slot" in flow!
        ? watch.maps.slot(flow.slot, cookie!)
        : watch.maps.flow(flow!.key);
      expect(counts?.[0]).toBe(3);
      expect("slot" in flow!).toBe(rung === "all");
    }, 60_000);
  }

  testIf(python, "knows the arguments of a process that is gone, and its parent", () => {
    using watch = open("all", "udp and dport 7");
    const pid = sendFromElsewhere(7, 1);
    const execs = records(watch).filter(({ kind, process }) =>
      kind === KIND.exec && process?.pid === pid
    );
    const args = latin1Text(execs.at(-1)!.process!.arguments!).split("\0");
    expect(args.slice(-4)).toEqual(["127.0.0.1", "7", "1", ""]);
    expect(execs.at(-1)!.process!.ppid).toBe(process.pid);
    // The environment lies right behind them in memory.
    expect(args.some((text) => text.startsWith("PATH="))).toBe(false);
  }, 60_000);

  testIf(python, "counts exactly what found no room in the ring", () => {
    using watch = open("all", "udp and dport 7", 64 * 1024);
    // Each has a socket of its own, so that each is told.
    const script = "import socket\n" +
      "for i in range(2000):\n" +
      "  s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n" +
      "  s.sendto(b'x', ('127.0.0.1', 7)); s.close()\n";
    const ran = Bun.spawnSync(["python3", "-c", script], { stdin: "ignore" });
    expect(ran.exitCode).toBe(0);
    const read = records(watch).filter(({ kind, process }) =>
      kind === KIND.send && process?.pid === ran.pid
    ).length;
    const lost = watch.lost()[KIND.send]!;
    expect(read + lost).toBe(2000);
    expect(lost).toBeGreaterThan(1000);
  }, 60_000);
});
