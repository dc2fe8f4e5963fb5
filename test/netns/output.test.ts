/** Every command, in every form it writes in, where its output cannot be written, and where nobody reads it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AUDIT_FORMATS } from "../../src/audit/formats/mod.ts";
import { COMMANDS } from "../../src/program.ts";
import { fillSockets, pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { SOCKEYE, sockeye } from "../support/sockeye.ts";

let folder: string;
let listener: { readonly port: number; stop(): void };
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sockeye-output-"));
  listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { stdout } = sockeye(["snapshot"]);
  writeFileSync(join(folder, "a.json"), stdout);
  const document = JSON.parse(stdout);
  writeFileSync(join(folder, "b.json"), JSON.stringify({ ...document, sockets: [] }));
  writeFileSync(join(folder, "policy.yaml"), "schema: sockeye.policy/1\nlisteners: []\n");
});
afterAll(() => {
  listener.stop();
  rmSync(folder, { recursive: true });
});

const LINES = [
  ["--version"],
  ["--help"],
  ...COMMANDS.map(({ name }) => [name, "--help"]),
  ["-a"],
  ["-a", "--no-header"],
  ["-a", "--info"],
  ["-a", "--json"],
  ["-a", "--ndjson"],
  ["-a", "--require-complete"],
  ["snapshot", "--require-complete"],
  ["--explain-filter", "sport = 80"],
  ["ss", "-a"],
  ["ss", "-tanpi"],
  ["ss", "-s"],
  ["ss", "-V"],
  ["netstat", "-an"],
  ["netstat", "-tulpn"],
  ["netstat", "-s"],
  ["netstat", "-V"],
  ["lsof", "-i", "-nP"],
  ["lsof", "-i", "-nP", "-F"],
  ["lsof", "-i", "-nP", "-t"],
  ["explain", "PORT"],
  ["explain", "PORT", "--json"],
  ["explain", "--bind", "127.0.0.1:PORT"],
  ["doctor"],
  ["doctor", "--json"],
  ["snapshot"],
  ["diff", "a.json", "b.json"],
  ["diff", "a.json", "b.json", "--json"],
  ["audit", "--policy", "policy.yaml", "--snapshot", "a.json"],
  ...AUDIT_FORMATS.map((format) => ["audit", "--policy", "policy.yaml", "--format", format]),
  ["audit", "--format", "text"],
  ["report", "a.json", "b.json"],
  ["report", "a.json", "b.json", "--json"],
  ["report", "a.json", "b.json", "--html"],
  ["completion", "bash"],
  ["completion", "zsh"],
  ["completion", "fish"],
];

/** Runs with standard output led elsewhere by the shell. */
function into(where: string, args: readonly string[]) {
  const words = args.map((word) => word.replace("PORT", String(listener.port)));
  const run = Bun.spawnSync(["bash", "-c", `"$0" "$@" ${where}`, SOCKEYE, ...words], {
    cwd: folder,
    stdin: "ignore",
    env: { PATH: process.env.PATH ?? "" },
  });
  return { status: run.exitCode, stdout: run.stdout.toString(), stderr: run.stderr.toString() };
}

/** Modes that end as the tools they stand for, which do not notice a closed output. */
const TOOLS = new Set(COMMANDS.filter(({ link }) => link).map(({ name }) => name));

/** What is told of the host itself is another matter. */
const OWN = (stderr: string) =>
  stderr.split("\n").filter((line) => !/could not be read|^$/.test(line));

for (const args of LINES) {
  const name = ["sockeye", ...args].join(" ");

  test(`${name}: a full disk is told in one line, and the status is 2`, () => {
    const run = into("> /dev/full", args);
    expect(OWN(run.stderr)).toEqual([
      "sockeye: write standard output: no space left on device (ENOSPC)",
    ]);
    expect(run.status).toBe(2);
  });

  const isTool = TOOLS.has(args[0]!);

  test(`${name}: an output that is closed ${isTool ? "is not told" : "is told in one line"}`, () => {
    const closed = into(">&-", args);
    expect(OWN(closed.stderr)).toEqual(
      isTool ? [] : ["sockeye: write standard output: bad file descriptor (EBADF)"],
    );
    expect(closed.status).toBe(isTool ? into("> /dev/null", args).status : 2);
  });

  test(`${name}: a reader that leaves is not told at all`, () => {
    const usual = into("> /dev/null", args).status;
    const left = into('| true; exit "${PIPESTATUS[0]}"', args);
    expect(OWN(left.stderr)).toEqual([]);
    expect(left.status).toBe(usual);
  });
}

describe("a file that a flag names", () => {
  for (const [flag, status] of [["-a --record", 2], ["ss -a -D", 255]] as const) {
    testIf(
      firstReason(
        process.getuid?.() === 0 ? null : "only root can mount",
        Bun.which("unshare") === null ? "there is no unshare program" : null,
      ),
      `on a full disk is an error: ${flag}`,
      () => {
        const script =
          `mount -t tmpfs -o size=4k tmpfs "$1" && head -c 4096 /dev/zero > "$1/full" && exec "$0" ${flag} "$1/file"`;
        const run = Bun.spawnSync(["unshare", "-m", "sh", "-c", script, SOCKEYE, folder], {
          stdin: "ignore",
        });
        expect(OWN(run.stderr.toString())).toEqual([
          expect.stringMatching(/^(sockeye|ss): \S+.*no space left on device \(ENOSPC\)$/),
        ]);
        expect(run.exitCode).toBe(status);
      },
    );
  }
});

describe("Ctrl-C on a terminal", () => {
  testIf(
    firstReason(namespaceReason(), pythonReason()),
    "leaves a dump of 20,000 sockets at once, with the terminal as it was",
    async () => {
      await using netns = await Namespace.create();
      await using _filled = await fillSockets(20_000, 4, { netns });
      // The terminal holds a few KiB that nobody reads, and the program waits in write(2) when the key is pressed.
      const script = `
import os, pty, select, sys, termios, time
for text in (["-a"], ["ss", "-tan"], ["netstat", "-an"], ["lsof", "-nP", "-i"], ["-a", "--json"]):
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(sys.argv[1], [sys.argv[1]] + text)
    before = termios.tcgetattr(fd)
    seen = os.read(fd, 1)
    # It waits when it sleeps and the terminal has taken no more for a while.
    quiet = 0
    while quiet < 5 and os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        quiet = quiet + 1 if open("/proc/%d/stat" % pid).read().rpartition(")")[2].split()[0] == "S" else 0
        time.sleep(0.01)
    waiting = os.waitpid(pid, os.WNOHANG)[0] == 0
    after = termios.tcgetattr(fd)
    os.write(fd, b"\\x03")
    started = time.monotonic()
    # The line discipline throws away what was not read.
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended: break
        if time.monotonic() - started > 60: os.kill(pid, 9); sys.exit("did not end: %s" % text)
        time.sleep(0.005)
    rest = b""
    while select.select([fd], [], [], 0.05)[0]:
        try: part = os.read(fd, 65536)
        except OSError: break
        if not part: break
        rest += part
    print(waiting, os.WTERMSIG(status), before == after, b"\\x1b[?" in rest)
    os.close(fd)
`;
      const run = Bun.spawnSync(netns.command(["python3", "-c", script, SOCKEYE]), {
        env: { PATH: process.env.PATH ?? "", TERM: "xterm-256color" },
      });
      expect(run.stderr.toString()).toBe("");
      const lines = run.stdout.toString().trim().split("\n");
      expect(lines).toHaveLength(5);
      // It was waiting, was ended by the signal, and left modes and colours as they were: nothing was switched on.
      for (const line of lines) expect(line).toBe("True 2 True False");
    },
    400_000,
  );
});
