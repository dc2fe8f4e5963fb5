/**
 * `sockeye kill` on real sockets in a namespace of their own: what it says is what happened.
 */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { firstLine, Lines } from "../support/lines.ts";
import { pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { describeIf, firstReason } from "../support/skip.ts";
import { snapshot, SOCKEYE, sockeye } from "../support/sockeye.ts";

const reason = firstReason(namespaceReason(), pythonReason());

/** A connection to 4003, its listener, a UDP socket on 4004, one that is only bound, unix sockets. Answers each line. */
const SCENE = `
import socket, sys
server = socket.create_server(("127.0.0.1", 4003))
client = socket.create_connection(("127.0.0.1", 4003)); accepted, _ = server.accept()
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); udp.bind(("127.0.0.1", 4004))
bound = socket.socket(); bound.bind(("127.0.0.1", 4005))
pair = socket.socketpair()
print("up", flush=True)
for line in sys.stdin:
    try:
        client.send(b"x"); print("alive", flush=True)
    except OSError as error:
        print(type(error).__name__, flush=True)
`;

/** Listeners on several addresses of one port. */
const SEVERAL = `
import socket, sys
a = socket.create_server(("127.0.0.1", 4010)); b = socket.create_server(("127.0.0.2", 4010))
c = socket.create_server(("::1", 4010), family=socket.AF_INET6)
print("up", flush=True)
sys.stdin.read()
`;

/** Runs a command on a terminal, types a line when it is asked, and prints what it wrote and its status. */
const TERMINAL = `
import os, pty, sys
pid, fd = pty.fork()
if pid == 0: os.execvp(sys.argv[2], sys.argv[2:])
said = b""
if sys.argv[1].startswith("early "): os.write(fd, b"y\\n"); sys.argv[1] = sys.argv[1][6:]
while b"[y/N] " not in said: said += os.read(fd, 4096)
os.write(fd, sys.argv[1].encode() + b"\\n")
try:
    while True:
        more = os.read(fd, 4096)
        if not more: break
        said += more
except OSError: pass
sys.stdout.write(said.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

describeIf(reason, "sockeye kill", () => {
  let netns: Namespace;
  let scene: Bun.Subprocess<"pipe", "pipe", "inherit">;
  let lines: Lines;

  const answer = () => lines.next();
  const client = async () => {
    scene.stdin.write("\n");
    scene.stdin.flush();
    return await answer();
  };
  const kill = (...args: string[]) => sockeye(["kill", ...args], { netns });
  const left = (filter: string) => snapshot(["-a", filter], netns).sockets.length;

  beforeEach(async () => {
    netns = await Namespace.create();
    scene = Bun.spawn(netns.command(["python3", "-c", SCENE]), { stdin: "pipe", stdout: "pipe" });
    lines = new Lines(scene.stdout);
    expect(await answer()).toBe("up");
  });

  afterEach(async () => {
    scene.stdin.end();
    await scene.exited;
    await netns.stop();
  });

  test("closes a connection, whose owner then gets an error", async () => {
    expect(await client()).toBe("alive");
    const ran = kill("--socket", "dport 4003 and process python3*", "--yes");
    expect(ran.status).toBe(0);
    const [header, row, said] = ran.stdout.split("\n");
    expect(header).toStartWith("PROTO");
    expect(row).toContain("127.0.0.1:4003");
    expect(said).toMatch(/^tcp 127\.0\.0\.1:\d+ 127\.0\.0\.1:4003: closed$/);
    expect(await client()).toBe("ConnectionAbortedError");
    // The other end got a reset; the listener is as it was.
    expect(left("state established")).toBe(0);
    expect(left("sport 4003 and state listen")).toBe(1);
  });

  test("closes listeners as well, and tells that a bound UDP socket stays bound", () => {
    const ran = kill("--socket", "state listen or sport 4004", "-y");
    expect(ran.status).toBe(2);
    // The kernel does not take a port away from a socket that was given it by bind().
    expect(ran.stdout).toMatch(
      /^tcp 127\.0\.0\.1:4003: no longer listens; .* still holds the port/m,
    );
    expect(ran.stdout).toMatch(/^udp 127\.0\.0\.1:4004: disconnected; .* still bound/m);
    expect(left("state listen")).toBe(0);
    expect(left("transport udp and sport 4004")).toBe(1);
  });

  test("closes each listener of a group that shares its port, and only those that match", async () => {
    const GROUP = `
import socket, sys
keep = []
for i in range(12):
    s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind(("127.0.0.1" if i < 10 else "0.0.0.0", 4006)); s.listen(); keep.append(s)
print("up", flush=True)
sys.stdin.read()
`;
    const group = Bun.spawn(netns.command(["python3", "-c", GROUP]), {
      stdin: "pipe",
      stdout: "pipe",
    });
    await firstLine(group.stdout);
    try {
      const ran = kill("--socket", "sport 4006 and src 127.0.0.1", "-y");
      const said = ran.stdout.split("\n").filter((line) => line.startsWith("tcp 127.0.0.1:4006: "));
      expect(said).toHaveLength(10);
      for (const line of said) {
        expect(line).toContain("no longer listens");
        expect(line).toContain("the address is free only with SO_REUSEPORT");
      }
      expect(ran.status).toBe(2);
      expect(left("sport 4006 and state listen")).toBe(2);
    } finally {
      group.stdin.end();
      await group.exited;
    }
  });

  test("tells of UDP sockets that share an address which of them the kernel did not find", async () => {
    const GROUP = `
import socket, sys
keep = []
for i in range(3):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("0.0.0.0", 4007)); keep.append(s)
print("up", flush=True)
for line in sys.stdin:
    print(sum(s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0 for s in keep), flush=True)
`;
    const group = Bun.spawn(netns.command(["python3", "-c", GROUP]), {
      stdin: "pipe",
      stdout: "pipe",
    });
    const said = new Lines(group.stdout);
    await said.next();
    try {
      const ran = kill("--socket", "sport 4007", "-y");
      expect(ran.status).toBe(2);
      const told = ran.stdout.match(/^udp .*: disconnected; its owner got an error/gm) ?? [];
      const hidden = ran.stdout.match(/^udp .*: not closed: several sockets have this address/gm);
      expect(told.length + (hidden ?? []).length).toBe(3);
      expect(ran.stdout).not.toContain("already gone");
      group.stdin.write("\n");
      group.stdin.flush();
      expect(Number(await said.next())).toBe(told.length);
    } finally {
      group.stdin.end();
      await group.exited;
    }
  });

  test("closes the sockets, and ends as they did, when nobody reads what it says", async () => {
    const run = netns.command([
      "sh",
      "-c",
      `{ "$0" kill --yes --socket 'dport 4003'; echo $? >&2; } | true`,
      SOCKEYE,
    ]);
    const { stderr } = Bun.spawnSync(run);
    expect(stderr.toString().trim().split("\n").at(-1)).toBe("0");
    expect(left("state established")).toBe(0);
    expect(await client()).toBe("ConnectionAbortedError");
  });

  test("ends with 1 when nothing matches", () => {
    const ran = kill("--socket", "sport 4999", "--yes");
    expect([ran.status, ran.stdout]).toEqual([1, ""]);
    expect(ran.stderr).toContain("no socket matches");
  });

  test("closes nothing without --yes where nobody can be asked", () => {
    const ran = kill("--socket", "dport 4003");
    expect(ran.status).toBe(2);
    expect(ran.stdout).toContain("127.0.0.1:4003");
    expect(ran.stderr).toContain("--yes closes them");
    expect(left("state established")).toBe(2);
  });

  test("asks on a terminal, and takes only a yes for one", () => {
    const type = (line: string) => {
      const run = Bun.spawnSync(
        netns.command([
          "python3",
          "-c",
          TERMINAL,
          line,
          SOCKEYE,
          ...["kill", "--socket", "dport 4003"],
        ]),
      );
      return { status: run.exitCode, text: run.stdout.toString() };
    };
    // What was typed before the question is no answer to it.
    for (const no of ["", "n", "yess", "\x04", "early n"]) {
      const { status, text } = type(no);
      expect(status).toBe(1);
      expect(text).toContain("Close this socket? [y/N] ");
      expect(text).toContain("nothing was closed");
    }
    expect(left("state established")).toBe(2);
    const { status, text } = type("y");
    expect(status).toBe(0);
    expect(text).toContain(": closed");
    expect(left("state established")).toBe(0);
  });

  test("shows the addresses of one service as one row to whoever is asked, and answers for each", async () => {
    const listeners = Bun.spawn(netns.command(["python3", "-c", SEVERAL]), {
      stdin: "pipe",
      stdout: "pipe",
    });
    try {
      await firstLine(listeners.stdout);
      const run = Bun.spawnSync(
        netns.command([
          ...["python3", "-c", TERMINAL, "y", SOCKEYE],
          ...["kill", "--color=never", "--socket", "sport 4010"],
        ]),
      );
      const text = run.stdout.toString();
      const asked = text.indexOf("Close these 3 sockets? [y/N] ");
      expect(asked).toBeGreaterThan(0);
      // The owner stands once, whatever the width of the terminal.
      expect(text.slice(0, asked).match(/python3/g)).toHaveLength(1);
      for (const end of ["127.0.0.1:4010", "127.0.0.2:4010", "[::1]:4010"]) {
        expect(text.slice(0, asked)).toContain(end);
        expect(text.slice(asked)).toContain(`tcp ${end}: no longer listens`);
      }
      expect(left("sport 4010 and state listen")).toBe(0);
    } finally {
      listeners.stdin.end();
      await listeners.exited;
    }
  });

  test("says that it is not permitted, and ends with 2", () => {
    const ran = sockeye(["kill", "--yes", "--socket", "dport 4003"], {
      before: netns.command(["setpriv", "--reuid=65534", "--clear-groups"]),
    });
    expect(ran.status).toBe(2);
    expect(ran.stdout).toContain("not permitted: it takes CAP_NET_ADMIN");
    expect(left("state established")).toBe(2);
  });

  test("does not claim to have closed what it cannot", () => {
    const bound = kill("--socket", "sport 4005", "--yes");
    expect(bound.status).toBe(2);
    expect(bound.stdout).toContain("the kernel has no way");
    expect(left("sport 4005")).toBe(1);
    const unix = kill("--socket", "family unix and process python3*", "--yes");
    expect(unix.status).toBe(2);
    expect(unix.stdout).not.toContain(": closed");
  });

  test("reaches into another namespace, and only there", () => {
    const ran = sockeye(["kill", "--netns", String(netns.pid), "--yes", "--socket", "dport 4003"]);
    expect(ran.status).toBe(0);
    expect(left("state established")).toBe(0);
  });

  test("wants a filter that says something", () => {
    for (const args of [["kill"], ["kill", "--socket", " "], ["kill", "sport 1"]]) {
      expect(sockeye(args).status).toBe(2);
    }
    expect(sockeye(["kill", "--socket", "prot 22"]).stderr).toContain("did you mean port?");
  });
});
