/** Processes whose main thread has ended: what is left of them is told, and that nothing is. */
import { expect } from "bun:test";
import { pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { sockeye } from "../support/sockeye.ts";

const reason = firstReason(namespaceReason(), pythonReason());

/** Says its process ID when its main thread is about to end; another thread has a listener until standard input ends. */
const LEADERLESS = `
import ctypes, os, socket, sys, threading
listener = socket.create_server(("127.0.0.1", 7001))
def wait():
    with open(f"/proc/{os.getpid()}/stat") as file:
        while file.read().rsplit(")", 1)[1].split()[0] != "Z":
            file.seek(0)
    print(os.getpid(), flush=True)
    os.read(0, 1)
    os._exit(0)
threading.Thread(target=wait).start()
ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[os.uname().machine], 0)
`;

/** Has a child that has ended and that nobody asks about, and says its process ID. */
const PARENT = `
import os, sys
child = os.fork()
if child == 0:
    os._exit(0)
os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
print(child, flush=True)
sys.stdin.read()
`;

async function withProgram(
  netns: Namespace,
  program: string,
  body: (pid: string) => void,
): Promise<void> {
  const child = Bun.spawn({
    cmd: [...netns.command(["python3", "-c", program])],
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  try {
    let text = "";
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
      text += part;
      if (text.includes("\n")) break;
    }
    body(text.trim());
  } finally {
    child.stdin.end();
    await child.exited;
  }
}

testIf(reason, "a process without its main thread has a program all the same", async () => {
  await using netns = await Namespace.create();
  await withProgram(netns, LEADERLESS, (pid) => {
    const { status, stdout } = sockeye(["7001"], { netns });
    expect(status).toBe(0);
    expect(stdout).toContain(`(${pid})`);
    expect(stdout).not.toContain("may not be read");
    const { places } = JSON.parse(sockeye(["7001", "--json"], { netns }).stdout)
      .explanations[0].subjects[0];
    expect(places).toHaveLength(1);
    expect(places[0].exe).toContain("python");
    expect(places[0].zombie).toBe(false);
    expect(places[0].cwd).toBe(process.cwd());
  });
});

testIf(reason, "a zombie is called one, and holds nothing", async () => {
  await using netns = await Namespace.create();
  await withProgram(netns, PARENT, (pid) => {
    const { status, stdout } = sockeye([`pid:${pid}`], { netns });
    expect(status).toBe(1);
    expect(stdout).toContain(`(${pid}) has ended and is a zombie: it holds nothing`);
    expect(stdout).not.toContain("may not be read");
  });
});
