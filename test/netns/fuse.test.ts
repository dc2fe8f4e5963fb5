/**
 * A file system that does not answer any more: nothing that a process has on it keeps anybody waiting who asks about the process.
 *
 * The programs that wait for it cannot be killed. When the file system's own process ends, the kernel lets them go.
 *
 * @module
 */
import { expect } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { SOCKEYE } from "../support/sockeye.ts";

const SERVER = fileURLToPath(new URL("../support/silent_fuse.py", import.meta.url));

/** Far longer than any answer takes, on however busy a machine. */
const TOO_LONG_MS = 120_000;

/**
 * Holds a log, a working directory and two unix sockets on the file system, and a listener by which all can be asked for. Prints
 * its process ID. Ends with its standard input.
 */
const HOLDER = `
import os, socket, sys
folder = sys.argv[1]
os.mkdir(folder + "/work")
log = open(folder + "/app.log", "w"); log.write("x"); log.flush()
absolute = socket.socket(socket.AF_UNIX); absolute.bind(folder + "/app.sock"); absolute.listen()
os.chdir(folder + "/work")
relative = socket.socket(socket.AF_UNIX); relative.bind("rel.sock"); relative.listen()
listener = socket.create_server(("127.0.0.1", 7001))
print(os.getpid(), flush=True)
sys.stdin.read()
`;

function fuseReason(): string | null {
  if (process.getuid?.() !== 0) return "not root";
  const opened = Bun.spawnSync(["sh", "-c", "exec 3<>/dev/fuse"], { stderr: "ignore" });
  return opened.success ? null : "/dev/fuse cannot be opened";
}

const reason = firstReason(namespaceReason(), pythonReason(), fuseReason());

function start(command: readonly string[]) {
  const child = Bun.spawn({ cmd: [...command], stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const line = async () => {
    while (!text.includes("\n")) {
      const { value } = await reader.read();
      if (value === undefined) throw new Error(`${command.join(" ")} ended`);
      text += value;
    }
    const [first, ...rest] = text.split("\n") as [string, ...string[]];
    text = rest.join("\n");
    return first;
  };
  return { child, line };
}

testIf(
  reason,
  "a file system that is silent keeps nobody waiting",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "sockeye-silent-"));
    await using netns = await Namespace.create();
    // The mount is seen in a mount namespace of its own alone, and goes with it.
    const server = start(netns.command(["unshare", "-m", "python3", SERVER, folder]));
    const inside = (
      words: readonly string[],
    ) => ["nsenter", "-t", String(server.child.pid), "-m", "-n", ...words];
    try {
      expect(await server.line()).toBe("ready");
      const holder = start(inside(["python3", "-c", HOLDER, folder]));
      try {
        const pid = await holder.line();
        server.child.stdin.write("x");
        server.child.stdin.flush();
        expect(await server.line()).toBe("silent");
        // Whoever asks the file system itself waits, until it is gone.
        const waiting = Bun.spawn({
          cmd: inside(["stat", `${folder}/app.log`]),
          stdin: "ignore",
          stdout: "ignore",
          stderr: "ignore",
        });
        const commands: string[][] = [
          ["-l"],
          ["-x", "-a"],
          ["-x", "-a", `src ${folder}/app.sock`],
          ["7001"],
          [`pid:${pid}`],
          [`${folder}/app.sock`],
          ["snapshot", "--own-netns"],
          ["audit", "--own-netns"],
          ["ss", "-tlxp"],
          ["netstat", "-tlxp"],
          ["lsof", "-nP", "-p", pid],
          ["lsof", "-nP", "-i"],
        ];
        for (const words of commands) {
          const child = Bun.spawn({
            cmd: inside([SOCKEYE, ...words]),
            stdin: "ignore",
            stdout: "pipe",
            stderr: "ignore",
          });
          let late = false;
          const timer = setTimeout(() => {
            late = true;
            // Whoever waits is let go by this.
            server.child.kill("SIGKILL");
          }, TOO_LONG_MS);
          const text = await new Response(child.stdout).text();
          await child.exited;
          clearTimeout(timer);
          expect([words.join(" "), late]).toEqual([words.join(" "), false]);
          if (words[0] === "7001") {
            expect(text).toContain(`(${pid})`);
            expect(text).toContain("app.log");
          }
        }
        expect(waiting.exitCode).toBeNull();
        server.child.stdin.end();
        await waiting.exited;
      } finally {
        // It may wait itself, until the file system is gone.
        holder.child.stdin.end();
        server.child.stdin.end();
        await server.child.exited;
        await holder.child.exited;
      }
    } finally {
      server.child.kill("SIGKILL");
      rmSync(folder, { recursive: true });
    }
  },
  400_000,
);
