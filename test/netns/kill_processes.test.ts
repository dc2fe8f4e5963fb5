/**
 * `sockeye kill TARGET` on real processes: exactly those end that were shown, and what it says is what happened.
 */
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { HeldProcess, NotAsShown } from "../../src/commands/kill/held_process.ts";
import { restartLines } from "../../src/commands/kill/advice.ts";
import { parseSshConnection } from "../../src/commands/kill/own_session.ts";
import type { Victim } from "../../src/commands/kill/plan.ts";
import { parseSignal } from "../../src/commands/kill/signal.ts";
import type { Process } from "../../src/model/owner.ts";
import { Processes } from "../../src/origin/processes.ts";
import { ProcRoot } from "../../src/proc/root.ts";
import { makeSocket, pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { describeIf, firstReason, testIf } from "../support/skip.ts";
import { snapshot, SOCKEYE, sockeye } from "../support/sockeye.ts";

const reason = firstReason(namespaceReason(), pythonReason());
const QUESTION = fileURLToPath(new URL("../support/kill_question.py", import.meta.url));

/** Why the numbers of processes cannot be made scarce in a namespace of their own alone. */
function scarceReason(): string | null {
  const [major, minor] = release().split(".").map(Number) as [number, number];
  return major > 6 || major === 6 && minor >= 14
    ? null
    : "before Linux 6.14, kernel.pid_max is the whole machine's";
}

/** Runs Python in a namespace until it has said a line; it ends with its standard input. */
async function python(netns: Namespace, code: string, env: Record<string, string> = {}) {
  const child = Bun.spawn(netns.command(["python3", "-c", code]), {
    stdin: "pipe",
    stdout: "pipe",
    env: { PATH: process.env.PATH ?? "", ...env },
  });
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  let said = "";
  while (!said.endsWith("\n")) {
    const { value } = await reader.read();
    if (value === undefined) break;
    said += decoder.decode(value);
  }
  return {
    pid: child.pid,
    said: said.trim(),
    exited: child.exited,
    child,
    async rest() {
      let text = "";
      for (;;) {
        const { value } = await reader.read();
        if (value === undefined) return text;
        text += decoder.decode(value);
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

const LISTENER = `
import socket, sys
server = socket.create_server(("127.0.0.1", 4100))
print("up", flush=True)
sys.stdin.read()
`;

describeIf(reason, "sockeye kill of processes", () => {
  test("ends the process behind a port, and says that the port is free", async () => {
    await using netns = await Namespace.create();
    await using scene = await python(netns, LISTENER);
    const ran = sockeye(["kill", "4100", "--yes"], { netns });
    expect(ran.status).toBe(0);
    // First all that explain shows.
    expect(ran.stdout).toMatch(/^tcp 127\.0\.0\.1:4100 {2}listen/);
    expect(ran.stdout).toContain(`TERM to python3 (${scene.pid})\n`);
    expect(ran.stdout).toContain(`\npython3 (${scene.pid}): ended\n`);
    expect(ran.stdout).toContain(
      "tcp 127.0.0.1:4100: nothing listens on it now; the address is free\n",
    );
    await scene.exited;
    expect(scene.child.signalCode).toBe("SIGTERM");
    expect(sockeye(["kill", "4100", "--yes"], { netns }).status).toBe(1);
  });

  test("looks into another network namespace for what it ended there, also when nothing leads there any more", async () => {
    await using here = await Namespace.create();
    await using there = await Namespace.create();
    await using scene = await python(
      there,
      `
import os, socket, sys
server = socket.create_server(("127.0.0.1", 4100))
child = os.fork()
if child == 0:
    sys.stdin.read(); os._exit(0)
print(child, flush=True); sys.stdin.read()
`,
    );
    const ran = sockeye(["kill", `pid:${scene.pid}`, "--yes"], { netns: here });
    // The master ends and its child does not: the port is not free.
    expect(ran.stdout).toContain(
      `tcp 127.0.0.1:4100: is listened on by python3 (${scene.said}) still\n`,
    );
    expect(ran.status).toBe(2);
    const last = sockeye(["kill", `pid:${scene.said}`, "--yes"], { netns: here });
    expect(last.stdout).toContain(
      "tcp 127.0.0.1:4100: nothing listens on it now; the address is free\n",
    );
    expect(last.status).toBe(0);
  });

  test("leaves a client alone whose connection goes from that port", async () => {
    await using netns = await Namespace.create();
    await using scene = await python(
      netns,
      `
import socket, sys
server = socket.create_server(("127.0.0.1", 4101))
client = socket.socket(); client.bind(("127.0.0.1", 4100)); client.connect(("127.0.0.1", 4101))
print("up", flush=True); sys.stdin.read()
`,
    );
    const ran = sockeye(["kill", "4100", "--yes"], { netns });
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain("no process holds a listener there: nothing was ended");
    expect(scene.child.exitCode).toBeNull();
  });

  test("workers end with their master", async () => {
    await using netns = await Namespace.create();
    await using scene = await python(
      netns,
      `
import os, socket, sys
server = socket.create_server(("127.0.0.1", 4100))
for i in range(4):
    if os.fork() == 0: sys.stdin.read(); os._exit(0)
print("up", flush=True)
sys.stdin.read()
`,
    );
    const ran = sockeye(["kill", "4100", "-y"], { netns });
    expect(ran.stdout).toContain(`TERM to python3 (${scene.pid}), with which 4 workers end\n`);
    // These do not end by themselves when their master has, and get the signal then.
    expect(ran.stdout.match(/^python3 \(\d+\): ended$/gm)).toHaveLength(5);
    expect(ran.status).toBe(0);
    expect(snapshot(["sport 4100"], netns).sockets).toEqual([]);
  });

  test("a program that inherited the listener gets a signal of its own", async () => {
    await using netns = await Namespace.create();
    await using scene = await python(
      netns,
      `
import os, socket, subprocess, sys
server = socket.create_server(("127.0.0.1", 4100)); os.set_inheritable(server.fileno(), True)
child = subprocess.Popen(["sleep", "60"], close_fds=False)
print(child.pid, flush=True)
sys.stdin.read()
`,
    );
    const ran = sockeye(["kill", "4100", "--yes"], { netns });
    expect(ran.stdout).toContain(`TERM to sleep (${scene.said})\n`);
    expect(ran.stdout).toContain(`sleep (${scene.said}): ended\n`);
    expect(ran.status).toBe(0);
    expect(snapshot(["sport 4100"], netns).sockets).toEqual([]);
  });

  test("one that does not want to end is told of, and ended by --force", async () => {
    await using netns = await Namespace.create();
    await using scene = await python(
      netns,
      `
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
${LISTENER}`,
    );
    const ran = sockeye(["kill", "4100", "--yes", "--timeout", "0.2"], { netns });
    expect(ran.status).toBe(2);
    expect(ran.stdout).toContain(
      `python3 (${scene.pid}): still runs after 0.2 s: --force ends it by KILL\n`,
    );
    expect(ran.stdout).toContain(`is listened on by python3 (${scene.pid}) still\n`);
    const forced = sockeye(["kill", "4100", "-y", "--timeout", "0.2", "--force"], { netns });
    expect(forced.stdout).toContain(`python3 (${scene.pid}): ended by KILL\n`);
    expect(forced.status).toBe(0);
    await scene.exited;
    expect(scene.child.signalCode).toBe("SIGKILL");
  });

  test("sends the signal that was asked for", async () => {
    await using netns = await Namespace.create();
    await using scene = await python(
      netns,
      `
import signal, sys
def end(*_): print("interrupted", flush=True); sys.exit(0)
signal.signal(signal.SIGINT, end)
${LISTENER}`,
    );
    expect(sockeye(["kill", "tcp/4100", "--yes", "--signal", "SIGINT"], { netns }).status).toBe(0);
    expect(await scene.rest()).toBe("interrupted\n");
  });

  test("a unix socket's file that is left over is told of", async () => {
    await using netns = await Namespace.create();
    const folder = mkdtempSync(join(tmpdir(), "sockeye-kill-"));
    const path = join(folder, "app.sock");
    try {
      await using scene = await python(
        netns,
        `
import socket, sys
server = socket.socket(socket.AF_UNIX); server.bind(${JSON.stringify(path)}); server.listen()
print("up", flush=True); sys.stdin.read()
`,
      );
      const ran = sockeye(["kill", path, "--yes"], { netns });
      expect(ran.stdout).toContain("no process holds it now; its file is left over\n");
      expect(ran.status).toBe(0);
      await scene.exited;
      expect(existsSync(path)).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("its own ancestors are refused, unless asked for even so", async () => {
    await using netns = await Namespace.create();
    const run = (more: string) => `
import json, socket, subprocess, sys
server = socket.create_server(("127.0.0.1", 4100))
ran = subprocess.run(["${SOCKEYE}", "kill", "4100", "--yes"${more}], capture_output=True, text=True)
print(json.dumps([ran.returncode, ran.stderr]), flush=True)
sys.stdin.read()
`;
    await using scene = await python(netns, run(""));
    const [status, said] = JSON.parse(scene.said);
    expect(status).toBe(2);
    expect(said).toContain(`python3 (${scene.pid}) is an ancestor of this command`);
    expect(said).toContain("--even-mine");
    expect(scene.child.exitCode).toBeNull();
    scene.child.kill("SIGKILL");
    await scene.exited;
    await using second = await python(netns, run(`, "--even-mine"`));
    expect(second.said).toBe("");
    await second.exited;
    expect(second.child.signalCode).toBe("SIGTERM");
  });

  test("the SSH session that it runs in is refused, by its connection", async () => {
    await using netns = await Namespace.create();
    await using scene = await python(
      netns,
      `
import os, socket, sys
server = socket.create_server(("127.0.0.1", 4100))
client = socket.create_connection(("127.0.0.1", 4100)); accepted, _ = server.accept()
session = os.fork()
if session == 0:
    server.close(); client.close(); sys.stdin.read(); os._exit(0)
accepted.close()
print(client.getsockname()[1], flush=True)
sys.stdin.read()
`,
    );
    // The session's process holds the connection, and the server that is to end is its parent.
    const env = { SSH_CONNECTION: `127.0.0.1 ${scene.said} 127.0.0.1 4100` };
    const ran = sockeye(["kill", "4100", "--yes"], { netns, env });
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain(
      `python3 (${scene.pid}) carries the SSH session that this command runs in`,
    );
    expect(scene.child.exitCode).toBeNull();
    // Of sockets, it is a warning.
    const closed = sockeye(["kill", "--yes", "--socket", `dport ${scene.said}`], { netns, env });
    expect(closed.stderr).toContain(
      "among them is the connection of your own session: 127.0.0.1:4100",
    );
    const other = sockeye(["kill", "--yes", "--socket", `sport 4100 and state listen`], {
      netns,
      env,
    });
    expect(other.stderr).not.toContain("your own session");
  });

  test("without a terminal and --yes nothing is ended", async () => {
    await using netns = await Namespace.create();
    await using scene = await python(netns, LISTENER);
    const ran = sockeye(["kill", "4100"], { netns });
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain("--yes ends them");
    expect(scene.child.exitCode).toBeNull();
  });

  test("who may not see the owner ends nobody, and the answer is undecided", async () => {
    await using netns = await Namespace.create();
    await using scene = await python(netns, LISTENER);
    const ran = sockeye(["kill", "4100", "--yes"], {
      before: netns.command(["setpriv", "--reuid=65534", "--clear-groups"]),
    });
    expect(ran.status).toBe(3);
    expect(ran.stderr).toContain("its owner cannot be seen: nothing was ended");
    expect(ran.stderr).toContain("try: sudo sockeye kill 4100\n");
    expect(scene.child.exitCode).toBeNull();
  });

  const asked = async (what: string, before: readonly string[] = []) => {
    await using netns = await Namespace.create();
    const command = [...before, "python3", QUESTION, what, SOCKEYE];
    const { stdout, stderr } = await netns.run(command, { timeoutMs: 55_000 });
    const text = new TextDecoder().decode(stdout);
    if (text === "") throw new Error(stderr);
    return JSON.parse(text) as { said: string; status: number; left: string[]; pid: number };
  };

  test("a yes on the terminal ends what was shown", async () => {
    const { said, status, left, pid } = await asked("plain");
    expect(said).toContain(`End python3 (${pid}) by TERM? [y/N] `);
    expect(said).toContain(`python3 (${pid}): ended`);
    expect([status, left]).toEqual([0, []]);
  });

  testIf(
    scarceReason(),
    "a process that got the number and the port meanwhile is left alone",
    async () => {
      const { said, status, left, pid } = await asked("reuse", [
        "unshare",
        "-p",
        "-f",
        "--mount-proc",
      ]);
      expect(said).toContain(
        `python3 (${pid}) holds it now, which was not shown: nothing was ended`,
      );
      expect([status, left]).toEqual([2, ["python3"]]);
    },
  );

  test("a listener that changed its owner meanwhile is left alone", async () => {
    const { said, status, left, pid } = await asked("handover");
    expect(said).toContain(`python3 (${pid}) no longer holds it: nothing was ended`);
    expect([status, left]).toEqual([2, ["sleep"]]);
  });

  test("a listener that got another owner meanwhile is left alone", async () => {
    const { said, status, left } = await asked("newcomer");
    expect(said).toMatch(/sleep \(\d+\) holds it now, which was not shown: nothing was ended/);
    expect([status, left.sort()]).toEqual([2, ["python3", "sleep"]]);
  });

  test("a process is taken hold of only if it is the one that was shown", async () => {
    await using netns = await Namespace.create();
    await using factory = await makeSocket("tcp_listen", {}, { netns });
    if (factory.skip !== null) throw new Error(factory.skip);
    const root = new ProcRoot();
    const [made] = factory.info.sockets;
    const { pid, fds } = made!.owners[0]!;
    const real = new Processes(root).get(pid);
    const victim = (process: Partial<Process>, inode = made!.inode): Victim => ({
      process: { ...real, pid, startTicks: real.startTicks, ...process },
      holds: [{
        socket: { inode } as Victim["holds"][0]["socket"],
        owner: { pid, fds, tid: null, process: real },
      }],
      master: null,
    });
    HeldProcess.take(victim({}), root).release();
    // One tick before, another process had this number.
    const earlier = () => HeldProcess.take(victim({ startTicks: real.startTicks! - 1 }), root);
    expect(earlier).toThrow(NotAsShown);
    expect(earlier).toThrow("its ID was reused");
    expect(() => HeldProcess.take(victim({}, made!.inode! + 1), root)).toThrow(
      "no longer holds it",
    );
  });
});

test("signals have names and numbers", () => {
  expect(parseSignal("TERM")).toEqual({ number: 15, name: "TERM" });
  expect(parseSignal("sigkill")).toEqual({ number: 9, name: "KILL" });
  expect(parseSignal("31")).toEqual({ number: 31, name: "SYS" });
  expect(parseSignal("34")).toEqual({ number: 34, name: "34" });
  for (const wrong of ["", "0", "65", "NONE", "-1", "SIG"]) expect(parseSignal(wrong)).toBeNull();
});

test("SSH_CONNECTION is taken for what sshd writes, and nothing else", () => {
  expect(parseSshConnection("10.0.0.1 50000 fe80::1%eth0 22")).toEqual({
    local: { address: "fe80::1", port: 22 },
    peer: { address: "10.0.0.1", port: 50000 },
  });
  for (const wrong of [undefined, "", "a b c", "a 1 b 2 c", "a 0 b 22", "a x b 22"]) {
    expect(parseSshConnection(wrong)).toBeNull();
  }
});

test("what starts a process again is told with how to stop it", () => {
  const process = (facts: Partial<Process>) =>
    ({ pid: 9, unit: null, container: null, unitManager: null, ...facts }) as Process;
  const nothing = { environment: () => null, cwd: () => null, get: () => process({}) };
  const folder = mkdtempSync(join(tmpdir(), "sockeye-units-"));
  const lines = (facts: Partial<Process>) => restartLines([process(facts)], [], nothing, folder);
  const of = (unit: string) => lines({ unit, unitManager: "system" });
  try {
    mkdirSync(join(folder, "etc/systemd/system/keen.service.d"), { recursive: true });
    const write = (name: string, text: string) =>
      writeFileSync(join(folder, "etc/systemd/system", name), text);
    write("keen.service", "[Service]\nRestart=no\n");
    write("keen.service.d/10-more.conf", "[Service]\nRestart=always\n");
    write("once.service", "[Unit]\nRestart=always\n[Service]\n# Restart=always\n");
    write("bad@.service", "[Service]\nRestart=on-failure\n");
    expect(of("keen.service")).toEqual([
      "keen.service will be started again by systemd (Restart=always): systemctl stop keen.service ends it for good",
    ]);
    expect(of("bad@two.service")[0]).toContain(
      "may be started again by systemd (Restart=on-failure)",
    );
    expect(of("once.service")).toEqual([]);
    expect(of("other.service")).toEqual([
      "other.service may be started again by systemd: systemctl stop other.service ends it for good",
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
  expect(lines({ unit: "app.service", unitManager: "user" })[0]).toContain(
    "systemctl --user stop app.service",
  );
  expect(of("session-2.scope")).toEqual([]);
  const id = "3f4b8c0d9e1a".padEnd(64, "0");
  expect(lines({ container: { id, runtime: "docker", name: "web" } })).toEqual([
    "container web may be started again by docker: docker stop web ends it for good",
  ]);
  expect(lines({ container: { id, runtime: null, name: null } })).toEqual([
    "container 3f4b8c0d9e1a may be started again by its runtime",
  ]);
});

test("wrong words are refused with what is wanted", () => {
  const refused = (...args: string[]) => {
    const ran = sockeye(["kill", ...args]);
    expect(ran.status).toBe(2);
    return ran.stderr;
  };
  expect(refused()).toContain("give one");
  expect(refused("8080", "--socket", "sport 1")).toContain("give one of both");
  expect(refused("--force", "--socket", "sport 1")).toContain("--force is about processes");
  expect(refused("sport = 1")).toContain("behind --socket");
  expect(refused("8080", "--signal", "NONE")).toContain("no such signal");
  expect(refused("8080", "--timeout", "soon")).toContain("expected a duration");
});
