/**
 * lsof mode against the host's lsof 4.95 on the same processes: bytes of `-F0` and of the table, and exit statuses.
 *
 * Where the two differ on purpose there is a test of what ours does instead.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Lines } from "../support/lines.ts";
import { type Made, makeSocket, pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, skipPart, testIf } from "../support/skip.ts";
import { sockeye } from "../support/sockeye.ts";

/** Why the original cannot be asked: its output differs from version to version. */
function lsofReason(): string | null {
  if (Bun.which("lsof") === null) return "there is no lsof program";
  const said = Bun.spawnSync(["lsof", "-v"], { stderr: "pipe" }).stderr.toString();
  const version = /revision: (\S+)/.exec(said)?.[1] ?? "unknown";
  return version.startsWith("4.95.") ? null : `lsof is ${version}, not 4.95`;
}

const reason = firstReason(namespaceReason(), pythonReason(), lsofReason());
const ENV = { LC_ALL: "C" };

/** What stands in the namespace: a name for the process, the factory, its options. */
const SCENE: readonly (readonly [name: string, factory: string, args: Record<string, number>])[] = [
  ["LISTEN", "tcp_listen", { port: 8080 }],
  ["DUAL", "tcp_listen_dual", { port: 8081 }],
  ["PAIR", "tcp_pair", {}],
  ["PAIR6", "tcp6_pair", {}],
  ["MAPPED", "tcp_mapped_pair", {}],
  ["WAITING", "unaccepted", {}],
  ["HALF", "fin_wait_close_wait", {}],
  ["QUEUES", "queues", {}],
  ["UDP", "udp_bound", { port: 5353 }],
  ["UDP6", "udp6_bound", {}],
  ["TALK", "udp_connected", {}],
  ["LITE", "udplite", {}],
  ["RAW", "raw", {}],
  ["PACKET", "packet_raw", {}],
  ["ROUTE", "netlink_route", {}],
  ["UNIX", "unix_stream", {}],
  ["DGRAM", "unix_dgram", {}],
  ["FORK", "forked_listener", { workers: 3 }],
  ["LOG", "deleted_log", {}],
  ["BOUND", "bound_inactive", {}],
];

/** Selections; each is asked for with -F0, and those of the first list as a table too. `$NAME` is a process. */
const TABLES = [
  "-i",
  "-nP -i",
  "-n -i",
  "-P -i",
  "-nP -i4",
  "-nP -i6",
  "-nP -i4 -i6",
  "-nP -iTCP -sTCP:LISTEN",
  "-nP -iTCP -sTCP:^LISTEN",
  "-nP -i -sTCP:LISTEN",
  "-nP -iUDP",
  "-nP -i :8080",
  "-nP -i @[::1]",
  "-nP -i tcp@127.0.0.1:8080",
  "-nP -i6TCP:8081",
  "-l -R -g -nP -iTCP",
  "-nP -p $LISTEN",
  "-nP -p $UNIX,$RAW,$PACKET,$ROUTE",
  "-p $LOG",
  "-nP -a -p $LISTEN,$UNIX -i",
  "-a -U -p $UNIX",
  "-a -U -p $DGRAM",
  "-nP -a -p $PAIR -d fd",
  "-a -p $LISTEN -d cwd,rtd,txt",
  "-nP -a -p $LISTEN -d cwd -sTCP:LISTEN",
  "-nP -i@127.1:8080",
  "-a -p $LISTEN -d ^mem",
  "-a -p $LISTEN -d 0-4 -o",
  "-a -p $LISTEN -d 0-4 -s",
  "-a -p $LISTEN -d 0-4 -T",
  "-nP -a -p $QUEUES -i -Tqs",
  "-nP -a -p $QUEUES -i -Tq",
  "-a -p $LISTEN -d 0-4 +L",
  "-a -p $LISTEN -d 0-4 +fg",
  "-a -p $LISTEN -d 0-4 +fG",
  "-a -p $LOG +L1",
  "-nP -a -p $FORK -i",
  "-nP -a -p $PAIR -i -E",
  "-nP -a -p $FORK -i +c 3",
  "-a -K -p $LISTEN -d cwd",
  "-V -nP -i :8080 -i :1",
  "-V -a -p $LISTEN,99999999 -d cwd",
  "-Q -nP -iTCP:1",
  "-a -p $BOUND -d fd",
];
const MORE = [
  "-nP -i -i4",
  "-nP -iTCP",
  "-nP -iUDPLITE",
  "-nP -iTCP -sTCP:ESTABLISHED,LISTEN",
  "-nP -iTCP -sTCP:CLOSE_WAIT",
  "-nP -iTCP -sTCP:CLOSING",
  "-nP -i -sTCP:^LISTEN,^ESTABLISHED",
  "-nP -i :8080,8081",
  "-nP -i :8000-9000",
  "-nP -i :1",
  "-nP -i :8080 -i :1",
  "-nP -iTCP -iTCP:99",
  "-nP -iTCP:http-alt",
  "-nP -i :8080-http-alt",
  "-nP -i @127.0.0.1",
  "-nP -i @127.0.0.1:8080",
  "-nP -i @127.0.0.1:8080,8081",
  "-nP -i @[::ffff:127.0.0.1]",
  "-nP -i 4@127.0.0.1",
  "-nP -i 4TCP:8081",
  "-nP -i6 -i TCP:8080",
  "-nP -i4 -i TCP:8081",
  "-nP -i udp:5353",
  "-nP -i UDP@127.0.0.1",
  "-nP -i tcp@0.0.0.0",
  "-nP -i @0.0.0.0:8080",
  "-nP -i :70000",
  "-nPi",
  "-nPiTCP",
  "-nPi:8080",
  "-nP -a -i -p ^$LISTEN",
  "-nP -a -iTCP -u root",
  "-nP -a -iTCP -u ^root",
  "-nP -a -iTCP -c python",
  "-nP -a -iTCP -c nothing",
  "-nP -a -iTCP -d 0-3",
  "-nP -a -iTCP -d ^3",
  "-nP -a -iTCP -c /^PYT/i",
  "-nP -a -iTCP -c /^pyt\\(h\\)on/b",
  "-nP -a -iTCP -c ^python",
  "-p $LISTEN",
  "-p $LISTEN,$UDP",
  "-nP -p $TALK -a -iUDP",
  "-nP -p $MAPPED -a -i4",
  "-nP -p $MAPPED -a -i6",
  "-nP -p $WAITING -a -i",
  "-nP -p $HALF -a -i",
  "-nP -p $LITE -a -i",
  "-nP -p $RAW -a -i",
  "-nP -a -p $LISTEN -U",
  "-a -p $LOG -d txt,mem",
  "-a -p $LOG +L2",
  "-a -p $LOG +L0",
  "-a -p $LISTEN -g",
  "-a -p $LISTEN -R -d 3",
  "-nP -a -p $PAIR6 -i -E",
  "-nP -a -p $UNIX -U -E",
  "-nP -a -p $LISTEN -d 3 -X",
  "-nP -a -p $LISTEN -d fd -K i",
  "-nP -a -p $LISTEN -d nothing",
  "-nP -a -p $LISTEN /dev/null",
  "-nP -a -p $LISTEN -u 0,1",
];
/** What is wrong with a command line shows in the status and, up to the colon, in the first line on standard error. */
const ERRORS = [
  "-a",
  "-i 46",
  "-i x",
  "-i @*",
  "-i @[::]",
  "-i @0.0.0.0",
  "-i TCP:",
  "-i :90-80",
  "-i :80x",
  "-i :,80",
  "-i 6@127.0.0.1",
  "-i 4@[::1]",
  "-i :nosuchservice",
  "-i tcp:nosuchservice",
  "-s TCP:FOO",
  "-s UDP:Idle",
  "-s foo:LISTEN",
  "-i -sTCP:LISTEN,^LISTEN",
  "-F -t",
  "-Fq",
  "-y",
  "-d",
  "-d ^1,2",
  "-d 5-3",
  "-d 1-x",
  "-p",
  "-p x",
  "-p 1,^1",
  "-g x",
  "-u nosuchuser",
  "-o -s",
  "-x",
  "-K x",
  "-c",
  "-c /x",
  "-c /x/q",
  "+c x",
  "-X -i",
  "-L1",
  "-Tw",
];

/** Starts what SCENE says. */
class Scene {
  readonly netns: Namespace;
  readonly pids = new Map<string, number>();
  readonly #made: Made[] = [];

  private constructor(netns: Namespace) {
    this.netns = netns;
  }

  static async create(): Promise<Scene> {
    const scene = new Scene(await Namespace.create());
    for (const [name, factory, args] of SCENE) {
      const made = await makeSocket(factory, args, { netns: scene.netns });
      if (made.skip !== null) {
        // One kind less to compare; an ID that nobody has stands in its place.
        scene.pids.set(name, 99999998);
        continue;
      }
      scene.#made.push(made);
      const { process } = made.info;
      scene.pids.set(name, typeof process === "number" ? process : made.pid);
    }
    return scene;
  }

  words(line: string): string[] {
    return line.split(" ").map((word) =>
      word.replace(/\$([A-Z0-9]+)/g, (_, name) => String(this.pids.get(name)!))
    );
  }

  original(line: string): { stdout: string; stderr: string; status: number } {
    const run = Bun.spawnSync(this.netns.command(["lsof", ...this.words(line)]), {
      stdin: "ignore",
      stderr: "pipe",
      env: { PATH: process.env.PATH ?? "", ...ENV },
    });
    return { stdout: run.stdout.toString(), stderr: run.stderr.toString(), status: run.exitCode };
  }

  ours(line: string): { stdout: string; stderr: string; status: number } {
    return sockeye(["lsof", ...this.words(line)], { netns: this.netns, env: ENV });
  }

  async stop(): Promise<void> {
    for (const made of this.#made) await made.stop();
    await this.netns.stop();
  }
}

/** Each compared list takes lsof's time once. */
const TIMEOUT_MS = 240_000;

describe("sockeye lsof", () => {
  let scene: Scene;

  beforeAll(async () => {
    if (reason === null) scene = await Scene.create();
  }, 400_000);
  afterAll(async () => await scene?.stop());

  function expectSame(line: string): void {
    const original = scene.original(line);
    const ours = scene.ours(line);
    expect(ours.stdout, `lsof ${line}`).toBe(original.stdout);
    expect(ours.status, `status of lsof ${line}`).toBe(original.status);
  }

  testIf(reason, "the table is that of lsof 4.95, byte for byte", () => {
    expect(TABLES.length).toBeGreaterThanOrEqual(40);
    for (const line of TABLES) expectSame(line);
    expect(scene.ours("-nP -i").stdout).toContain("TCP 127.0.0.1:8080 (LISTEN)\n");
  }, TIMEOUT_MS);

  testIf(reason, "the fields are those of lsof 4.95, byte for byte", () => {
    const lists = [...TABLES, ...MORE].filter((line) => !/-V|-Q/.test(line));
    expect(lists.length).toBeGreaterThanOrEqual(80);
    for (const line of lists) expectSame(`-F0 ${line}`);
  }, TIMEOUT_MS);

  testIf(reason, "single fields, newlines and terse output are the same too", () => {
    for (
      const form of [
        "-F",
        "-Fn",
        "-Fo",
        "-Fso",
        "-F0k",
        "-Fpcfn",
        "-FT",
        "-F0pcuftDin",
        "-FgRG",
        "-t",
      ]
    ) {
      expectSame(`${form} -nP -i`);
      expectSame(`${form} -nP -a -p $LISTEN,$UNIX -d fd`);
    }
  }, TIMEOUT_MS);

  testIf(reason, "repetition ends after its count, with its marker", () => {
    expectSame("-r 1c1mEND -a -p $LISTEN -d cwd");
    expectSame("-F0 -r 1c1mEND -a -p $LISTEN -d cwd");
    expectSame("+r 1 -a -p 99999999");
    expectSame("+r1c1 -nP -a -p $LISTEN -i");
    expectSame("+r1c1 -t -nP -a -p $LISTEN -i");
    expectSame("+r1c1 -nP -a -p 99999999 -i");
  }, TIMEOUT_MS);

  testIf(reason, "fields that Linux never shows are accepted", () => {
    for (const letter of "CFNz") {
      expectSame(`-Fp${letter} -nP -a -p $LISTEN -i`);
      expectSame(`-F${letter} -nP -a -p $LISTEN -i`);
    }
  }, TIMEOUT_MS);

  testIf(reason, "with -Q nothing is told of a name that does not exist", () => {
    for (
      const line of [
        "-Q /nosuch",
        "-Q -nP -a -p $LISTEN -i",
        "-Q -nP -iTCP /nosuch",
        "-Q -nP -a -p $LISTEN -iTCP /nosuch",
      ]
    ) {
      expectSame(line);
      expect([line, scene.ours(line).stderr]).toEqual([line, ""]);
    }
    expectSame("-nP -a -p $LISTEN -iTCP /nosuch");
    expect(scene.ours("-Q +d /nosuch").stderr).toBe(
      "lsof: WARNING: can't stat(/nosuch): No such file or directory\n",
    );
    expectSame("-Q +d /nosuch");
  }, TIMEOUT_MS);

  testIf(reason, "a command line that makes no sense fails as the original does", () => {
    for (const line of ERRORS) {
      const original = scene.original(line);
      const ours = scene.ours(line);
      expect(ours.status, `status of lsof ${line}`).toBe(original.status);
      expect(ours.stderr.trimEnd().split("\n"), `lsof ${line}`).toHaveLength(1);
      expect(ours.stderr, `lsof ${line}`).toStartWith("lsof: ");
      const told = (text: string) => text.split("\n")[0]!.replace(/(.*?: .*?):.*/, "$1");
      // Regular expressions and missing words are explained in our own way.
      if (!/ports conflict/.test(ours.stderr)) {
        expect(told(ours.stderr), `lsof ${line}`).toBe(told(original.stderr));
      }
    }
  }, TIMEOUT_MS);

  testIf(reason, "a socket of another network namespace has its address", async () => {
    const pid = scene.pids.get("LISTEN")!;
    const listed = (args: string[]) => sockeye(["lsof", "-nP", ...args], { env: ENV });
    const shown = listed(["-a", "-p", String(pid), "-d", "fd"]);
    expect(shown.stdout).toMatch(/ IPv4 +\d+ +0t0 +TCP 127\.0\.0\.1:8080 \(LISTEN\)\n/);
    expect(listed(["-a", "-p", String(pid), "-i", ":8080"]).status).toBe(0);
    expect(listed(["--all-netns", "-t", "-i", "TCP:8080"]).stdout.split("\n"))
      .toContain(String(pid));
    // 127.0.0.1:8080 over there is not ours: what kills by port must not hit it.
    expect(listed(["-t", "-i", "TCP:8080"]).stdout.split("\n")).not.toContain(String(pid));
    await using other = await Namespace.create();
    const elsewhere = sockeye(["lsof", "-nP", "-t", "-U"], { netns: other, env: ENV });
    expect(elsewhere.stdout).toBe("");
  }, TIMEOUT_MS);

  testIf(reason, "a process whose main thread has ended is listed with its sockets", async () => {
    await using made = await makeSocket("zombie_leader", {}, { netns: scene.netns });
    if (made.skip !== null) throw new Error(made.skip);
    const pid = String(made.info.process);
    const ours = scene.ours(`-nP -a -i -p ${pid}`);
    expect(ours.status).toBe(0);
    expect(ours.stdout).toContain("(LISTEN)");
    expect(scene.ours("-nP -t -i").stdout.split("\n")).toContain(pid);
  }, TIMEOUT_MS);

  testIf(
    reason,
    "names that mislead are escaped, and no process is lost over its name",
    async () => {
      await using made = await makeSocket("named_comm", {}, { netns: scene.netns });
      if (made.skip !== null) throw new Error(made.skip);
      const names = made.info.names as { pid: number }[];
      const { stdout } = scene.ours(`-nP -a -i -p ${names.map(({ pid }) => pid).join(",")}`);
      const lines = stdout.trimEnd().split("\n");
      expect(lines).toHaveLength(names.length + 1);
      // deno-lint-ignore no-control-regex
      expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\xff]/);
    },
    TIMEOUT_MS,
  );

  testIf(reason, "files of a directory are found, and what is not open is missing", () => {
    const log = (scene.ours(`-a -p $LOG -d fd -Fn`).stdout.match(/^n(\/tmp\/.*\/)[^/]+$/m))![1]!;
    for (const option of ["+D", "+d"]) {
      const { stdout, status } = scene.ours(`-a ${option} ${log} -p $LOG`);
      expect(stdout).toContain(log);
      expect(status).toBe(scene.original(`-a ${option} ${log} -p $LOG`).status);
    }
    expect(scene.ours(`+D ${log}nosuch`).status).toBe(1);
  }, TIMEOUT_MS);

  testIf(reason, "with -b files are listed, and no named file is found", () => {
    for (const line of ["-bw -nP -p $LISTEN", "-b -nP -i", "-bw -nP -a -U -p $LISTEN"]) {
      expectSame(line);
    }
    for (const line of ["-bw /dev/null", "-bw -Q /dev/null", "-b +d /tmp", "-bQ +D /tmp"]) {
      expectSame(line);
    }
    expect(scene.ours("-bw /dev/null").stderr).toBe(
      "lsof: status error on /dev/null: Resource temporarily unavailable\n",
    );
    expect(scene.ours("-b -nP -p $LISTEN").stderr).toStartWith("lsof: WARNING: -b: ");
    expect(scene.ours("-b -nP -i").stderr).toBe("");
  }, TIMEOUT_MS);

  testIf(reason, "what is outside of this part is refused in one line", () => {
    for (const option of ["-Di", "-e /", "-N", "-Z", "+m", "+M", "-k x", "-A x"]) {
      const { stdout, stderr, status } = scene.ours(option);
      expect(status, option).toBe(1);
      expect(stdout).toBe("");
      expect(stderr, option).toMatch(/^lsof: [-+]\w is not supported: .*\n$/);
    }
  });

  testIf(reason, "who may not look sees why", () => {
    const before = ["setpriv", "--reuid", "65534", "--clear-groups"];
    const pid = String(scene.pids.get("LISTEN"));
    const ours = sockeye(["lsof", "-nP", "-p", pid], { before, env: ENV });
    const original = Bun.spawnSync([...before, "lsof", "-nP", "-p", pid], { env: ENV });
    expect(ours.stdout).toBe(original.stdout.toString());
    expect(ours.stdout).toContain("(opendir: Permission denied)");
    expect(ours.status).toBe(original.exitCode);
  });

  test("-E keeps connections of two namespaces with the same addresses and ports apart", async () => {
    const connection = `
import socket, sys
server = socket.create_server(("127.0.0.1", 7301))
client = socket.create_connection(("127.0.0.1", 7301), source_address=("127.0.0.1", 7302))
held = server.accept()
print("ready", flush=True)
sys.stdin.read()
`;
    await using here = await Namespace.create();
    await using there = await Namespace.create();
    const holders = [here, there].map((netns) =>
      Bun.spawn(netns.command(["python3", "-c", connection]), { stdin: "pipe", stdout: "pipe" })
    );
    try {
      for (const holder of holders) await holder.stdout.getReader().read();
      const [pid, other] = holders.map((holder) => holder.pid);
      for (const netns of [here, there]) {
        const before = netns.command([]);
        const { stdout } = sockeye(["lsof", "-nP", "-E", "-a", "-i", "-p", `${pid},${other}`], {
          before,
          env: ENV,
        });
        const ends = stdout.split("\n").filter((row) => row.includes("ESTABLISHED")).map((row) => [
          Number(row.split(/ +/)[1]),
          ...[...row.matchAll(/ (\d+),python3/g)].map(([, end]) => Number(end)),
        ]);
        expect(ends.toSorted((a, b) => a[0]! - b[0]!))
          .toEqual(
            [pid, pid, other, other].map((one) => [one!, one!]).toSorted((a, b) => a[0]! - b[0]!),
          );
      }
    } finally {
      for (const holder of holders) {
        holder.stdin.end();
        await holder.exited;
      }
    }
  });

  test("of the subflows of an MPTCP socket, which share its inode, the first is shown", async () => {
    const subflows = `
import os, socket, subprocess, sys, time
for command in (
    "ip addr add 10.8.0.1/24 dev lo", "ip addr add 10.8.0.2/24 dev lo", "ip addr add 10.8.0.3/24 dev lo",
    "ip mptcp limits set subflow 4 add_addr_accepted 4",
    "ip mptcp endpoint add 10.8.0.2 dev lo subflow", "ip mptcp endpoint add 10.8.0.3 dev lo subflow",
):
    if subprocess.run(command.split()).returncode:
        print("missing", flush=True); sys.exit()
server = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
server.bind(("10.8.0.1", 7303)); server.listen()
client = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
client.connect(("10.8.0.1", 7303))
held, _ = server.accept()
client.send(b"x"); held.recv(1)
inode = str(os.fstat(held.fileno()).st_ino)
end = time.monotonic() + 20
while sum(inode in row.split() for row in open("/proc/net/tcp")) < 3 and time.monotonic() < end: time.sleep(0.05)
print("ready", flush=True)
sys.stdin.read()
`;
    await using netns = await Namespace.create();
    const holder = Bun.spawn(netns.command(["python3", "-c", subflows]), {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "ignore",
    });
    try {
      if (await new Lines(holder.stdout).next().catch(() => null) !== "ready") {
        skipPart("subflows of an MPTCP socket in lsof mode", "no MPTCP here");
        return;
      }
      const before = netns.command([]);
      const words = ["-nP", "-a", "-i", "-p", String(holder.pid)];
      const original = Bun.spawnSync([...before, "lsof", ...words], { env: ENV });
      expect(original.stdout.toString()).toContain("ESTABLISHED");
      expect(sockeye(["lsof", ...words], { before, env: ENV }).stdout)
        .toBe(original.stdout.toString());
    } finally {
      holder.stdin.end();
      await holder.exited;
    }
  });

  test("a file system that is named does not list unix sockets in it", async () => {
    await using netns = await Namespace.create();
    await using made = await makeSocket("unix_stream", {}, { netns });
    const before = netns.command([]);
    const words = ["-nP", "-a", "-p", String(made.pid), "/"];
    const original = Bun.spawnSync([...before, "lsof", ...words], { env: ENV });
    const { stdout } = sockeye(["lsof", ...words], { before, env: ENV });
    expect(stdout).toContain(" DIR ");
    expect(stdout).toBe(original.stdout.toString());
  });

  test("without seconds between two listings there is one", async () => {
    await using netns = await Namespace.create();
    await using made = await makeSocket("tcp_listen", {}, { netns });
    const before = netns.command([]);
    for (const [option, status] of [["-r0", 0], ["+r0", 1], ["+r0m%T", 1]] as const) {
      const words = ["-nP", "-t", "-i", option];
      const { stdout, status: ended } = sockeye(["lsof", ...words], { before, env: ENV });
      const original = Bun.spawnSync([...before, "lsof", ...words], { env: ENV });
      expect([option, stdout, ended]).toEqual([option, `${made.pid}\n`, status]);
      expect(original.stdout.toString()).toBe(stdout);
      expect(original.exitCode).toBe(status);
    }
  });

  test("help, fields and version say what they are", () => {
    expect(sockeye(["lsof", "-h"]).stderr).toStartWith("Usage: sockeye lsof");
    expect(sockeye(["lsof", "-F?"]).stderr).toContain("access mode");
    expect(sockeye(["lsof", "-v"]).stderr).toContain("lsof mode");
  });
});
