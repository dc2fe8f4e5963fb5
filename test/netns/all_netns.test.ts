/**
 * Several network namespaces in one snapshot, on real ones.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inNetworkNamespace } from "../../ffi/namespace.ts";
import { whyNoOwnerPass } from "../../src/bpf/owner_iterator.ts";
import { visitNamespace } from "../../src/snapshot/namespaces.ts";
import { currentNetns } from "../../src/proc/ns.ts";
import { ProcRoot } from "../../src/proc/root.ts";
import { takeNetnsSnapshot } from "../../src/snapshot/netns_snapshot.ts";
import { Diagnostics } from "../../src/diagnostics.ts";
import type { InternetEndpoint, Socket } from "../../src/model/socket.ts";
import { ALL_STATES } from "../../src/model/state.ts";
import { type NetnsChoice, NoSuchNamespace, type Query } from "../../src/query.ts";
import { firstLine } from "../support/lines.ts";
import { type Made, makeSocket, pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";

const reason = firstReason(namespaceReason(), pythonReason());
const root = process.getuid?.() === 0 ? null : "not root";

const QUERY: Query = {
  families: new Set(["inet", "inet6"]),
  transports: new Set(["tcp", "udp"]),
  states: null,
  ports: null,
  pids: null,
  processes: null,
  users: null,
};

function sockets(choice: NetnsChoice, query: Partial<Query> = {}): readonly Socket[] {
  return takeNetnsSnapshot({ ...QUERY, ...query }, choice, new Diagnostics()).sockets;
}

async function made(...args: Parameters<typeof makeSocket>): Promise<Made> {
  const factory = await makeSocket(...args);
  if (factory.skip !== null) throw new Error(factory.skip);
  return factory;
}

/** A program that has said a line and waits for its input to end. */
async function python(script: string) {
  const child = Bun.spawn(["python3", "-c", script], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const line = await firstLine(child.stdout);
  return {
    pid: child.pid,
    said: line,
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await child.exited;
    },
  };
}

function temporary() {
  const path = mkdtempSync(join(tmpdir(), "sockeye-netns-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

const internet = (endpoint: Socket["local"]) => endpoint as InternetEndpoint;

describe("all network namespaces", () => {
  testIf(
    reason,
    "the same address in two namespaces is two sockets with their own owners",
    async () => {
      await using first = await Namespace.create(`sockeye-test-${process.pid}`);
      await using second = await Namespace.create();
      const options = { address: "0.0.0.0", port: 80 };
      await using web = await made("tcp_listen", options, { netns: first });
      await using other = await made("tcp_listen", options, { netns: second });
      const seen = sockets("all", { ports: [{ first: 80, last: 80 }] })
        .filter(({ netns }) => netns?.inode === first.inode || netns?.inode === second.inode)
        .map((
          { netns, local, owners },
        ) => [netns, internet(local).address, owners.map(({ pid }) => pid)]);
      expect(seen).toContainEqual([
        { inode: first.inode, name: first.name },
        "0.0.0.0",
        [web.pid],
      ]);
      expect(seen).toContainEqual([{ inode: second.inode, name: null }, "0.0.0.0", [other.pid]]);
      expect(seen.length).toBe(2);
    },
  );

  testIf(reason, "a namespace that only a descriptor holds is found", async () => {
    const netns = await Namespace.create();
    const inode = netns.inode;
    const fd = openSync(`/proc/${netns.pid}/ns/net`, "r");
    // Made inside and held from outside: no process is left in there.
    const server = inNetworkNamespace(
      fd,
      () => Bun.listen({ hostname: "127.0.0.1", port: 8080, socket: { data() {} } }),
    );
    await netns.stop();
    try {
      const found = sockets("all").filter((socket) => socket.netns?.inode === inode);
      expect(found.map(({ local, owners }) => [internet(local).port, owners.map(({ pid }) => pid)]))
        .toEqual([[8080, [process.pid]]]);
      const one = sockets({ one: String(inode) });
      expect(one.map(({ local }) => internet(local).port)).toEqual([8080]);
    } finally {
      server.stop(true);
      closeSync(fd);
    }
    expect(() => sockets({ one: String(inode) })).toThrow(NoSuchNamespace);
  });

  testIf(
    firstReason(reason, root),
    "a namespace that only a socket keeps alive is found, and so is the socket",
    async () => {
      // More sockets than are asked, in a process that is looked at before: they hide nothing.
      await using crowd = await python(`
import resource, socket, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (6000, 6000))
kept = [socket.socket() for _ in range(5000)]
print(len(kept), flush=True)
sys.stdin.read()
`);
      expect(crowd.said.trim()).toBe("5000");
      // A child makes the listener in a namespace of its own, passes it to its parent, and ends.
      await using parent = await python(`
import array, ctypes, os, socket, sys
here, there = socket.socketpair()
if os.fork() == 0:
    assert ctypes.CDLL(None).unshare(0x40000000) == 0
    made = socket.socket()
    made.bind(("0.0.0.0", 4601))
    made.listen(1)
    inode = os.stat("/proc/self/ns/net").st_ino
    socket.send_fds(there, [str(inode).encode()], [made.fileno()])
    os._exit(0)
inode, fds, _, _ = socket.recv_fds(here, 64, 1)
os.wait()
print(inode.decode(), fds[0], flush=True)
sys.stdin.read()
`);

      const [inode, fd] = parent.said.split(" ").map(Number) as [number, number];
      // BPF tells where each socket belongs. Without it each is asked, up to a number of them.
      const sources = whyNoOwnerPass() === null ? ["proc", "bpf"] as const : ["proc"] as const;
      for (const owners of sources) {
        const diagnostics = new Diagnostics();
        const query = { ...QUERY, ports: [{ first: 4601, last: 4601 }], owners };
        const seen = takeNetnsSnapshot(query, "all", diagnostics).sockets;
        const partial = diagnostics.notes.some((note) => note.startsWith("some sockets could not"));
        if (owners === "bpf") expect(partial).toBe(false);
        else if (partial) continue;
        expect(seen.map(({ netns, owners }) => [
          netns?.inode,
          owners.map(({ pid, fds }) => [pid, fds]),
        ])).toEqual([[inode, [[parent.pid, [fd]]]]]);
      }
    },
  );

  testIf(
    firstReason(reason, root),
    "every way in is tried, and only one that is there and does not lead in is a gap",
    async () => {
      await using netns = await Namespace.create();
      const good = `/proc/${netns.pid}/ns/net`;
      const visit = (ways: readonly string[]) => {
        const diagnostics = new Diagnostics();
        const seen: (number | null)[] = [];
        const found = {
          netns: { inode: netns.inode, name: null },
          path: ways[0]!,
          pid: null,
          own: false,
          ways: () => ways,
        };
        const entered = visitNamespace(found, diagnostics, () => {
          seen.push(currentNetns(new ProcRoot()));
        });
        return { entered, seen, gaps: diagnostics.gaps.map(({ detail }) => detail["errno"]) };
      };
      const gone = "/proc/4194303/ns/net";
      // A link to itself: something is there, and opening it fails.
      using folder = temporary();
      const broken = `${folder.path}/loop`;
      symlinkSync(broken, broken);
      const entered = { entered: true, seen: [netns.inode], gaps: [] };
      expect(visit([good])).toEqual(entered);
      expect(visit([gone, "/proc/self/ns/net", broken, good])).toEqual(entered);
      expect(visit([gone, "/proc/self/ns/net"]))
        .toEqual({ entered: false, seen: [], gaps: [] });
      expect(visit([gone, broken])).toEqual({ entered: false, seen: [], gaps: ["ELOOP"] });
    },
  );

  testIf(reason, "a holder in another namespace than the socket is found", async () => {
    await using netns = await Namespace.create();
    await using factory = await made("passed_to_other_process", { keep: 1, other_netns: 1 }, {
      netns,
    });
    const [record] = factory.info.sockets;
    const found = sockets("all").find(({ inode }) => inode === record!.inode)!;
    expect(found.netns?.inode).toBe(netns.inode);
    expect(found.owners.map(({ pid }) => pid).sort()).toEqual(
      [factory.pid, factory.info.receiver as number].sort(),
    );
    expect(factory.info.receiver_netns).not.toBe(netns.inode);
  });

  testIf(
    reason,
    "what the counters skip is what is not there: TIME-WAIT and bound sockets are kept",
    async () => {
      await using netns = await Namespace.create();
      await using bound = await made("bound_inactive", {}, { netns });
      await using waiting = await made("time_wait", {}, { netns });
      const inside = sockets("all", { states: ALL_STATES })
        .filter((socket) => socket.netns?.inode === netns.inode).map(({ state }) => state);
      expect(inside).toContain("time_wait");
      expect(inside).toContain("bound_inactive");
      expect(bound.info.netns).toBe(waiting.info.netns);
    },
  );
});

describe("one network namespace", () => {
  testIf(reason, "it is chosen by name, process, path or inode", async () => {
    await using netns = await Namespace.create(`sockeye-one-${process.pid}`);
    await using factory = await made("tcp_listen", { port: 8080 }, { netns });
    const ways = [netns.name!, String(netns.pid), `/run/netns/${netns.name}`, String(netns.inode)];
    for (const one of ways) {
      expect(
        sockets({ one }).map(({ netns, local, owners }) => [
          netns?.inode,
          internet(local).port,
          owners[0]?.pid,
        ]),
      ).toEqual([[netns.inode, 8080, factory.pid]]);
    }
  });

  test("a name, an inode and a file that are no namespace are told apart", () => {
    expect(() => sockets({ one: "no-such-name" })).toThrow(NoSuchNamespace);
    expect(() => sockets({ one: "4294967295" })).toThrow("inode 4294967295");
    expect(() => sockets({ one: "/dev/null" })).toThrow("not a network namespace");
    expect(() => sockets({ one: "/there/is/none" })).toThrow("ENOENT");
  });

  testIf(root, "a process that does not exist is said to be missing", () => {
    expect(() => sockets({ one: "4194304" })).toThrow("process 4194304");
  });
});
