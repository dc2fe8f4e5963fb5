/**
 * Snapshots and comparisons of real sockets in a namespace of their own, by the built program.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { firstLine } from "../support/lines.ts";
import { churn } from "../support/churn.ts";
import { type Made, makeSocket, pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { type JsonSnapshot, type Ran, sockeye, validSnapshot } from "../support/sockeye.ts";

const reason = firstReason(pythonReason(), namespaceReason());

describe("sockeye snapshot and diff", () => {
  let netns: Namespace;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sockeye-test-"));
    if (reason === null) netns = await Namespace.create();
  });
  afterAll(async () => {
    await netns?.stop();
    rmSync(folder, { recursive: true });
  });

  /** A TCP listener of a factory. */
  async function listen(port: number, args: Record<string, string | number> = {}): Promise<Made> {
    const made = await makeSocket("tcp_listen", { port, ...args }, { netns });
    if (made.skip !== null) throw new Error(made.skip);
    return made;
  }
  /** Internet sockets of the namespace, taken now, in a file. Others live beside it on a shared machine. */
  function take(name: string): string {
    const { stdout, status } = sockeye(["snapshot", "--own-netns"], { netns });
    expect(status).toBe(0);
    const path = join(folder, name);
    writeFileSync(path, stdout);
    return path;
  }
  const diff = (...args: string[]): Ran => sockeye(["diff", "--own-netns", ...args], { netns });

  testIf(
    reason,
    "a snapshot is valid, and two of an unchanged host differ in times only",
    async () => {
      await using _ = await listen(8080);
      const read = (path: string) => Bun.file(path).text();
      const timeless = (text: string) => text.replace(/"taken_at":"[^"]+"/, "");
      const [a, b] = [await read(take("a.json")), await read(take("b.json"))];
      validSnapshot(JSON.parse(a));
      const inet = (text: string) =>
        timeless(text).split("\n").filter((line) => !/"family":"(unix|netlink)"/.test(line));
      expect(inet(a)).toEqual(inet(b));
      const document = JSON.parse(a) as JsonSnapshot & { host: { netns: number } };
      expect(document.host.netns).toBe(netns.inode);
    },
  );

  testIf(reason, "the same services restarted are the same", async () => {
    const first = await listen(8081);
    const before = take("restart.json");
    await first.stop();
    await using _ = await listen(8081);
    const ran = diff(before);
    expect(ran.stdout).toMatch(/^no differences; \d+ services? on both sides/m);
    expect(ran).toMatchObject({ status: 0, stderr: "" });
  });

  testIf(reason, "appeared, vanished and changed services are told, with status 1", async () => {
    const old = await listen(8082);
    const same = await listen(8083);
    const before = take("before.json");
    await old.stop();
    await same.stop();
    await using _ = await listen(8084);
    await using _wider = await listen(8083, { address: "0.0.0.0" });
    const ran = diff(before);
    expect(ran.status).toBe(1);
    expect(ran.stdout).toMatch(/^- tcp 127\.0\.0\.1:8082: reach loopback; exe \S+python3/m);
    expect(ran.stdout).toMatch(/^\+ tcp 127\.0\.0\.1:8084: /m);
    expect(ran.stdout).toMatch(/^- tcp 127\.0\.0\.1:8083: /m);
    expect(ran.stdout).toMatch(/^\+ tcp 0\.0\.0\.0:8083: /m);
    const json = sockeye(["diff", "--json", before, take("after.json")]);
    expect(json.status).toBe(1);
    const { differences, same: equal } = JSON.parse(json.stdout);
    expect(equal).toBe(false);
    expect(differences.map((one: { kind: string; key: string }) => `${one.kind} ${one.key}`))
      .toEqual([
        "appeared host tcp 0.0.0.0:8083",
        "vanished host tcp 127.0.0.1:8082",
        "vanished host tcp 127.0.0.1:8083",
        "appeared host tcp 127.0.0.1:8084",
      ]);
  });

  testIf(reason, "another user's service on the same port is a change of user", async () => {
    const port = 8085;
    const first = await listen(port);
    const before = take("user.json");
    await first.stop();
    const child = Bun.spawn(
      netns.command([
        "setpriv",
        "--reuid=65534",
        "--clear-groups",
        "/usr/bin/python3",
        "-c",
        `import socket,sys\ns=socket.create_server(("127.0.0.1",${port}))\nprint("up",flush=True)\nsys.stdin.read()`,
      ]),
      { stdin: "pipe", stdout: "pipe", stderr: "ignore" },
    );
    try {
      await firstLine(child.stdout);
      const ran = diff(before);
      expect(ran.stdout).toMatch(/^~ tcp 127\.0\.0\.1:8085: .*user root -> nobody/m);
      expect(ran.status).toBe(1);
    } finally {
      child.stdin.end();
      await child.exited;
    }
  });

  testIf(
    firstReason(reason, process.getuid?.() === 0 ? null : "not root"),
    "an unprivileged look at another user's service cannot decide, with status 3",
    async () => {
      await using _ = await listen(8086);
      const before = take("root.json");
      const text = await Bun.file(before).text();
      const ran = sockeye(["diff", "--own-netns", "-"], {
        netns,
        before: ["setpriv", "--reuid=65534", "--clear-groups"],
        stdin: text,
      });
      expect(ran.stdout).toMatch(
        /^\? tcp 127\.0\.0\.1:8086: not every owner is known on the newer/m,
      );
      expect(ran.status).toBe(3);
    },
  );

  testIf(
    reason,
    "start, stop, fork and rebind around them make no difference to services that stay",
    async () => {
      const own = await Namespace.create();
      try {
        const { comparisons, wrong, others } = await churn(own, 4);
        expect(wrong).toEqual([]);
        expect(others).toBeGreaterThan(0);
        expect(comparisons).toBeGreaterThan(3);
      } finally {
        await own.stop();
      }
    },
  );

  test("says what is wrong with what it was given", () => {
    const bad = join(folder, "bad.json");
    writeFileSync(bad, '{"schema":"x"}');
    const latin = join(folder, "latin.json");
    writeFileSync(latin, new Uint8Array([0x22, 0xe9, 0x22]));
    for (
      const [args, message] of [
        [[], "diff wants one or two files, 0 were given: sockeye diff OLD [NEW]"],
        [["a", "b", "c"], "diff wants one or two files, 3 were given: sockeye diff OLD [NEW]"],
        [["-", "-"], "standard input can be read once: only one side may be -"],
        [
          [join(folder, "none")],
          `${join(folder, "none")} cannot be read: no such file or directory`,
        ],
        [[folder], `${folder} cannot be read: is a directory`],
        [[latin], `${latin} is not UTF-8 text`],
        [[bad], `${bad}: schema: expected "sockeye.snapshot/1", got "x"`],
      ] as const
    ) {
      const ran = sockeye(["diff", ...args]);
      expect(ran.stderr).toBe(`sockeye: ${message}\n`);
      expect(ran).toMatchObject({ status: 2, stdout: "" });
    }
  });

  test("hostile text in a snapshot reaches no terminal", () => {
    const path = join(folder, "hostile.json");
    const hostile = "\u001b]52;c;aGk=\u0007\r\u202e";
    writeFileSync(
      path,
      JSON.stringify({
        schema: "sockeye.snapshot/1",
        host: { name: hostile, boot_id: null, kernel: hostile, netns: null, ephemeral_ports: null },
        taken_at: "2026-01-01T00:00:00.000Z",
        complete: true,
        gaps: [],
        sockets: [],
      }),
    );
    const other = join(folder, "other.json");
    writeFileSync(
      other,
      readText(path).replace(
        '"sockets":[]',
        `"sockets":[${JSON.stringify(hostileSocket(hostile))}]`,
      ),
    );
    const ran = sockeye(["diff", path, other]);
    expect(ran.status).toBe(1);
    expect(ran.stdout).not.toMatch(/[\u001b\u0007\r\u202e]/);
    expect(ran.stdout).toContain("\\x1b]52");
  });
});

function readText(path: string): string {
  return readFileSync(path, "utf8");
}

function hostileSocket(text: string): unknown {
  return {
    netns: null,
    family: "unix",
    transport: "stream",
    protocol: null,
    state: "listen",
    local: { path: `/run/${text}` },
    peer: null,
    v6only: null,
    uid: 0,
    inode: 1,
    accept_queue: null,
    ownership: "owned",
    owners: [{
      pid: 1,
      fds: [1],
      comm: text,
      exe: `/bin/${text}`,
      exe_deleted: false,
      cmdline: [text],
      ppid: 0,
      uid: 0,
      user: text,
      start_time: null,
      unit: text,
      container: null,
    }],
    reach: { scope: "host", reasons: [text] },
  };
}
