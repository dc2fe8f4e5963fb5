/**
 * The advice on real sockets, by the built program.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Socket } from "../../src/model/socket.ts";
import { collectSockets } from "../../src/snapshot/collect.ts";
import { Source } from "../../src/snapshot/source.ts";
import { hostQuery } from "../../src/snapshot/host_snapshot.ts";
import { Diagnostics } from "../../src/diagnostics.ts";
import { compareTables, onlyDescriptors } from "../../src/commands/audit/compare_sources.ts";
import { currentNetns } from "../../src/proc/ns.ts";
import { ProcRoot } from "../../src/proc/root.ts";
import { firstLine } from "../support/lines.ts";
import { makeSocket, pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { sockeye } from "../support/sockeye.ts";

const rootReason = process.getuid?.() === 0 ? null : "not root";
const reason = firstReason(pythonReason(), namespaceReason(), rootReason);

interface Finding {
  readonly rule: string;
  readonly severity: string;
  readonly endpoint: string;
  readonly evidence: readonly string[];
}

describe("sockeye audit without a policy", () => {
  let netns: Namespace;
  let peer: Namespace;
  beforeAll(async () => {
    if (reason !== null) return;
    netns = await Namespace.create();
    peer = await Namespace.create();
    await netns.connect(peer, { addresses: ["10.9.8.7/24", "10.9.8.8/24"] });
  });
  afterAll(async () => {
    await netns?.stop();
    await peer?.stop();
  });

  function findings(...args: string[]): { status: number; found: Finding[] } {
    const ran = sockeye(["audit", "--own-netns", "--json", ...args], { netns });
    return { status: ran.status, found: JSON.parse(ran.stdout).results };
  }
  /** The status without a violation. A machine may have a process that is protected, even from root, and then owners are not decided. */
  const clean = () => {
    const ran = sockeye(["-a", "--json"], { netns });
    const gaps: { kind: string }[] = JSON.parse(ran.stdout).gaps;
    return gaps.some(({ kind }) => kind === "processes") ? 3 : 0;
  };
  /** Rules that speak of sockets whose endpoint holds a word. */
  const rules = (word: string) =>
    findings().found.filter(({ endpoint }) => endpoint.includes(word))
      .map(({ rule, severity }) => `${rule} ${severity}`);

  testIf(
    reason,
    "an exposed database is told, one on loopback is not; --fail-on decides the status",
    async () => {
      await using _loopback = await makeSocket("tcp_listen", { port: 5432 }, { netns });
      expect(findings()).toEqual({ status: clean(), found: [] });
      await using _open = await makeSocket("tcp_listen", { port: 6379, address: "0.0.0.0" }, {
        netns,
      });
      // Another namespace than the host's: its neighbours reach the socket, the world does not.
      expect(rules(":6379")).toEqual(["advice/exposed-service low"]);
      expect(findings().status).toBe(clean());
      expect(findings("--fail-on", "low").status).toBe(1);
      expect(findings("--fail-on", "medium").status).toBe(clean());
      expect(findings("--fail-on", "never").status).toBe(0);
    },
    // An audit of a busy machine takes its time, and these are a dozen.
    600_000,
  );

  testIf(reason, "an inherited listener is told with both processes", async () => {
    await using made = await makeSocket("inherited_listener", { port: 7300 }, { netns });
    expect(made.skip).toBeNull();
    const [finding] = findings().found.filter(({ endpoint }) => endpoint.endsWith(":7300"));
    expect(finding!.rule).toBe("advice/inherited-listener");
    expect(finding!.evidence[0]).toContain(`sh(${made.info!.shell ?? made.info!.child}) runs `);
  });

  testIf(reason, "a deleted program, a packet socket and a full queue are told", async () => {
    await using deleted = await makeSocket("deleted_exe", {}, { netns });
    await using packet = await makeSocket("packet_raw", {}, { netns });
    await using queue = await makeSocket("unaccepted", { count: 3, backlog: 2 }, { netns });
    for (const made of [deleted, packet, queue]) expect(made.skip).toBeNull();
    const found = findings().found.map(({ rule }) => rule);
    expect(found).toContain("advice/deleted-program");
    expect(found).toContain("advice/packet-socket");
    expect(found).toContain("advice/accept-queue");
  });

  testIf(
    reason,
    "a listener in the ephemeral range, and a port split between users, are told",
    async () => {
      const code =
        'import socket,sys\ns=socket.socket(socket.AF_INET6)\ns.setsockopt(41,26,1)\ns.bind(("::",7400))\ns.listen()\nprint("up",flush=True)\nsys.stdin.read()';
      await using _four = await makeSocket("tcp_listen", { port: 7400, address: "0.0.0.0" }, {
        netns,
      });
      await using _high = await makeSocket("tcp_listen", { port: 41234 }, { netns });
      const six = Bun.spawn(
        netns.command([
          "setpriv",
          "--reuid=65534",
          "--clear-groups",
          "/usr/bin/python3",
          "-c",
          code,
        ]),
        { stdin: "pipe", stdout: "pipe", stderr: "inherit" },
      );
      try {
        await firstLine(six.stdout);
        expect(rules(":41234")).toEqual(["advice/ephemeral-listener low"]);
        // What the fix says helps.
        const sysctl = "/proc/sys/net/ipv4/ip_local_reserved_ports";
        await netns.run(["sh", "-c", `echo 41230-41240 > ${sysctl}`]);
        expect(rules(":41234")).toEqual([]);
        await netns.run(["sh", "-c", `echo > ${sysctl}`]);
        expect(rules("[::]:7400")).toEqual(["advice/split-port medium"]);
      } finally {
        six.stdin.end();
        await six.exited;
      }
    },
  );

  testIf(reason, "a unix socket of root that everybody may connect to is told", async () => {
    const path = `/tmp/sockeye-test-${process.pid}.sock`;
    const code =
      'import socket,sys,os\ns=socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1])\nos.chmod(sys.argv[1],int(sys.argv[2],8))\ns.listen()\nprint("up",flush=True)\nsys.stdin.read()\nos.unlink(sys.argv[1])';
    for (
      const [mode, expected] of [["666", ["advice/open-unix-socket medium"]], ["600", []]] as const
    ) {
      const child = Bun.spawn(netns.command(["/usr/bin/python3", "-c", code, path, mode]), {
        stdin: "pipe",
        stdout: "pipe",
        stderr: "inherit",
      });
      try {
        await firstLine(child.stdout);
        // A path with its maker's process ID would be told without it; this one has the test's.
        expect(rules(path)).toEqual([...expected]);
      } finally {
        child.stdin.end();
        await child.exited;
      }
    }
  });

  testIf(reason, "sources agree about sockets of every kind", async () => {
    const names = [
      "udp_bound",
      "udp6_bound",
      "udplite",
      "raw",
      "raw6",
      "tcp_listen_dual",
      "reuseport",
      "time_wait",
      "private_table_thread",
      "socket_in_other_netns",
      "bound_inactive",
      "mptcp",
      "bound_to_device",
    ];
    const made = await Promise.all(names.map((name) => makeSocket(name, {}, { netns })));
    try {
      expect(findings().found.filter(({ rule }) => rule === "advice/hidden-socket")).toEqual([]);
    } finally {
      await Promise.all(made.map((one) => one.stop()));
    }
  });
});

describe("cross-check", () => {
  const listener = (port: number): Socket =>
    ({
      family: "inet",
      transport: "tcp",
      state: "listen",
      local: { address: "0.0.0.0", port, interface: null },
      peer: null,
      inode: port,
    }) as Socket;

  test("tells services that one list lacks, and compares no connections", () => {
    const connected = { ...listener(9), state: "established", peer: listener(1).local } as Socket;
    expect(compareTables([listener(1), listener(2), connected], [listener(2), listener(3)]))
      .toEqual([
        { kind: "only_sock_diag", endpoint: "tcp 0.0.0.0:1", inode: 1, detail: "" },
        { kind: "only_proc_net", endpoint: "tcp 0.0.0.0:3", inode: 3, detail: "" },
      ]);
  });

  // SIOCGSKNS, which tells a socket's namespace, wants CAP_NET_ADMIN.
  testIf(rootReason, "finds a listener by its descriptor alone", () => {
    const root = new ProcRoot();
    const netns = currentNetns(root);
    // What the tables show without this test's listener: other programs hold many sockets.
    const source = new Source(root, new Diagnostics());
    const listed = collectSockets(hostQuery(true), source, null);
    source.close();
    const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    try {
      const found = onlyDescriptors(root, listed, netns)
        .filter(({ detail }) => detail.endsWith(`of process ${process.pid}`));
      expect(found).toHaveLength(1);
      expect(found[0]).toMatchObject({ kind: "only_descriptors" });
    } finally {
      server.stop(true);
    }
    const left = onlyDescriptors(root, listed, netns);
    expect(left.filter(({ detail }) => detail.endsWith(`of process ${process.pid}`))).toEqual([]);
  });
});
