import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Lines } from "../support/lines.ts";
import { type Namespace, namespaceReason, withNamespace } from "../support/netns.ts";
import { describeIf, firstReason, skipPart } from "../support/skip.ts";
import { SOCKEYE, sockeye } from "../support/sockeye.ts";

const python = Bun.which("python3") === null ? "there is no python3" : null;
const setpriv = Bun.which("setpriv") === null || process.getuid?.() !== 0
  ? "setpriv as root is needed"
  : null;
const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];

/** A python process inside that says a line when it is told one, and ends with its standard input. */
function python3(netns: Namespace, script: string) {
  const child = Bun.spawn(netns.command(["python3", "-c", `import socket,sys,os\n${script}`]), {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const said = new Lines(child.stdout);
  return {
    pid: child.pid,
    async line() {
      await said.next();
    },
    next() {
      child.stdin.write("\n");
      child.stdin.flush();
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

/** Starts a wait, which goes on while the test does something. */
function waiting(netns: Namespace, args: readonly string[], before: readonly string[] = []) {
  const child = Bun.spawn(netns.command([...before, SOCKEYE, "wait", ...args]), {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  return {
    child,
    async end() {
      const [stdout, stderr, status] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
        child.exited,
      ]);
      return { stdout, stderr, status };
    },
  };
}

const LISTENER = "s=socket.socket()\ns.bind(('127.0.0.1',8123))\ns.listen(3)\n" +
  "print('up',flush=True)\nsys.stdin.readline()\ns.close()\nprint('down',flush=True)\nsys.stdin.read()";

/** Standard error but for what is told of every process that not even root may look into, where the machine has one. */
function besideUnread(stderr: string): string {
  return stderr.replace(
    /^sockeye: \d+ process(es)? could not be read; protected, even from root\n/,
    "",
  );
}

describeIf(firstReason(namespaceReason(), python), "sockeye wait", () => {
  test("is back at once where it is so already, and names who it is", async () => {
    await withNamespace(async (netns) => {
      await using server = python3(netns, LISTENER);
      await server.line();
      for (const target of ["8123", "tcp/8123", "127.0.0.1:8123"]) {
        const ran = sockeye(["wait", target, "--timeout", "0"], { netns });
        expect([ran.status, besideUnread(ran.stderr)]).toEqual([0, ""]);
        expect(ran.stdout).toBe(`tcp 127.0.0.1:8123 python3(${server.pid})\n`);
      }
      const by = sockeye(["wait", "8123", "--by", "python*", "--timeout", "0"], { netns });
      expect(by.status).toBe(0);
      const other = sockeye(["wait", "8123", "--by", "nginx", "--timeout", "100ms"], { netns });
      // Somebody who may not be seen could be nginx.
      const unseen = other.stderr.includes("could not be read");
      expect(other).toMatchObject({ status: unseen ? 3 : 1, stdout: "" });
      expect(other.stderr).toContain(
        unseen
          ? `who has tcp 127.0.0.1:8123 python3(${server.pid}) may not be seen`
          : `8123 is not listening by nginx after 0.1 s: tcp 127.0.0.1:8123 python3(${server.pid})`,
      );
      // It is TCP that listens.
      expect(sockeye(["wait", "udp:8123", "--timeout", "0"], { netns }).status).toBe(1);
    });
  }, 60_000);

  for (const before of setpriv === null ? [[], NOBODY] : [[]]) {
    const who = before.length === 0 ? "by what the kernel tells" : "by looking every 20 ms";
    test(`waits for a listener, and until it is gone, ${who}`, async () => {
      await withNamespace(async (netns) => {
        const coming = waiting(netns, ["8123", "--timeout", "50s"], before);
        // The process may start before or after the wait looks for the first time: either way it is seen.
        await Bun.sleep(300);
        await using server = python3(netns, LISTENER);
        const { status, stdout } = await coming.end();
        expect(status).toBe(0);
        expect(stdout).toStartWith("tcp 127.0.0.1:8123");
        await server.line();
        const going = waiting(netns, ["8123", "--gone", "--timeout", "50s"], before);
        await Bun.sleep(300);
        expect(going.child.exitCode).toBeNull();
        server.next();
        await server.line();
        expect(await going.end()).toEqual({ status: 0, stdout: "8123 is gone\n", stderr: "" });
      });
    }, 120_000);
  }

  test("waits for datagram sockets, unix sockets and connections", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sockeye-wait-"));
    try {
      await withNamespace(async (netns) => {
        const path = join(folder, "x.sock");
        const waits = [
          waiting(netns, ["udp:53", "--timeout", "50s"]),
          waiting(netns, [`unix:${path}`, "--timeout", "50s"]),
          waiting(netns, ["@sockeye-wait", "--timeout", "50s"]),
          waiting(netns, ["8123", "--connected", "--timeout", "50s"]),
        ];
        await Bun.sleep(300);
        await using server = python3(
          netns,
          `u=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\nu.bind(('127.0.0.1',53))\n` +
            `x=socket.socket(socket.AF_UNIX)\nx.bind(${JSON.stringify(path)})\nx.listen(1)\n` +
            `a=socket.socket(socket.AF_UNIX)\na.bind('\\0sockeye-wait')\na.listen(1)\n` +
            `s=socket.socket()\ns.bind(('127.0.0.1',8123))\ns.listen(1)\n` +
            `c=socket.socket()\nc.connect(('127.0.0.1',8123))\nsys.stdin.read()`,
        );
        const ends = await Promise.all(waits.map((one) => one.end()));
        expect(ends.map(({ status, stderr }) => [status, besideUnread(stderr)])).toEqual(
          waits.map(() => [0, ""]),
        );
        expect(ends[0]!.stdout).toBe(`udp 127.0.0.1:53 python3(${server.pid})\n`);
        expect(ends[1]!.stdout).toBe(`unix-stream ${path} python3(${server.pid})\n`);
        expect(ends[2]!.stdout).toBe(`unix-stream @sockeye-wait python3(${server.pid})\n`);
        expect(ends[3]!.stdout).toContain(`127.0.0.1:8123 python3(${server.pid})`);
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 120_000);

  test("says that it was not in time, and what cannot be known", async () => {
    await withNamespace(async (netns) => {
      const late = sockeye(["wait", "8123", "--timeout", "100ms"], { netns });
      expect(late).toEqual({
        status: 1,
        stdout: "",
        stderr: "sockeye: 8123 is not listening after 0.1 s\n",
      });
      const gone = sockeye(["wait", "8123", "--gone"], { netns });
      expect(gone).toMatchObject({ status: 0, stdout: "8123 is gone\n" });
      if (setpriv !== null) return skipPart("an owner that may not be seen", setpriv);
      await using server = python3(netns, LISTENER);
      await server.line();
      const args = ["wait", "8123", "--by", "python3", "--timeout", "100ms"];
      const hidden = sockeye(args, { netns, before: NOBODY });
      expect(hidden.status).toBe(3);
      expect(hidden.stderr).toContain("cannot be known");
    });
  }, 60_000);

  test("refuses what it cannot wait for", () => {
    for (
      const [args, said] of [
        [[], "wait takes one target"],
        [["80", "443"], "wait takes one target"],
        [["80,443"], "is several"],
        [["pid:1"], "wait knows ports and unix sockets"],
        [["80", "--timeout", "soon"], "expected a duration"],
        [["80", "--gone", "--connected"], "one at a time"],
        [["80", "--gone", "--by", "x"], "what is gone has no owner"],
      ] as const
    ) {
      const ran = sockeye(["wait", ...args]);
      expect(ran.status).toBe(2);
      expect(ran.stderr).toContain(said);
    }
  });
});
