/**
 * Published ports from the side of the machine that publishes them, on real rules and namespaces.
 */
import { expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pythonReason } from "../support/factory.ts";
import { firstLine } from "../support/lines.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { addDnatRule } from "../support/nftables.ts";
import { describeIf, firstReason, testIf } from "../support/skip.ts";
import { expectValid, sockeye } from "../support/sockeye.ts";

const reason = firstReason(namespaceReason(), pythonReason());

// deno-lint-ignore no-explicit-any -- the tests say what is in there.
type Json = any;

/** Asks in a namespace. Returns the status and the one explanation. */
function ask(netns: Namespace, ...words: string[]): { status: number; answer: Json } {
  const { status, stdout, stderr } = sockeye(["explain", ...words, "--json"], { netns });
  if (stdout === "") throw new Error(stderr);
  const document = JSON.parse(stdout);
  expectValid(document);
  return { status, answer: document.explanations[0] };
}

/** Runs Python in a namespace until it has said a line. */
async function python(netns: Namespace, code: string) {
  const child = Bun.spawn(netns.command(["python3", "-c", code]), {
    stdin: "pipe",
    stdout: "pipe",
  });
  const line = await firstLine(child.stdout);
  return {
    pid: child.pid,
    said: line,
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await child.exited;
    },
  };
}

const listener = (address: string, port: number) => `
import socket, sys
server = socket.create_server((${JSON.stringify(address)}, ${port}))
print("up", flush=True)
sys.stdin.read()
`;

const SET_OF_PORTS =
  "ipset create ports bitmap:port range 8000-8100 && ipset add ports 8080 && iptables-legacy -t nat -A PREROUTING" +
  " -p tcp -m set --match-set ports dst -j DNAT --to-destination 10.1.0.2:80";

/** Why no rule by a set can be made here: programs and kernel modules. */
function setsReason(): string | null {
  if (reason !== null) return reason;
  const made = Bun.spawnSync(["unshare", "-n", "sh", "-c", SET_OF_PORTS], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  return made.success ? null : `no rule by a set can be made: ${made.stderr.toString().trim()}`;
}

/** A machine with a bridge's address, and a container with one service. */
async function withContainer(
  check: (outer: Namespace, inner: Namespace, pid: number) => void | Promise<void>,
) {
  await using outer = await Namespace.create();
  await using inner = await Namespace.create();
  await outer.connect(inner, { addresses: ["10.1.0.1/24", "10.1.0.2/24"] });
  await using server = await python(inner, listener("0.0.0.0", 80));
  await check(outer, inner, server.pid);
}

describeIf(reason, "a published port", () => {
  test("without any proxy leads through the rule to the process in the container", async () => {
    await withContainer((outer, inner, pid) => {
      addDnatRule(outer, 8080, [10, 1, 0, 2], 80);
      const { status, answer } = ask(outer, "8080");
      expect(status).toBe(0);
      expect(answer.subjects).toEqual([]);
      expect(answer.forwards).toMatchObject([{
        via: "nftables",
        address: "10.1.0.2",
        port: 80,
        fate: "served",
        // Another program that looks at sockets may hold a copy just now.
        pids: expect.arrayContaining([pid]),
        netns: { inode: inner.inode },
      }]);
      const text = sockeye(["8080"], { netns: outer });
      expect(text.status).toBe(0);
      expect(text.stdout).toContain(`forwards to 10.1.0.2:80 → python3 (${pid})`);
      // Another port is not, and another transport neither.
      expect(ask(outer, "8081").answer.forwards).toEqual([]);
      expect(ask(outer, "udp:8080").answer.forwards).toEqual([]);
    });
  });

  test("whose container does not listen, or is not there, says so", async () => {
    await withContainer((outer) => {
      addDnatRule(outer, 8080, [10, 1, 0, 2], 81);
      expect(ask(outer, "8080").answer.forwards).toMatchObject([{ fate: "silent", pids: [] }]);
    });
    await withContainer((outer) => {
      addDnatRule(outer, 8080, [10, 1, 0, 9], 80);
      const [{ fate }] = ask(outer, "8080").answer.forwards;
      // Only who could look everywhere knows that it is gone.
      expect(["gone", "unknown"]).toContain(fate);
      const { stdout } = sockeye(["8080"], { netns: outer });
      expect(stdout).toContain(
        fate === "gone" ? ": no interface has 10.1.0.9 now" : ": its owner was not found",
      );
    });
  });

  test("of docker-proxy leads past the proxy", async () => {
    await withContainer(async (outer, inner, pid) => {
      const folder = mkdtempSync(join(tmpdir(), "sockeye-test-"));
      const program = join(folder, "docker-proxy");
      copyFileSync(realpathSync("/bin/sh"), program);
      chmodSync(program, 0o755);
      // It inherits a listener, as newer ones do.
      const OPEN = `
import os, socket
server = socket.create_server(("0.0.0.0", 8080)); os.set_inheritable(server.fileno(), True)
os.execv(${JSON.stringify(program)}, [${JSON.stringify(program)}, "-c", "echo up; read x; :",
  *"-proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 10.1.0.2 -container-port 80".split()])
`;
      try {
        await using proxy = await python(outer, OPEN);
        const { answer } = ask(outer, "8080");
        expect(answer.subjects[0].forwards_to).toEqual({ address: "10.1.0.2", port: 80 });
        expect(answer.forwards).toMatchObject([
          {
            via: "docker-proxy",
            pid: proxy.pid,
            fate: "served",
            pids: expect.arrayContaining([pid]),
          },
        ]);
        // The listing has it too, as JSON and as a column.
        const listing = sockeye(["--json"], { netns: outer }).stdout;
        const document = JSON.parse(listing);
        expectValid(document);
        expect(document.sockets.map(({ forwards }: Json) => forwards)).toMatchObject([
          [{ via: "docker-proxy", address: "10.1.0.2", port: 80, fate: "served" }],
        ]);
        const columns = sockeye(["-H", "--columns", "port,forwards"], { netns: outer });
        expect(columns.stdout).toBe("8080  → 10.1.0.2:80\n");
        const ndjson = sockeye(["--ndjson"], { netns: outer }).stdout;
        expect(JSON.parse(ndjson.split("\n")[1]!).forwards).toHaveLength(1);
        // Inside, nobody passes anything on.
        expect(sockeye(["--json"], { netns: inner }).stdout).not.toContain('"forwards"');
        expect(sockeye(["8080"], { netns: outer }).stdout)
          .toContain(`forwards to 10.1.0.2:80 → python3 (${pid})  by docker-proxy (${proxy.pid})`);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  });

  test("of rootlessport leads into the namespace of its child", async () => {
    await using outer = await Namespace.create();
    const CHILD = listener("0.0.0.0", 80);
    const PARENT = `
import socket, subprocess, sys
open("/proc/self/comm", "w").write("rootlessport")
server = socket.create_server(("0.0.0.0", 8090))
child = subprocess.Popen(["unshare", "-n", "python3", "-c", ${
      JSON.stringify(CHILD)
    }], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.read()
`;
    await using parent = await python(outer, PARENT);
    const [forward] = ask(outer, "8090").answer.forwards;
    expect(forward).toMatchObject({
      via: "rootlessport",
      pid: parent.pid,
      address: null,
      port: 80,
      fate: "served",
      pids: [Number(parent.said)],
    });
  });

  testIf(
    setsReason(),
    "by a set of ports is not said to be forwarded, nor that nothing forwards it",
    async () => {
      await using netns = await Namespace.create();
      expect(ask(netns, "8080").answer.forwards_unread).toBe(false);
      await netns.output(["sh", "-c", SET_OF_PORTS]);
      const { answer } = ask(netns, "8080");
      expect(answer.forwards).toEqual([]);
      expect(answer.forwards_unread).toBe(true);
      expect(sockeye(["8080"], { netns }).stdout).toContain(
        "a firewall rule may forward this port",
      );
      // The rule is about TCP alone.
      expect(ask(netns, "udp/8080").answer.forwards_unread).toBe(false);
    },
  );

  testIf(
    Bun.which("nft") === null ? "there is no nft" : null,
    "with two backends in a map of verdicts has both",
    async () => {
      await withContainer(async (outer, _, pid) => {
        await outer.output([
          "nft",
          `table ip web {
          chain a { meta l4proto tcp dnat to 10.1.0.2:80; }
          chain b { meta l4proto tcp dnat to 10.1.0.2:81; }
          chain both { numgen random mod 2 vmap { 0 : goto a, 1 : goto b }; }
          chain in { type nat hook prerouting priority -100; tcp dport vmap { 30080 : goto both }; }
        }`,
        ]);
        const { forwards } = ask(outer, "30080").answer;
        expect(forwards.map(({ port, fate, pids }: Json) => [port, fate, pids]).sort()).toEqual([
          [80, "served", [pid]],
          [81, "silent", []],
        ]);
      });
    },
  );

  testIf(
    Bun.which("nft") === null ? "there is no nft" : null,
    "that is redirected to another port of the same machine has who listens there",
    async () => {
      await using netns = await Namespace.create();
      await netns.output([
        "nft",
        `table ip web {
          chain in { type nat hook prerouting priority -100;
            tcp dport 80 redirect to :8080
            tcp dport 8080 redirect to :8080
          }
        }`,
      ]);
      await using server = await python(netns, listener("0.0.0.0", 8080));
      const { status, answer } = ask(netns, "80");
      expect(status).toBe(0);
      expect(answer.forwards).toMatchObject([{
        via: "nftables",
        address: null,
        port: 8080,
        fate: "served",
        pids: expect.arrayContaining([server.pid]),
        netns: { inode: netns.inode },
      }]);
      expect(sockeye(["80"], { netns }).stdout)
        .toContain(`forwards to port 8080 of this machine → python3 (${server.pid})`);
      // To where it goes anyway is nowhere else.
      expect(ask(netns, "8080").answer.forwards).toEqual([]);
    },
  );

  test("may be forwarded by rules that cannot be read, and then that is said", async () => {
    await using netns = await Namespace.create();
    const before = netns.command(["setpriv", "--reuid=65534", "--clear-groups"]);
    const ran = sockeye(["8080"], { before });
    expect(ran.stdout).toContain(
      "a firewall rule may forward this port: not every rule could be read",
    );
    // That nothing listens is known; that nothing is behind the port is not.
    expect(ran.status).toBe(3);
    const json = sockeye(["explain", "8080", "--json"], { before });
    expect(json.status).toBe(3);
    const [answer] = JSON.parse(json.stdout).explanations;
    expect(answer).toMatchObject({ found: false, undecided: true, forwards_unread: true });
    expect(answer.because).toContain(
      "a firewall rule may forward this port: not every rule could be read",
    );
    // What does not depend on the firewall is decided all the same.
    await using _server = await python(netns, listener("127.0.0.1", 8081));
    expect(sockeye(["8081"], { before }).status).toBe(0);
    expect(sockeye(["kill", "8080", "--yes"], { before }).status).toBe(1);
    expect(sockeye(["explain", "unix:/nowhere"], { before }).status).not.toBe(0);
  });

  test("is followed in the namespace that was asked about", async () => {
    await withContainer((outer, _, pid) => {
      addDnatRule(outer, 8080, [10, 1, 0, 2], 80);
      const asked = (port: string) => {
        const { status, stdout } = sockeye([
          "explain",
          port,
          "--netns",
          String(outer.pid),
          "--json",
        ]);
        return { status, answer: JSON.parse(stdout).explanations[0] };
      };
      const { status, answer } = asked("8080");
      expect(status).toBe(0);
      expect(answer.forwards).toMatchObject([{
        address: "10.1.0.2",
        fate: "served",
        pids: expect.arrayContaining([pid]),
      }]);
      // All rules there were read.
      expect(asked("8081")).toMatchObject({ status: 1, answer: { forwards_unread: false } });
    });
  });
});

test("sockeye container asks about a container, by the words of explain", () => {
  const ran = sockeye(["container", "no-such-container"]);
  expect([1, 3]).toContain(ran.status);
  expect(ran.stdout).toContain("container:no-such-container");
  expect(sockeye(["container"]).status).toBe(2);
});
