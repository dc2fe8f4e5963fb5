/** Attacks on the built program, and places that lack what programs expect. Each is tried. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SWITCHES } from "../../scripts/release/runtime.ts";
import { Lines } from "../support/lines.ts";
import { fillSockets, pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { SOCKEYE, sockeye, validSnapshot } from "../support/sockeye.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sockeye-hardening-"));
  chmodSync(folder, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

const needs = (program: string) => Bun.which(program) === null ? `there is no ${program}` : null;
const rootReason = process.getuid?.() === 0 ? null : "only root can do this";
const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];

function ran(
  command: readonly string[],
  options: { env?: Record<string, string>; cwd?: string } = {},
) {
  const run = Bun.spawnSync([...command], {
    stdin: "ignore",
    env: { PATH: process.env.PATH ?? "", ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  return { status: run.exitCode, stdout: run.stdout.toString(), stderr: run.stderr.toString() };
}

describe("an environment variable of the runtime", () => {
  const mark = () => join(folder, "mark");
  beforeAll(() => {
    const write = `writeFileSync(${JSON.stringify(mark())}, "ran")`;
    writeFileSync(join(folder, "evil.js"), `require("node:fs").${write}`);
    writeFileSync(join(folder, "evil.mjs"), `import { writeFileSync } from "node:fs"; ${write};`);
  });

  for (
    const [name, value] of [
      ["BUN_BE_BUN", "1"],
      ["BUN_OPTIONS", "--preload=@/evil.js"],
      ["BUN_OPTIONS", "--preload=@/evil.mjs"],
      ["BUN_OPTIONS", "--cpu-prof"],
      ["BUN_INSPECT", "ws://127.0.0.1:0/x"],
      ["BUN_INSPECT", "unix://@/inspect.sock"],
      ["BUN_INSPECT_CONNECT_TO", "unix://@/inspect.sock"],
      ["BUN_INSPECT_NOTIFY", "unix://@/inspect.sock"],
      ["BUN_INSPECT_PRELOAD", "@/evil.js"],
      ["BUN_INSPECT_PRELOAD", "@/evil.mjs"],
      ["BUN_INSPECT_PRELOAD", "/nonexistent"],
      ["BUN_BYTECODE_ORDER_OUT", "@/order"],
      ["BUN_BYTECODE_ORDER_NAMES_OUT", "@/order"],
      ["BUN_BYTECODE_DIGEST_OUT", "@/order"],
      ["BUN_ENABLE_CRASH_REPORTING", "1"],
      ["BUN_RUNTIME_TRANSPILER_CACHE_PATH", "@/cache"],
      ["BUN_TRACE", "@/trace"],
      ["NODE_OPTIONS", "--require=@/evil.js"],
      ["NODE_PATH", "@"],
      ["NODE_COMPILE_CACHE", "@/cache"],
      ["NODE_V8_COVERAGE", "@/coverage"],
      ["NODE_EXTRA_CA_CERTS", "@/evil.js"],
      ["NODE_CHANNEL_FD", "0"],
      ["NODE_DEBUG", "fs,net"],
      ["DEBUG", "*"],
    ] as const
  ) {
    test(`${name}=${value} changes nothing and leaves nothing behind`, () => {
      const before = readdirSync(folder).sort();
      const run = ran([SOCKEYE, "--version"], {
        env: { [name]: value.replace("@", folder) },
        cwd: folder,
      });
      expect(run).toEqual({ status: 0, stderr: "", stdout: sockeye(["--version"]).stdout });
      expect(existsSync(mark())).toBe(false);
      expect(readdirSync(folder).sort()).toEqual(before);
    });
  }

  test("of all those whose names stand in the runtime, together, changes nothing", () => {
    // Left out: what is refused, and what docs/servers.md says is seen: a warning, or an end.
    const left = /^(BUN_JSC_.*|NODE_CHANNEL_FD|SIMDUTF_.*)$/;
    const kinds =
      "BUN|NODE|JSC|WTF|UV|ICU|SSL|OPENSSL|LSQUIC|XDG|npm_config|NPM_CONFIG|HTTPS?|https?";
    const names = new Set(
      [
        ...readFileSync(process.execPath, "latin1").matchAll(
          new RegExp(`(?<![A-Za-z0-9_])(?:${kinds})_[A-Za-z0-9_]{2,60}`, "g"),
        ),
      ].map(([name]) => name).filter((name) => !left.test(name)),
    );
    for (const name of ["BUN_BE_BUN", "BUN_OPTIONS", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"]) {
      expect(names.has(name)).toBe(true);
    }
    for (const name of ["NODE_OPTIONS", "TMPDIR", "HOME", "DEBUG", "TZ", "LANG", "LC_ALL"]) {
      names.add(name);
    }
    const before = readdirSync(folder).sort();
    for (const value of ["1", "0", join(folder, "evil.js"), join(folder, "out"), "--preload=x"]) {
      const env = Object.fromEntries([...names].map((name) => [name, value]));
      for (const args of [["--version"], ["completion", "bash"]]) {
        expect(ran([SOCKEYE, ...args], { env, cwd: folder })).toEqual(sockeye(args));
      }
      expect(readdirSync(folder).sort()).toEqual(before);
    }
  });

  for (
    const [name, value] of SWITCHES.map(([name]) => name).filter((name) => /^JSC_[a-z]/.test(name))
      .map((name) => [`BUN_${name}`, /Directory|Path|File|Overrides/.test(name) ? "@/out" : "1"])
  ) {
    test(`${name}=${value}, which would read or write files, is refused by the runtime`, () => {
      const before = readdirSync(folder).sort();
      const run = ran([SOCKEYE, "-t"], {
        env: { [name!]: value!.replace("@", folder) },
        cwd: folder,
      });
      expect(run.status).toBe(1);
      expect(run.stdout).toBe("");
      expect(run.stderr).toStartWith(`error: invalid JSC environment variable\n\n    ${name}=`);
      expect(readdirSync(folder).sort()).toEqual(before);
    });
  }

  test("that begins with BUN_JSC_ is refused in one line", () => {
    for (
      const [name, value] of [["BUN_JSC_useJIT", "1"], ["BUN_JSC_useConcurrentGC", "0"]] as const
    ) {
      expect(ran([SOCKEYE, "--version"], { env: { [name]: value } })).toEqual({
        status: 2,
        stdout: "",
        stderr:
          `sockeye: ${name} is set, which changes the runtime inside of this program: unset it\n`,
      });
    }
  });
});

describe("rights that the file gives", () => {
  const LINE =
    /^sockeye: file capabilities or the setuid bit give this file rights, .* run it by sudo\n$/;

  testIf(
    firstReason(rootReason, needs("setpriv"), needs("setcap")),
    "by capabilities are refused",
    () => {
      const copy = join(folder, "capable");
      copyFileSync(SOCKEYE, copy);
      chmodSync(copy, 0o755);
      expect(ran(["setcap", "cap_net_admin,cap_sys_ptrace+ep", copy])).toMatchObject({ status: 0 });
      const run = ran([...NOBODY, copy, "-t"]);
      expect(run).toEqual({ status: 2, stdout: "", stderr: expect.stringMatching(LINE) });
      // Root gains nothing by them.
      expect(ran([copy, "--version"]).status).toBe(0);
      rmSync(copy);
    },
  );

  testIf(
    firstReason(rootReason, needs("setpriv")),
    "by the setuid or setgid bit are refused",
    () => {
      const copy = join(folder, "setuid");
      copyFileSync(SOCKEYE, copy);
      for (const mode of [0o4755, 0o2755]) {
        chmodSync(copy, mode);
        for (const args of [["-t"], ["--version"], ["ss", "-t"]]) {
          const run = ran([...NOBODY, copy, ...args]);
          expect(run).toEqual({ status: 2, stdout: "", stderr: expect.stringMatching(LINE) });
        }
      }
      rmSync(copy);
    },
  );
});

describe("what is touched", () => {
  testIf(
    needs("strace"),
    "no file is written, nothing is opened in /tmp, no socket but netlink's is made",
    () => {
      for (
        const args of [["-a"], ["-a", "-x", "--info", "--json"], ["ss", "-tuanp"], ["lsof", "-i"]]
      ) {
        const trace = join(folder, "trace");
        const run = ran([
          "strace",
          "-f",
          "-e",
          "trace=%file,%network",
          "-o",
          trace,
          SOCKEYE,
          ...args,
        ]);
        // 1 where lsof finds nothing.
        expect([0, 1]).toContain(run.status);
        const lines = readFileSync(trace, "utf8").split("\n");
        const calls = lines.filter((line) => /^\d+ +\w+\(/.test(line));
        expect(calls.length).toBeGreaterThan(30);
        // What a descriptor of somebody else leads to, where the test itself is, and names in what was received may say /tmp.
        const own = calls.filter((line) =>
          !/^\d+ +(execve|getcwd|readlinkat|recv\w+)\(/.test(line)
        );
        const bad = own.filter((line) =>
          (/O_CREAT|O_WRONLY|O_RDWR|O_TRUNC|"\/tmp|\b(unlink|rename|mkdir|symlink|link|chmod|chown)\w*\(/
            .test(line) && !line.includes('"/dev/null"')) ||
          /\bsocket\((?!AF_NETLINK)/.test(line) || /\b(connect|listen|accept4?)\(/.test(line)
        );
        expect(bad).toEqual([]);
      }
    },
  );
});

/** The files a dynamic program needs to start. */
function libraries(program: string): string[] {
  return [...ran(["ldd", program]).stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path!);
}

describe("a place", () => {
  const inRoot = firstReason(
    rootReason,
    needs("unshare"),
    needs("chroot"),
    needs("ldd"),
    needs("mount"),
  );
  let bare: string;
  beforeAll(() => {
    bare = join(folder, "bare");
    mkdirSync(join(bare, "proc"), { recursive: true });
    if (inRoot !== null) return;
    for (const path of libraries(SOCKEYE)) {
      mkdirSync(join(bare, dirname(path)), { recursive: true });
      copyFileSync(path, join(bare, path));
    }
    copyFileSync(SOCKEYE, join(bare, "sockeye"));
    chmodSync(join(bare, "sockeye"), 0o755);
  });
  /** Runs in a root that has the program, its libraries and /proc, and that cannot be written to. */
  const inBare = (args: string, also = "") =>
    ran([
      "unshare",
      "-m",
      "sh",
      "-c",
      `mount --bind "$0" "$0" && mount -t proc proc "$0/proc" && mount -o remount,bind,ro "$0" && ` +
      `{ ${also || "true"}; } && exec chroot "$0" /sockeye ${args}`,
      bare,
    ]);

  testIf(inRoot, "with a read-only root and neither /tmp nor /dev nor /sys is enough", () => {
    const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    try {
      const run = inBare(`-t --port ${listener.port}`);
      expect(run.status).toBe(0);
      // A container's root may lack the rights to look into some process.
      expect(run.stderr).toMatch(/^(sockeye: \d+ process.*\n)?$/);
      expect(run.stdout).toContain(`(pid=${process.pid},fd=`);
    } finally {
      listener.stop();
    }
  });

  testIf(
    inRoot,
    "without /proc: it ends before the program begins, not in silence",
    () => {
      const run = ran(["chroot", join(folder, "bare"), "/sockeye", "--version"]);
      expect(run.status).not.toBe(0);
      expect(run.stdout).toBe("");
      // The one file says it itself, in the plain program glibc and the runtime do.
      expect(run.stderr).toMatch(/abort\(\) called|^sockeye: \/proc is not mounted here, .*\n$/);
    },
  );

  testIf(inRoot, "in a PID namespace shows the processes that are in it", () => {
    const run = ran(["unshare", "-pf", "--mount-proc", SOCKEYE, "doctor"]);
    expect(run.status).toBe(0);
    expect(run.stderr).not.toContain("bug");
    expect(ran(["unshare", "-pf", "--mount-proc", SOCKEYE, "-a"]).status).toBe(0);
  });

  test("whose working directory is gone is no hindrance", () => {
    const gone = mkdtempSync(join(folder, "gone-"));
    const run = ran(["sh", "-c", 'rmdir "$1" && exec "$0" --version', SOCKEYE, gone], {
      cwd: gone,
    });
    if (existsSync(gone)) rmdirSync(gone);
    expect(run).toMatchObject({ status: 0, stderr: "" });
  });

  test("with standard input, output and error closed does not crash", () => {
    for (const closed of ["<&-", "<&- 2>&-", "<&- >&- 2>&-"]) {
      const run = ran(["sh", "-c", `"$0" -t ${closed}; echo "status $?" >&2`, SOCKEYE]);
      expect(run.stderr).toMatch(/status [02]\n$/);
      expect(run.stderr).not.toContain("bug");
    }
  });

  testIf(
    firstReason(rootReason, needs("setpriv"), needs("prlimit")),
    "of a dozen descriptors",
    () => {
      const copy = join(folder, "copy");
      copyFileSync(SOCKEYE, copy);
      chmodSync(copy, 0o755);
      const run = ran(["prlimit", "--nofile=12", ...NOBODY, copy, "-t"]);
      expect(run.status).toBe(0);
      expect(run.stderr).not.toContain("bug");
    },
  );
});

describe("memory", () => {
  const V1 = "/sys/fs/cgroup/memory";
  const V2 = "/sys/fs/cgroup";
  const group = `sockeye-test-${process.pid}`;
  const limitFile = existsSync(join(V1, "memory.limit_in_bytes"))
    ? join(V1, group, "memory.limit_in_bytes")
    : existsSync(join(V2, "cgroup.controllers")) &&
        readFileSync(join(V2, "cgroup.subtree_control"), "utf8").includes("memory")
    ? join(V2, group, "memory.max")
    : null;
  let refused: string | null = limitFile === null ? "there is no memory controller" : rootReason;
  if (refused === null) {
    try {
      mkdirSync(dirname(limitFile!));
      rmdirSync(dirname(limitFile!));
    } catch (error) {
      refused = `no control group can be made: ${(error as Error).message}`;
    }
  }

  testIf(
    firstReason(refused, namespaceReason(), pythonReason()),
    "of 64 MB is enough for 20,000 sockets",
    async () => {
      const place = dirname(limitFile!);
      mkdirSync(place);
      try {
        writeFileSync(limitFile!, String(64 * 1024 * 1024));
        await using netns = await Namespace.create();
        await using _filled = await fillSockets(20_000, 4, { netns });
        for (const args of ["-a", "-a --json", "ss -tanp"]) {
          const script = `(echo "$BASHPID" > "$1/cgroup.procs" && exec "$0" ${args}) | wc -l; ` +
            'exit "${PIPESTATUS[0]}"';
          const run = ran(netns.command(["bash", "-c", script, SOCKEYE, place]));
          expect(run).toMatchObject({ status: 0, stderr: "" });
          expect(Number(run.stdout)).toBeGreaterThan(20_000);
        }
      } finally {
        rmdirSync(place);
      }
    },
    400_000,
  );
});

/** Runs under PR_SET_MDWE, which is what systemd's MemoryDenyWriteExecute does. */
const MDWE = [
  "python3",
  "-c",
  "import ctypes, os, sys\n" +
  "if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0): sys.exit(77)\n" +
  "os.execv(sys.argv[1], sys.argv[1:])",
];
const mdweReason = pythonReason() ??
  (ran([...MDWE, "/bin/true"]).status === 77 ? "this kernel has no PR_SET_MDWE" : null);

describe("where memory cannot be made executable (W^X)", () => {
  const SAYS =
    /^sockeye: the kernel cannot be asked here, so only \/proc is read: bun:ffi requires the JIT\n/;

  testIf(mdweReason, "the answer comes from /proc, with owners, and one line says so", () => {
    const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    try {
      const port = String(listener.port);
      for (
        const args of [["--port", port], ["ss", "-tlnp", `sport = :${port}`], ["netstat", "-tlnp"]]
      ) {
        const run = ran([...MDWE, SOCKEYE, ...args]);
        expect(run).toMatchObject({ status: 0, stderr: expect.stringMatching(SAYS) });
        expect(run.stdout).toContain(`:${port}`);
        expect(run.stdout).toContain(String(process.pid));
      }
      const sockets = (before: readonly string[]) =>
        validSnapshot(JSON.parse(ran([...before, SOCKEYE, "--port", port, "--json"]).stdout))
          .sockets;
      const [plain, usual] = [sockets(MDWE)[0]!, sockets([])[0]!];
      expect(plain.inode).toBe(usual.inode);
      expect(plain.owners).toEqual(usual.owners);
    } finally {
      listener.stop();
    }
  });

  testIf(mdweReason, "a full disk, a broken pipe and a wrong flag are told as ever", () => {
    const shell = (command: string) => ran([...MDWE, "/bin/sh", "-c", command, SOCKEYE]);
    expect(shell(`"$0" --help > /dev/full`)).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/no space left on device \(ENOSPC\)\n$/),
    });
    expect(shell(`"$0" --help | head -n 1`)).toMatchObject({
      status: 0,
      stdout: "Usage: sockeye [FLAGS] [TARGET… | FILTER]\n",
    });
    expect(shell(`"$0" --nonsense`).stderr).toMatch(/there is no flag --nonsense; .*\n$/);
  });
});

describe("Ctrl-C", () => {
  testIf(
    firstReason(namespaceReason(), pythonReason()),
    "during a long dump that nobody reads ends the program",
    async () => {
      await using netns = await Namespace.create();
      await using _filled = await fillSockets(4000, 2, { netns });
      // The pipe is full long before the end, and nobody reads it.
      const script = `
import fcntl, signal, struct, subprocess, sys, termios, time
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
capacity = fcntl.fcntl(child.stdout, 1032)  # F_GETPIPE_SZ
filled = lambda: struct.unpack("i", fcntl.ioctl(child.stdout, termios.FIONREAD, b"0000"))[0]
while child.poll() is None and filled() <= capacity - 4096: time.sleep(0.01)
waiting = child.poll() is None
child.send_signal(signal.SIGINT)
# The pipe stays full, so it could not have come to its end by itself.
child.wait()
print(waiting, child.returncode, len(child.stderr.read()))
`;
      const run = ran(netns.command(["python3", "-c", script, SOCKEYE, "-a", "--json"]));
      expect(run.stdout).toBe("True -2 0\n");
    },
  );
});

describe("a failure inside", () => {
  const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
  const fault = fileURLToPath(new URL("../support/without_start.ts", import.meta.url));

  test.each([
    ["load", "TypeError: cannot be loaded"],
    ["promise", "RangeError: left alone"],
  ])("(%s) is one line that says where to take it, and status 2", (kind, what) => {
    const run = ran([process.execPath, "--preload", fault, main], { env: { FAULT: kind } });
    expect(run).toEqual({
      status: 2,
      stdout: "",
      stderr:
        `sockeye: this is a bug, please report it with the command line and the output of --version: ${what}\n`,
    });
  });
});

/** Binds port 4777, gives the socket to a program at the end of a path longer than PATH_MAX, says `ready` and waits. */
const DEEP = `
import os, shutil, socket, sys
listener = socket.socket()
listener.bind(("127.0.0.1", 4777))
listener.listen(5)
listener.set_inheritable(True)
os.chdir(sys.argv[1])
for _ in range(25):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
shutil.copy(shutil.which("sleep"), "./held")
os.chmod("./held", 0o755)
child = os.fork()
if child == 0:
    os.execv("./held", ["held", "100000"])
print(child, flush=True)
sys.stdin.read()
os.kill(child, 9)
`;

testIf(
  firstReason(pythonReason(), namespaceReason(), rootReason),
  "a holder whose program has too long a path stays a holder, and satisfies no policy",
  async () => {
    await using netns = await Namespace.create();
    const deep = mkdtempSync(join(tmpdir(), "sockeye-deep-"));
    const child = Bun.spawn(netns.command(["python3", "-c", DEEP, deep]), {
      stdin: "pipe",
      stdout: "pipe",
    });
    try {
      const pid = Number(await new Lines(child.stdout).next());
      const policy = join(folder, "deep.yaml");
      writeFileSync(
        policy,
        'schema: sockeye.policy/1\nlisteners:\n  - { name: a, transport: tcp, port: 4777, exe: "/**/python3*" }\n',
      );
      // The child runs the interpreter until it has called exec.
      while (readFileSync(`/proc/${pid}/comm`, "utf8") !== "held\n") await Bun.sleep(10);
      const { status, stdout } = sockeye(
        ["audit", "--own-netns", "--policy", policy, "--json"],
        { netns },
      );
      expect(status).toBe(3);
      const [{ verdict, message }] = JSON.parse(stdout).results;
      expect({ verdict, message }).toEqual({
        verdict: "undecidable",
        message: `the program of held(${pid}) could not be read`,
      });
    } finally {
      child.stdin.end();
      await child.exited;
      // By its own program, which takes paths of any length.
      Bun.spawnSync(["rm", "-rf", deep]);
    }
  },
);
