import { expect, test } from "bun:test";
import { join } from "node:path";
import { probePermission } from "../../src/bpf/probe.ts";
import { KernelSource } from "../../src/events/kernel_source.ts";
import { ProcRoot } from "../../src/proc/root.ts";
import { Lines } from "../support/lines.ts";
import { namespaceReason, withNamespace } from "../support/netns.ts";
import { output } from "../support/run.ts";
import { describeIf, firstReason, skip, testIf } from "../support/skip.ts";
import { SOCKEYE, sockeye } from "../support/sockeye.ts";
import {
  traffic,
  trafficProgram,
  trafficReason,
  Watching,
  type WatchLine,
} from "../support/watching.ts";

function kernelReason(): string | null {
  const permission = probePermission();
  if (!permission.ok) return permission.reason;
  const opened = KernelSource.open("all", null, new ProcRoot());
  if (!opened.ok) return opened.reason;
  opened.value[Symbol.dispose]();
  return null;
}

const namespaces = namespaceReason();
const strace = Bun.which("strace") === null ? "there is no strace program" : null;
const kernel = firstReason(namespaces, trafficReason()) ?? kernelReason();

const python = Bun.which("python3") === null ? "there is no python3" : null;

const pidOf = ({ process }: WatchLine) => process?.pid;

describeIf(kernel, "sockeye watch", () => {
  test(
    "names every one of 500 processes that live for one datagram, with arguments and destination",
    async () => {
      await withNamespace(async (netns) => {
        await using watching = await Watching.start(netns, ["udp", "and", "dst", "127.0.0.1:7"]);
        const sent = await traffic(netns, "oneshot", 500, 7);
        await watching.until(() =>
          watching.lines.filter(({ event }) => event === "send").length >= 500
        );
        const { status } = await watching.stop();
        expect(status).toBe(0);
        const told = watching.lines.filter(({ event }) => event === "send");
        expect(told.map((line) => [String(pidOf(line)), String(line.bytes_sent)])).toEqual(sent);
        const path = await trafficProgram();
        for (const line of told) {
          expect(line).toMatchObject({ how: "hook", peer: { address: "127.0.0.1", port: 7 } });
          expect(line.process).toMatchObject({
            comm: "watch_traffic",
            exe: path,
            cmdline: [path, "oneshot", "500", "7"],
          });
        }
        expect(watching.lines.filter(({ event }) => event === "lost")).toEqual([]);
      });
    },
    120_000,
  );

  test(
    "tells both ends of 500 short connections, with the right processes and every byte",
    async () => {
      await withNamespace(async (netns) => {
        await using watching = await Watching.start(netns, ["tcp"]);
        const [[client, server, port], ...connections] = await traffic(netns, "tcp", 500) as [
          [string, string, string],
          ...[string, string, string, string][],
        ];
        const isConnection = ({ peer }: WatchLine) => peer !== null;
        await watching.until(() =>
          watching.lines.filter((line) => line.event === "close" && isConnection(line)).length >=
            1000
        );
        await watching.stop();
        const of = (event: string, end: "local" | "peer") =>
          new Map(
            watching.lines.filter((line) =>
              line.event === event && line[end] !== null &&
              line[end === "local" ? "peer" : "local"]?.port === Number(port)
            ).map((line) => [String(line[end]!.port), line]),
          );
        const [connects, accepts] = [of("connect", "local"), of("accept", "peer")];
        const [closes, others] = [of("close", "local"), of("close", "peer")];
        for (const [mine, sent, received, end] of connections) {
          const by = [connects, accepts, closes, others].map((map) =>
            String(pidOf(map.get(mine)!))
          );
          expect(by).toEqual([client!, server!, client!, server!]);
          expect(connects.get(mine)).toMatchObject({ outcome: "established", how: "hook" });
          expect(closes.get(mine)).toMatchObject({
            bytes_sent: Number(sent),
            bytes_received: Number(received),
            reason: end,
          });
          expect(others.get(mine)).toMatchObject({
            bytes_sent: Number(received),
            bytes_received: Number(sent),
            reason: end,
          });
          expect(closes.get(mine)!.duration_ms).toBeGreaterThan(0);
        }
        // Half of them asked for the peer's address, and the others wrote or read soon.
        const hows = new Set([...accepts.values()].map(({ how }) => how));
        expect([...hows].sort()).toEqual(["first-io", "hook"]);
      });
    },
    120_000,
  );

  test("names the worker that accepted, of several that share a listener", async () => {
    await withNamespace(async (netns) => {
      await using watching = await Watching.start(netns, ["tcp"]);
      const connections = await traffic(netns, "prefork", 4, 100) as [string, string][];
      const accepts = () => watching.lines.filter(({ event }) => event === "accept");
      await watching.until(() => accepts().length >= 100);
      await watching.stop();
      const told = new Map(accepts().map((line) => [String(line.peer!.port), String(pidOf(line))]));
      expect([...told].sort()).toEqual(connections.sort());
    });
  }, 120_000);

  test(
    "tells of refused connects, sendfile, sendmmsg, connected and mapped datagrams, unix sockets and ping",
    async () => {
      await withNamespace(async (netns) => {
        await using watching = await Watching.start(netns, []);
        const lines = await traffic(netns, "kinds");
        const printed = new Map(lines.map(([name, value]) => [name!, value!]));
        const self = Number(printed.get("self"));
        const mine = () => watching.lines.filter((line) => pidOf(line) === self);
        // The last thing it does.
        await watching.until(() =>
          mine().some((line) => line.event === "close" && line.transport === "raw")
        );
        await watching.stop();
        const find = (event: string, wanted: object) =>
          expect(mine().filter((line) => line.event === event)).toContainEqual(
            expect.objectContaining(wanted),
          );
        const at = (port: number, address = "127.0.0.1") =>
          expect.objectContaining({ address, port });
        find("connect", { peer: at(1), outcome: "failed", error: "ECONNREFUSED" });
        const sendfile = Number(printed.get("sendfile"));
        find("close", { local: at(sendfile), bytes_sent: 100_000, bytes_received: 0 });
        find("close", { peer: at(sendfile), bytes_sent: 0, bytes_received: 100_000 });
        for (const port of [4000, 4001, 4002]) find("send", { peer: at(port), bytes_sent: 10 });
        find("connect", { transport: "udp", peer: at(4010), outcome: "unknown" });
        find("send", { transport: "udp", peer: at(4010), bytes_sent: 3 });
        find("send", { family: "inet6", peer: at(4020, "::ffff:127.0.0.1"), bytes_sent: 6 });
        find("send", { family: "inet6", peer: at(4021, "::1"), bytes_sent: 3 });
        const name = printed.get("unix")!;
        find("connect", { transport: "stream", peer: expect.objectContaining({ name }) });
        find("accept", { transport: "stream", local: expect.objectContaining({ name }) });
        find("send", {
          transport: "dgram",
          peer: expect.objectContaining({ name: `d${name.slice(1)}` }),
        });
        find("send", { transport: "raw", peer: at(0, "127.0.0.9"), bytes_sent: 8 });
        // Whoever did these things was started before it did them.
        expect(watching.lines.filter((line) => line.event === "exec" && pidOf(line) === self))
          .toHaveLength(1);
      });
    },
    120_000,
  );

  test(
    "counts what goes on in the kernel, so that a fast sender is two events and not 200,000",
    async () => {
      await withNamespace(async (netns) => {
        await using watching = await Watching.start(netns, ["udp and dport 9"]);
        const [[pid]] = await traffic(netns, "repeat", 200_000, 9) as [[string, string]];
        const sends = () =>
          watching.lines.filter((line) => line.event === "send" && pidOf(line) === Number(pid));
        const total = () => sends().reduce((sum, { datagrams }) => sum + datagrams!, 0);
        await watching.until(() => total() >= 200_000);
        await watching.stop();
        expect(total()).toBe(200_000);
        expect(sends().reduce((sum, { bytes_sent }) => sum + bytes_sent!, 0)).toBe(2_000_000);
        expect(sends().length).toBeLessThan(60);
      });
    },
    120_000,
  );

  test("tells exactly how much a reader that stalls has missed", async () => {
    await withNamespace(async (netns) => {
      await using watching = await Watching.start(netns, [
        "--require-complete",
        "udp",
        "and",
        "dport",
        "7",
      ]);
      // Nobody reads meanwhile, so the pipe fills, then the ring, and then the kernel counts.
      const [[pid, count]] = await traffic(netns, "flood", 40_000, 7) as [[string, string]];
      await watching.until(() => watching.lines.some(({ event }) => event === "lost"));
      const { status, stderr } = await watching.stop();
      const told = watching.lines.filter((line) =>
        line.event === "send" && pidOf(line) === Number(pid)
      ).length;
      const lost = watching.lines.filter(({ event }) => event === "lost")
        .reduce((sum, { of }) => sum + (of.send ?? 0), 0);
      expect(told + lost).toBe(Number(count));
      expect(lost).toBeGreaterThan(0);
      expect(status).toBe(3);
      expect(stderr).toContain("lost");
    });
  }, 120_000);

  test(
    "leaves the traffic of others alone while it starts, runs, is stopped and is killed, and nothing in the kernel",
    async () => {
      await withNamespace(async (netns) => {
        const exchange = Bun.spawn(netns.command([await trafficProgram(), "exchange", "10000"]), {
          stdin: "pipe",
          stdout: "pipe",
          stderr: "pipe",
        });
        const script = join(import.meta.dir, "../support/bpf_programs.py");
        const programs = async () =>
          new Set((await output(["python3", script])).trimEnd().split("\n").filter((line) => line));
        try {
          for (let i = 0; i < 2; i++) {
            const before = await programs();
            await using watching = await Watching.start(netns, []);
            const ours = [...await programs()].filter((line) => !before.has(line));
            expect(ours.length).toBeGreaterThan(10);
            watching.process.kill("SIGSTOP");
            await Bun.sleep(300);
            watching.process.kill("SIGKILL");
            await watching.process.exited;
            // The kernel gives programs back a moment after their last descriptor is closed.
            for (;;) {
              const left = await programs();
              if (!ours.some((line) => left.has(line))) break;
              await Bun.sleep(50);
            }
          }
        } finally {
          exchange.stdin.end();
        }
        const [count, stderr, status] = await Promise.all([
          new Response(exchange.stdout).text(),
          new Response(exchange.stderr).text(),
          exchange.exited,
        ]);
        expect(stderr).toBe("");
        expect(status).toBe(0);
        expect(Number(count)).toBeGreaterThanOrEqual(10_000);
      });
    },
    120_000,
  );

  test(
    "ends by itself after a time and after a number of events, and quietly when its reader is gone",
    async () => {
      await withNamespace(async (netns) => {
        const timed = sockeye(["watch", "--own-netns", "--for", "300ms"], { netns });
        expect(timed.status).toBe(0);
        expect(timed.stderr).toContain("nothing happened in");
        await using counted = await Watching.start(netns, ["--count", "2", "udp"]);
        await traffic(netns, "oneshot", 5, 7);
        await counted.until(() => counted.lines.length >= 2);
        expect(await counted.process.exited).toBe(0);
        const head = Bun.spawn(
          netns.command(["sh", "-c", `${SOCKEYE} watch --own-netns | head -n 1`]),
          { stdin: "ignore", stdout: "pipe", stderr: "pipe" },
        );
        // It notices without an event.
        expect(await head.exited).toBe(0);
        expect(await new Response(head.stderr).text()).toBe("");
        expect(await new Response(head.stdout).text()).toStartWith("TIME");
      });
    },
    120_000,
  );

  test("sums up who had to do with whom", async () => {
    await withNamespace(async (netns) => {
      const watching = Bun.spawn(
        netns.command([SOCKEYE, "watch", "--own-netns", "--summary", "--for", "8s", "udp"]),
        { stdin: "ignore", stdout: "pipe", stderr: "pipe" },
      );
      // It is ready at some time; whoever sends every tenth of a second is seen.
      let sending = true;
      const sender = (async () => {
        while (sending) {
          await traffic(netns, "oneshot", 3, 7);
          await Bun.sleep(100);
        }
      })();
      const stdout = await new Response(watching.stdout).text();
      sending = false;
      await sender;
      const rows = stdout.trimEnd().split("\n");
      expect(rows[0]).toMatch(/^PROCESS +USER +PROTO +PEER +COUNT +FAILED +SENT +RECEIVED$/);
      expect(rows[1]).toMatch(
        /^watch_traffic\(\d+ processes\) +root +udp +to +127\.0\.0\.1:7 +\d+ +- +\d+ +0$/,
      );
      expect(rows).toHaveLength(2);
    });
  }, 120_000);

  testIf(
    python,
    "sums up as JSON, with what connections have moved that are still open",
    async () => {
      await withNamespace(async (netns) => {
        // One is there before the watch, one is made during it; both are open at its end.
        const script = [
          "import socket, sys",
          "l = socket.socket(); l.bind(('127.0.0.1', 0)); l.listen()",
          "def pair(): c = socket.create_connection(l.getsockname()); return c, l.accept()[0]",
          "c, s = pair(); c.sendall(b'x' * 5000); s.recv(5000, socket.MSG_WAITALL)",
          "print('there', flush=True); sys.stdin.readline()",
          "c.sendall(b'y' * 70); s.recv(70, socket.MSG_WAITALL)",
          "d, t = pair(); d.sendall(b'z' * 600); t.recv(600, socket.MSG_WAITALL)",
          "print('moved', flush=True); sys.stdin.readline()",
        ].join("\n");
        const peer = Bun.spawn(netns.command(["python3", "-c", script]), {
          stdin: "pipe",
          stdout: "pipe",
          stderr: "inherit",
        });
        try {
          const said = new Lines(peer.stdout);
          expect(await said.next()).toBe("there");
          await using watching = await Watching.start(netns, ["--summary", "tcp"]);
          peer.stdin.write("\n");
          await peer.stdin.flush();
          expect(await said.next()).toBe("moved");
          await watching.stop();
          const summary = watching.lines.at(-1) as unknown as {
            readonly exchanges: readonly Record<string, unknown>[];
          };
          expect(watching.lines).toHaveLength(1);
          expect(summary).toMatchObject({ event: "summary", lost: 0, counts: { accept: 1 } });
          const moved = summary.exchanges.map((row) => [
            row.direction,
            row.connections,
            row.open,
            row.bytes_sent,
            row.bytes_received,
          ]);
          // Both came in from the same address, and went to the same port.
          expect(moved.sort()).toEqual([["from", 2, 2, 0, 670], ["to", 2, 2, 670, 0]]);
        } finally {
          peer.kill();
        }
      });
    },
    120_000,
  );
});

describeIf(
  firstReason(
    namespaces,
    trafficReason(),
    Bun.which("setpriv") === null ? "there is no setpriv" : null,
  ) ??
    (process.getuid?.() === 0 ? null : "this is not root"),
  "sockeye watch, with fewer capabilities",
  () => {
    const with_ = (...capabilities: string[]) => {
      const set = ["-all", ...capabilities.map((name) => `+${name}`)].join(",");
      return [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        `--inh-caps=${set}`,
        `--ambient-caps=${set}`,
        "--",
      ];
    };

    testIf(kernel, "sees by tracepoints alone with bpf and perfmon", async () => {
      await withNamespace(async (netns) => {
        await using watching = await Watching.start(netns, [], with_("bpf", "perfmon"));
        expect(watching.header.rung).toBe("tracepoints");
        expect(watching.header.unseen).toContain("open and bind");
        const [[pid]] = await traffic(netns, "oneshot", 3, 7) as [[string]];
        const [[client, server]] = await traffic(netns, "tcp", 4) as [[string, string]];
        await watching.until(() =>
          watching.lines.filter(({ event }) => event === "close").length >= 8
        );
        await watching.stop();
        const sends = watching.lines.filter((line) =>
          line.event === "send" && String(pidOf(line)) === pid
        );
        expect(sends).toMatchObject([{ peer: { address: "127.0.0.1", port: 7 }, bytes_sent: 1 }]);
        const by = (event: string, pid: string) =>
          watching.lines.filter((line) => line.event === event && String(pidOf(line)) === pid)
            .length;
        expect([by("connect", client), by("accept", server)]).toEqual([4, 4]);
        expect(watching.lines.some(({ event }) => event === "open")).toBe(false);
      });
    }, 120_000);

    testIf(kernel, "sees by hooks alone with bpf and net_admin", async () => {
      await withNamespace(async (netns) => {
        await using watching = await Watching.start(netns, ["udp"], with_("bpf", "net_admin"));
        expect(watching.header.rung).toBe("cgroup");
        const [[pid]] = await traffic(netns, "oneshot", 3, 7) as [[string]];
        const mine = () => watching.lines.filter((line) => String(pidOf(line)) === pid);
        await watching.until(() => mine().some(({ event }) => event === "close"));
        await watching.stop();
        expect(mine().map(({ event }) => event)).toEqual(["open", "send", "close"]);
        // How long the datagram is nothing tells.
        expect(mine()[1]).toMatchObject({ peer: { port: 7 }, bytes_sent: null });
      });
    }, 120_000);

    testIf(trafficReason(), "sees by samples of tracepoints with perfmon alone", async () => {
      await withNamespace(async (netns) => {
        // Without tracefs there is nothing to sample; it is mounted for this watch alone.
        const mounted = ["unshare", "-m", "sh", "-c"];
        mounted.push('mount -t tracefs tracefs /sys/kernel/tracing && exec "$@"', "sh");
        const trial = Bun.spawnSync([...mounted, "true"], { stderr: "ignore" });
        if (!trial.success) skip("tracefs cannot be mounted");
        const before = [...mounted, ...with_("perfmon", "dac_read_search", "sys_ptrace")];
        // The namespace of a process that is gone at once is not known.
        await using watching = await Watching.start(netns, ["udp or tcp"], before, false);
        expect(watching.header.rung).toBe("perf");
        expect(watching.header.unseen).toContain("which process accepts");
        const [[pid]] = await traffic(netns, "repeat", 300, 7) as [[string]];
        const [[client], ...connections] = await traffic(netns, "tcp", 4) as [
          [string],
          ...[string, string, string, string][],
        ];
        const of = (event: string, by: string) =>
          watching.lines.filter((line) => line.event === event && String(pidOf(line)) === by);
        const count = () => of("send", pid).reduce((sum, { datagrams }) => sum + datagrams!, 0);
        await watching.until(() => count() >= 300 && of("close", client).length >= 4);
        await watching.stop();
        expect(of("send", pid)[0]).toMatchObject({
          how: "hook",
          cookie: null,
          datagrams: 1,
          bytes_sent: 10,
          peer: { address: "127.0.0.1", port: 7 },
          process: { comm: "watch_traffic", exe: await trafficProgram() },
        });
        expect(count()).toBe(300);
        expect(of("connect", client)).toHaveLength(4);
        const ends = of("close", client).filter(({ peer }) => peer !== null)
          .map(({ local, reason }) => [String(local!.port), reason]);
        expect(ends.sort()).toEqual(
          connections.map((words) => [words[0]!, words[3]!]).sort(),
        );
      });
    }, 120_000);

    test("hears of ends and looks ten times a second without any", async () => {
      await withNamespace(async (netns) => {
        await using watching = await Watching.start(netns, ["tcp"], with_());
        expect(watching.header.rung).toBe("destroy");
        expect(watching.header.reasons.length).toBeGreaterThan(2);
        const connections = await traffic(netns, "tcp", 6) as string[][];
        const [, ...ends] = connections;
        // Of those that were reset the kernel tells zeros, which are no facts.
        const inOrder = ends.filter(([, , , end]) => end === "fin");
        const closed = () => watching.lines.filter(({ event }) => event === "close");
        await watching.until(() =>
          inOrder.every(([port]) => closed().some(({ local }) => String(local?.port) === port))
        );
        await watching.stop();
        for (const [port, sent] of inOrder) {
          const [line] = closed().filter(({ local }) => String(local?.port) === port);
          expect(line).toMatchObject({ process: null, bytes_sent: Number(sent) });
        }
        expect(closed().every(({ peer }) => peer?.port !== 0)).toBe(true);
      });
    }, 120_000);

    test("looks ten times a second where it is asked to", async () => {
      await withNamespace(async (netns) => {
        await using watching = await Watching.start(netns, ["--source", "scan", "--listen"]);
        expect(watching.header.rung).toBe("scan");
        const server = Bun.spawn(
          netns.command([
            "python3",
            "-c",
            "import socket,sys\ns=socket.socket()\ns.bind(('127.0.0.1',8123))\ns.listen(3)\nsys.stdin.read()",
          ]),
          { stdin: "pipe", stdout: "ignore", stderr: "inherit" },
        );
        try {
          await watching.until(() => watching.lines.length > 0);
        } finally {
          server.stdin.end();
          await server.exited;
        }
        await watching.until(() => watching.lines.length > 1);
        await watching.stop();
        expect(watching.lines).toMatchObject([
          {
            event: "listen",
            local: { port: 8123 },
            process: { pid: server.pid },
            how: "owner-pass",
          },
          { event: "close", local: { port: 8123 }, process: { pid: server.pid } },
        ]);
      });
    }, 120_000);

    testIf(strace, "a scan that could not read a table tells nothing as closed", async () => {
      await withNamespace(async (netns) => {
        const server = Bun.spawn(
          netns.command([
            "python3",
            "-c",
            "import socket\ns=socket.create_server(('127.0.0.1',8123))\nprint(flush=True)\ninput()",
          ]),
          { stdin: "pipe", stdout: "pipe", stderr: "inherit" },
        );
        try {
          await server.stdout.getReader().read();
          // Every seventh request fails: /proc answers instead, where a socket has no cookie.
          const failing = [
            ...["strace", "-D", "-f", "-qq", "-o", "/dev/null", "--seccomp-bpf"],
            ...["-e", "trace=sendmsg", "-e", "inject=sendmsg:error=ENOMEM:when=41+7"],
          ];
          await using watching = await Watching.start(netns, ["--source", "scan"], failing);
          const lost = () => watching.lines.filter(({ event }) => event === "lost");
          await watching.until(() => lost().length >= 2);
          await watching.stop();
          expect(watching.lines.filter(({ event }) => event !== "lost")).toEqual([]);
          expect(lost()[0]).toMatchObject({ count: 1, of: { scan: 1 } });
        } finally {
          server.kill();
          await server.exited;
        }
      });
    }, 240_000);
  },
);
