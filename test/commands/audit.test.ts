/**
 * Audits of real sockets in a namespace of their own, by the built program: as root, and as a user who may see little.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { firstLine } from "../support/lines.ts";
import { type Made, makeSocket, pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { type Ran, sockeye } from "../support/sockeye.ts";

const reason = firstReason(
  pythonReason(),
  namespaceReason(),
  process.getuid?.() === 0 ? null : "not root, so there is no other user to become",
);
const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

describe("sockeye audit --policy", () => {
  let netns: Namespace;
  let peer: Namespace;
  let folder: string;
  const open: Made[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sockeye-test-"));
    chmodSync(folder, 0o755);
    if (reason !== null) return;
    netns = await Namespace.create();
    // A device with an address, so that a wildcard reaches beyond the machine.
    peer = await Namespace.create();
    await netns.connect(peer, { addresses: ["10.9.8.7/24", "10.9.8.8/24"] });
    for (
      const [port, address] of [[7001, "127.0.0.1"], [7002, "0.0.0.0"], [
        7003,
        "127.0.0.1",
      ]] as const
    ) {
      const made = await makeSocket("tcp_listen", { port, address }, { netns });
      if (made.skip !== null) throw new Error(made.skip);
      open.push(made);
    }
  });
  afterAll(async () => {
    for (const made of open) await made.stop();
    await netns?.stop();
    await peer?.stop();
    rmSync(folder, { recursive: true });
  });

  const BASE = ["{ transport: tcp, port: 7002 }", "{ transport: tcp, port: 7003 }"];

  /** Runs an audit of the namespace with these entries, policy on standard input. */
  function audit(
    entries: readonly string[],
    before: readonly string[] = [],
    ...args: string[]
  ): Ran {
    const policy = `schema: sockeye.policy/1\nlisteners: [${[...entries, ...BASE].join(", ")}]\n`;
    return sockeye(["audit", "--own-netns", "--policy", "-", ...args], {
      netns,
      before,
      stdin: policy,
    });
  }
  /** Status, and the verdict on the listener of port 7001 or on what a word names. */
  function verdict(entries: readonly string[], before: readonly string[], about = "7001") {
    const ran = audit(entries, before, "--json");
    const { results } = JSON.parse(ran.stdout) as {
      results: { verdict: string; endpoint: string }[];
    };
    return [ran.status, results.find(({ endpoint }) => endpoint.includes(about))?.verdict];
  }

  // What each verdict needs differs only where a holder has to be proven.
  for (const [who, before, proven] of [["root", [], true], ["nobody", NOBODY, false]] as const) {
    const given = (privileged: [number, string], without: [number, string]) =>
      proven ? privileged : without;

    testIf(reason, `${who}: a service that an entry allows is ok`, () => {
      expect(verdict(["{ transport: tcp, port: 7001, reach: loopback }"], before)).toEqual([
        0,
        "ok",
      ]);
    });

    testIf(reason, `${who}: a service that no entry allows is surplus`, () => {
      expect(verdict([], before)).toEqual([1, "surplus"]);
      expect(verdict(["{ transport: tcp, port: 7001, family: inet6 }"], before)).toEqual([
        1,
        "surplus",
      ]);
    });

    testIf(reason, `${who}: a required service that is not there is missing`, () => {
      const entries = ["{ port: 7001 }", "{ transport: tcp, port: 7999, expect: required }"];
      expect(verdict(entries, before, "7999")).toEqual([1, "missing"]);
    });

    testIf(reason, `${who}: a service that reaches farther than allowed is too exposed`, () => {
      const entries = ["{ port: 7001 }", "{ name: a, port: 7002, reach: loopback }"];
      const policy = `schema: sockeye.policy/1\nlisteners: [${
        entries.join(", ")
      }, { port: 7003 }]\n`;
      const ran = sockeye(["audit", "--own-netns", "--policy", "-"], {
        netns,
        before,
        stdin: policy,
      });
      expect(ran.status).toBe(1);
      expect(ran.stdout).toMatch(/^too exposed {2}tcp 0\.0\.0\.0:7002 /m);
      expect(ran.stdout).toMatch(/reach is \w+ .*the entry allows loopback at most/);
    });

    testIf(reason, `${who}: an entry whose day is over is expired`, () => {
      expect(verdict(["{ port: 7001, expires: 2020-01-01 }"], before)).toEqual([1, "expired"]);
    });

    testIf(
      reason,
      `${who}: another program than the allowed one is the wrong owner, if it can be seen`,
      () => {
        expect(verdict(["{ port: 7001, exe: /usr/sbin/nginx }"], before))
          .toEqual(given([1, "wrong_owner"], [3, "undecidable"]));
        expect(verdict(["{ port: 7001, user: www-data }"], before))
          .toEqual(given([1, "wrong_owner"], [3, "undecidable"]));
        expect(verdict(["{ port: 7001, kernel: true }"], before))
          .toEqual(given([1, "wrong_owner"], [3, "undecidable"]));
      },
    );

    testIf(reason, `${who}: the allowed program is ok, if it can be seen`, () => {
      expect(verdict(["{ port: 7001, exe: '**/python3*', user: root }"], before))
        .toEqual(given([0, "ok"], [3, "undecidable"]));
    });
  }

  testIf(reason, "nobody: the user's own service is proven, and the wrong one too", async () => {
    const child = Bun.spawn(
      netns.command([
        ...NOBODY,
        "/usr/bin/python3",
        "-c",
        'import socket,sys\ns=socket.create_server(("127.0.0.1",7005))\nprint("up",flush=True)\nsys.stdin.read()',
      ]),
      { stdin: "pipe", stdout: "pipe", stderr: "ignore" },
    );
    try {
      await firstLine(child.stdout);
      const about = (entry: string) => verdict(["{ port: 7001 }", entry], NOBODY, "7005");
      expect(about("{ port: 7005, exe: '**/python3*', user: nobody }")).toEqual([0, "ok"]);
      expect(about("{ port: 7005, exe: /usr/sbin/nginx }")).toEqual([1, "wrong_owner"]);
    } finally {
      child.stdin.end();
      await child.exited;
    }
  });

  testIf(reason, "a certain violation goes before what cannot be decided", () => {
    const ran = audit(["{ port: 7001, user: root }", "{ port: 9, expect: required }"], NOBODY);
    expect(ran.stdout).toMatch(/^missing/m);
    expect(ran.stdout).toMatch(/^undecided/m);
    expect(ran.status).toBe(1);
  });

  testIf(reason, "the policy may accept what cannot be decided", () => {
    const policy =
      `schema: sockeye.policy/1\nsettings: { undecidable: accept }\nlisteners: [{ user: root }]\n`;
    const ran = sockeye(["audit", "--own-netns", "--policy", "-"], {
      netns,
      before: NOBODY,
      stdin: policy,
    });
    expect(ran.status).toBe(0);
    expect(ran.stdout).toMatch(/undecided/);
  });

  testIf(reason, "a first policy is compliant at once, and not after something came", async () => {
    for (const before of [[], NOBODY]) {
      const init = sockeye(["audit", "--init", "--own-netns"], { netns, before });
      expect(init.status).toBe(0);
      const check = () =>
        sockeye(["audit", "--own-netns", "--policy", "-"], { netns, before, stdin: init.stdout });
      expect(check().stdout).toMatch(/^compliant: 3 services: 3 ok/m);
      expect(check().status).toBe(0);
      await using _ = await makeSocket("udp_bound", { address: "0.0.0.0", port: 7100 }, { netns });
      expect(check().stdout).toMatch(/^not allowed {2}udp 0\.0\.0\.0:7100 /m);
      expect(check().status).toBe(1);
    }
  });

  testIf(reason, "a listener inherited by another program is the wrong owner", async () => {
    await using made = await makeSocket("inherited_listener", { port: 7200 }, { netns });
    expect(made.skip).toBeNull();
    const ran = audit(["{ port: 7001 }", "{ port: 7200, exe: '**/python3*' }"]);
    expect(ran.status).toBe(1);
    expect(ran.stdout).toMatch(
      /^wrong owner {2}tcp 127\.0\.0\.1:7200 [^]*held by sh\(\d+\) running \S+, the entry allows/m,
    );
  });

  testIf(reason, "UDP clients are counted together and shown", async () => {
    await using made = await makeSocket("udp_bound", { address: "0.0.0.0", port: 45678 }, {
      netns,
    });
    expect(made.skip).toBeNull();
    const ran = audit(["{ port: 7001 }"]);
    expect(ran.status).toBe(0);
    expect(ran.stdout).toMatch(
      /^collapsed {2}1 UDP client on ephemeral ports: \S+python3\S* of root$/m,
    );
    expect(ran.stdout).toMatch(/1 UDP clients collapsed$/m);
  });

  testIf(reason, "--explain says what came nearest, and --snapshot judges a file", () => {
    const { results } = JSON.parse(audit([], [], "--json").stdout);
    const { id } = results.find(({ endpoint }: { endpoint: string }) => endpoint.includes("7001"));
    const ran = audit(["{ name: near, transport: tcp, port: 7000 }"], [], "--explain", id);
    expect(ran.status).toBe(0);
    expect(ran.stdout).toMatch(
      /near: does not match\n {4}port is 7001, the entry wants 7000\n/,
    );
    expect(audit([], [], "--explain", "ffffffffffff")).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^sockeye: --explain ffffffffffff: no service has that ID$/m),
    });
    const file = join(folder, "host.json");
    writeFileSync(file, sockeye(["snapshot", "--own-netns"], { netns }).stdout);
    // Outside the namespace: only the file is looked at.
    const judged = sockeye(["audit", "--snapshot", file, "--policy", "-"], {
      stdin: "schema: sockeye.policy/1\nlisteners: [{ transport: tcp, port: 7001-7003 }]\n",
    });
    expect(judged.stdout).toMatch(/^compliant: 3 services: 3 ok/m);
    expect(judged.status).toBe(0);
  });

  testIf(
    reason,
    "two runs give the same bytes, but for times and process IDs of this moment",
    () => {
      const run = () => audit([], [], "--json").stdout.replace(/"taken_at":"[^"]*"/, "");
      expect(run()).toBe(run());
      expect(audit([]).stdout).toBe(audit([]).stdout);
    },
  );

  testIf(reason, "a monitor gets its own statuses, also for what goes wrong", () => {
    const run = (entries: string, before: readonly string[] = []) =>
      sockeye(["audit", "--own-netns", "--policy", "-", "--format", "nagios"], {
        netns,
        before,
        stdin: `schema: sockeye.policy/1\nlisteners: [${entries}]\n`,
      });
    expect(run("{ transport: tcp }")).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^SOCKEYE OK - 3 services: /),
    });
    expect(run("").status).toBe(2);
    expect(run("{ expires: 2020-01-01 }").status).toBe(1);
    expect(run("{ user: root }", NOBODY)).toMatchObject({
      status: 3,
      stdout: expect.stringMatching(/^SOCKEYE UNKNOWN - /),
    });
    expect(run("{ prot: 1 }")).toMatchObject({
      status: 3,
      stderr: "",
      stdout:
        "SOCKEYE UNKNOWN - standard input:2: listeners[0].prot: there is no such key: did you mean port?\n",
    });
  });

  test("errors are one line with file, line, key and what is wanted", () => {
    const file = join(folder, "bad.yaml");
    writeFileSync(file, "schema: sockeye.policy/1\nlisteners:\n  - { port: 80, protocl: tcp }\n");
    expect(sockeye(["audit", "--policy", file])).toEqual({
      status: 2,
      stdout: "",
      stderr:
        `sockeye: ${file}:3: listeners[0].protocl: there is no such key: did you mean protocol?\n`,
    });
    for (
      const [args, message] of [
        [
          ["--policy", "-", "--snapshot", "-"],
          "standard input can be read once: only one of policy and snapshot may be -",
        ],
        [
          ["--init", "--policy", "x"],
          "--init writes a policy: it goes with neither --policy nor --explain",
        ],
        [["x"], 'audit takes no argument: "x" was given; a policy is given by --policy'],
      ] as const
    ) {
      expect(sockeye(["audit", ...args])).toEqual({
        status: 2,
        stdout: "",
        stderr: `sockeye: ${message}\n`,
      });
    }
  });
});
