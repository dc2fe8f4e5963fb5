/**
 * `sockeye kill` on real sockets in a namespace of their own: what it says is what happened.
 */
import { afterEach, beforeEach, expect, test } from "bun:test";
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

/** Runs a command on a terminal, types a line when it is asked, and prints what it wrote and its status. */
const TERMINAL = `
import os, pty, sys
pid, fd = pty.fork()
if pid == 0: os.execvp(sys.argv[2], sys.argv[2:])
said = b""
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
  let lines: { read(): Promise<{ value?: Uint8Array | undefined }> };

  // A line may come in pieces.
  const answer = async () => {
    let said = "";
    while (!said.endsWith("\n")) {
      const { value } = await lines.read();
      if (value === undefined) break;
      said += new TextDecoder().decode(value);
    }
    return said.trim();
  };
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
    lines = scene.stdout.getReader();
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
    expect(ran.stdout).toMatch(/^tcp 127\.0\.0\.1:4003: closed$/m);
    expect(ran.stdout).toMatch(/^udp 127\.0\.0\.1:4004: disconnected, .* still bound/m);
    expect(left("state listen")).toBe(0);
    expect(left("transport udp and sport 4004")).toBe(1);
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
    for (const no of ["", "n", "yess", "\x04"]) {
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
