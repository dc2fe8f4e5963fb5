/**
 * What the built binary does where the runtime would do otherwise: a build flag that is misspelt is ignored in silence, so
 * only behaviour counts.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fillSockets, pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { type JsonSnapshot, SOCKEYE, sockeye, validSnapshot } from "../support/sockeye.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sockeye-binary-"));
  chmodSync(folder, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

const isRoot = process.getuid?.() === 0;
const asNobody = firstReason(
  isRoot ? null : "only root can become another user",
  Bun.which("setpriv") === null ? "there is no setpriv program" : null,
);
const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];

describe("the working directory", () => {
  const PRELOAD = `require("node:fs").writeFileSync(process.env.MARK, "ran")`;

  test("cannot make the program run a preload, by any file it might read there", () => {
    const cwd = mkdtempSync(join(folder, "hostile-"));
    const mark = join(cwd, "mark");
    writeFileSync(join(cwd, "evil.js"), PRELOAD);
    writeFileSync(join(cwd, "bunfig.toml"), 'preload = ["./evil.js"]\n');
    writeFileSync(join(cwd, ".env"), "NO_COLOR=1\nBUN_OPTIONS=--preload=./evil.js\n");
    writeFileSync(join(cwd, "tsconfig.json"), "not json");
    writeFileSync(join(cwd, "package.json"), "not json");
    const ran = sockeye(["--version"], { cwd, env: { MARK: mark } });
    expect(ran).toMatchObject({ status: 0, stderr: "" });
    expect(existsSync(mark)).toBe(false);
  });

  testIf(
    Bun.which("strace") === null ? "there is no strace program" : null,
    "is not looked into at all",
    () => {
      const cwd = mkdtempSync(join(folder, "empty-"));
      symlinkSync("/nonexistent", join(cwd, "libc.so.6"));
      const trace = join(folder, "trace");
      const run = Bun.spawnSync(["strace", "-f", "-e", "trace=%file", "-o", trace, SOCKEYE, "-a"], {
        cwd,
      });
      expect(run.exitCode).toBe(0);
      const paths = [...readFileSync(trace, "utf8").matchAll(/"([^"]*)"/g)].map(([, path]) =>
        path!
      );
      expect(paths.length).toBeGreaterThan(20);
      // Names below an open /proc directory are relative too; none of them is a file here.
      const here = paths.filter((path) =>
        path.startsWith(`${cwd}/`) ||
        /\.(so|toml|json|env|js|ts)\b/.test(path) && !path.startsWith("/")
      );
      expect(here).toEqual([]);
    },
  );
});

describe("the environment", () => {
  test("cannot turn the program into an interpreter", () => {
    const mark = join(folder, "interpreter-mark");
    const script = join(folder, "evil.js");
    writeFileSync(script, `require("node:fs").writeFileSync(${JSON.stringify(mark)}, "ran")`);
    const { stdout } = sockeye(["--version"]);
    for (
      const env of [{ BUN_BE_BUN: "1" }, { BUN_OPTIONS: `--preload=${script}` }, {
        BUN_OPTIONS: "--help",
      }] as Record<
        string,
        string
      >[]
    ) {
      expect(sockeye(["--version"], { env }).stdout).toBe(stdout);
    }
    Bun.spawnSync([SOCKEYE, "run", script], { env: { BUN_BE_BUN: "1" } });
    expect(existsSync(mark)).toBe(false);
  });
});

describe("standard output", () => {
  const sockets = firstReason(namespaceReason(), pythonReason());

  testIf(
    sockets,
    "arrives whole in a slow pipe that was made non-blocking, and the pipe stays as it was",
    async () => {
      await using netns = await Namespace.create();
      await using _filled = await fillSockets(4000, 2, { netns });
      // A pipe that is read only once it is full; its flags are looked at before and after, from the side that wrote.
      const script = `
import fcntl, os, struct, subprocess, sys, termios, time
r, w = os.pipe()
if sys.argv[1] == "nonblock": os.set_blocking(w, False)
before = fcntl.fcntl(w, fcntl.F_GETFL)
child = subprocess.Popen(sys.argv[2:], stdout=w)
capacity = fcntl.fcntl(w, 1032)  # F_GETPIPE_SZ
filled = lambda: struct.unpack("i", fcntl.ioctl(r, termios.FIONREAD, b"0000"))[0]
while child.poll() is None and filled() <= capacity - 4096: time.sleep(0.01)
size = 0; lines = 0; last = b""
while True:
    if child.poll() is not None and w >= 0:
        after = fcntl.fcntl(w, fcntl.F_GETFL); os.close(w); w = -1
    import select
    if not select.select([r], [], [], 0.05)[0]: continue
    data = os.read(r, 65536)
    if not data: break
    size += len(data); lines += data.count(b"\\n"); last = data[-1:]
print(size, lines, last == b"\\n", before == after, child.returncode)
`;
      for (const mode of ["block", "nonblock"]) {
        const run = Bun.spawnSync(
          netns.command(["python3", "-c", script, mode, SOCKEYE, "-a", "--json"]),
          { stderr: "inherit" },
        );
        const [size, lines, ended, same, status] = run.stdout.toString().trim().split(" ");
        // Opening bracket and closing one, and a line a socket.
        expect(Number(lines)).toBeGreaterThanOrEqual(4000);
        expect(Number(size)).toBeGreaterThan(2_000_000);
        expect([ended, same, status]).toEqual(["True", "True", "0"]);
      }
    },
  );

  test("that is closed by its reader ends the program quietly", () => {
    const run = Bun.spawnSync([
      "bash",
      "-c",
      `"$0" --help | head -n 1; echo "\${PIPESTATUS[0]}"`,
      SOCKEYE,
    ]);
    expect(run.stdout.toString()).toBe("Usage: sockeye [FLAGS] [TARGET… | FILTER]\n0\n");
    expect(run.stderr.toString()).toBe("");
  });

  test("that is full is an error, told once, with status 2", () => {
    const run = Bun.spawnSync(["bash", "-c", `"$0" --help > /dev/full`, SOCKEYE]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr.toString()).toBe(
      "sockeye: write standard output: no space left on device (ENOSPC)\n",
    );
  });

  test("that is closed from the start is no reason to crash", () => {
    const run = Bun.spawnSync(["bash", "-c", `"$0" --help >&-`, SOCKEYE]);
    expect([0, 2]).toContain(run.exitCode);
    expect(run.stderr.toString()).not.toContain("bug");
  });
});

describe("errors", () => {
  test.each([
    [["--nonsense"], "sockeye: there is no flag --nonsense; sockeye --help lists them\n"],
    [
      ["--port", "x"],
      'sockeye: --port x: "x" is not a port: expected N, N-M or a service, 0 to 65535\n',
    ],
    [
      ["-l", "--state", "listen"],
      "sockeye: --listening and --state contradict each other: give one of them\n",
    ],
    [["--\x1b[2J"], "sockeye: there is no flag --\\x1b[2J; sockeye --help lists them\n"],
  ])("%p is one line and status 2", (args, stderr) => {
    expect(sockeye(args)).toEqual({ stdout: "", stderr, status: 2 });
  });
});

describe("completeness", () => {
  testIf(
    asNobody,
    "is told to an ordinary user: the gap, the sockets that are hidden, status 3 when asked for",
    () => {
      const copy = join(folder, "sockeye");
      copyFileSync(SOCKEYE, copy);
      chmodSync(copy, 0o755);
      const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
      try {
        const run = (...args: string[]) =>
          Bun.spawnSync([...NOBODY, copy, "--port", String(listener.port), ...args]);
        const plain = run();
        expect(plain.exitCode).toBe(0);
        expect(plain.stderr.toString()).toMatch(
          /^sockeye: \d+ process(es)? could not be read; run as root to see (its|their) sockets\n$/,
        );
        expect(plain.stdout.toString()).toContain("(hidden)");
        expect(run("--require-complete").exitCode).toBe(3);
        const snapshot = validSnapshot(JSON.parse(run("--json").stdout.toString()));
        expect(snapshot.complete).toBe(false);
        expect(snapshot.gaps[0]).toMatchObject({ kind: "processes" });
        expect(snapshot.sockets).toMatchObject([{ ownership: "hidden", owners: [] }]);
      } finally {
        listener.stop();
      }
    },
  );
});

describe("formats", () => {
  test("--ndjson has a header line, and then a socket a line, as --json has them", () => {
    const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    try {
      const args = ["--port", String(listener.port)];
      const lines = sockeye([...args, "--ndjson"]).stdout.trimEnd().split("\n").map((line) =>
        JSON.parse(line)
      );
      const { sockets, ...header } = JSON.parse(sockeye([...args, "--json"]).stdout);
      validSnapshot({ ...lines[0], sockets: lines.slice(1) });
      expect(lines.slice(1)).toEqual(sockets);
      // Two runs: their times differ, and how many processes there were to count.
      const shape = ({ gaps, ...rest }: JsonSnapshot) => ({
        ...rest,
        taken_at: "",
        gaps: gaps.map(({ kind }) => kind),
      });
      expect(shape(lines[0])).toEqual(shape(header));
    } finally {
      listener.stop();
    }
  });

  test("text in a pipe is one socket a line, with every owner and no colour", () => {
    const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    try {
      const { stdout } = sockeye(["--port", String(listener.port)]);
      const [header, row, end] = stdout.split("\n");
      expect(header!.trim().split(/\s+/)).toEqual([
        "PROTO",
        "STATE",
        "RECV-Q",
        "SEND-Q",
        "LOCAL",
        "PEER",
        "REACH",
        "OWNERS",
      ]);
      expect(row!.split(/\s+/).slice(0, 7)).toEqual([
        "tcp",
        "listen",
        "0",
        "512",
        `127.0.0.1:${listener.port}`,
        "-",
        "loopback",
      ]);
      expect(row).toContain(`(pid=${process.pid},fd=`);
      expect(end).toBe("");
    } finally {
      listener.stop();
    }
  });
});
