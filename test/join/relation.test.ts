/**
 * Relations between the real owners of real sockets.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { attachOwners } from "../../src/join/attach.ts";
import { type ProcessFacts, relate } from "../../src/join/relation.ts";
import { Diagnostics } from "../../src/diagnostics.ts";
import type { Owner, Process } from "../../src/model/owner.ts";
import type { OwnerNode, Relations } from "../../src/model/relation.ts";
import type { Socket } from "../../src/model/socket.ts";
import { Facts } from "../../src/origin/facts.ts";
import { Processes } from "../../src/origin/processes.ts";
import { ProcRoot } from "../../src/proc/root.ts";
import { type Made, makeSocket, pythonReason } from "../support/factory.ts";
import { testIf } from "../support/skip.ts";

function relationsOf(inode: number, netns: number): Relations {
  const root = new ProcRoot();
  const processes = new Processes(root);
  const socket = {
    inode,
    netns: { inode: netns, name: null },
    state: "listen",
    transport: "tcp",
    owners: [],
  } as unknown as Socket;
  attachOwners([socket], root, processes, new Diagnostics());
  return relate(socket, new Facts(root, processes));
}

/** The tree as text: pid:role, ! for certain, children in brackets. */
function shape(nodes: readonly OwnerNode[]): string {
  return nodes.map(({ owner, role, certain, children }) =>
    `${owner.pid}:${role}${certain ? "!" : ""}${children.length > 0 ? `[${shape(children)}]` : ""}`
  ).join(" ");
}

async function situation(
  name: string,
  args: Record<string, string | number>,
  check: (relations: Relations, factory: Made) => void,
): Promise<void> {
  await using factory = await makeSocket(name, args);
  if (factory.skip !== null) throw new Error(factory.skip);
  const [record] = factory.info.sockets;
  check(relationsOf(record!.inode!, record!.netns), factory);
}

const kinds = (node: OwnerNode) => node.evidence.map(({ kind }) => kind);

describe("owners of a real socket", () => {
  const reason = pythonReason();

  testIf(reason, "python3 ran sh, and both sh and its child inherited the listener", async () => {
    await situation("inherited_listener", {}, ({ roots, consequences }, { info }) => {
      const { parent, shell, child } = info as unknown as Record<string, number>;
      expect(shape(roots)).toBe(`${parent}:holder![${shell}:inherited![${child}:inherited!]]`);
      expect(kinds(roots[0]!.children[0]!)).toEqual(["ancestor", "other_program", "same_fd"]);
      expect(consequences).toEqual([{
        kind: "port_kept",
        pid: parent!,
        by: [shell!, child!],
        reuse: { address: false, port: false },
      }]);
    });
  });

  testIf(reason, "sh alone holds what its parent has closed", async () => {
    await situation("inherited_listener", { close: 1 }, ({ roots, consequences }, { info }) => {
      const { shell, child } = info as unknown as Record<string, number>;
      expect(shape(roots)).toBe(`${shell}:holder![${child}:inherited!]`);
      expect(consequences).toEqual([{
        kind: "port_kept",
        pid: shell!,
        by: [child!],
        reuse: { address: false, port: false },
      }]);
    });
  });

  testIf(
    reason,
    "a master and the workers it forked run one program; nothing keeps the port",
    async () => {
      await situation("forked_listener", { workers: 4 }, ({ roots, consequences }, { info }) => {
        const workers = (info.workers as number[]).toSorted((a, b) => a - b);
        expect(shape(roots)).toBe(
          `${info.pid}:holder![${workers.map((pid) => `${pid}:worker!`).join(" ")}]`,
        );
        expect(kinds(roots[0]!.children[0]!)).toEqual([
          "ancestor",
          "same_program",
          "same_fd",
          "same_image",
        ]);
        expect(consequences).toEqual([]);
      });
    },
  );

  testIf(reason, "a service started with the listener as descriptor 3 was activated", async () => {
    await situation("socket_activation", {}, ({ roots, consequences }, { info }) => {
      expect(shape(roots)).toBe(`${info.manager}:holder![${info.service}:activated!]`);
      expect(roots[0]!.children[0]!.evidence).toContainEqual({
        kind: "environment",
        name: "LISTEN_FDS",
        value: "1",
      });
      expect(consequences).toEqual([]);
    });
  });

  testIf(reason, "a socket that was passed is not called inherited", async () => {
    await situation("passed_to_other_process", { keep: 1 }, ({ roots }, { info }) => {
      const [child] = roots[0]!.children;
      expect(child!.owner.pid).toBe(info.receiver as number);
      const same = kinds(child!).includes("same_fd");
      // The kernel gives the lowest free number, which may by chance be the sender's.
      expect([child!.role, child!.certain]).toEqual(same ? ["worker", true] : ["passed", false]);
    });
  });

  testIf(reason, "a thread's own table is told", async () => {
    await situation("private_table_thread", {}, ({ roots }, { info }) => {
      expect(roots.map(({ owner }) => [owner.pid, owner.tid])).toEqual([
        [info.process as number, info.tid as number],
      ]);
    });
  });
});

describe("owners that are made up", () => {
  const encoder = new TextEncoder();
  const process = (pid: number, ppid: number, exe: string | null, comm = "x"): Process => ({
    pid,
    ppid,
    exe: exe === null ? null : encoder.encode(exe),
    comm: encoder.encode(comm),
    exeDeleted: false,
    cmdline: null,
    uid: 0,
    user: null,
    startTimeMs: null,
    startTicks: null,
    unit: null,
    container: null,
    unitManager: null,
    containerManager: null,
    unread: {},
  });
  const PROCESSES = [
    process(1, 0, "/usr/lib/systemd/systemd", "systemd"),
    process(10, 1, "/usr/sbin/nginx"),
    process(20, 1, "/usr/sbin/sshd"),
    process(30, 10, "/bin/sh"),
    process(31, 30, "/usr/bin/a"),
    process(32, 30, "/usr/bin/b"),
    process(40, 41, "/bin/loop"),
    process(41, 40, "/bin/loop"),
    process(50, 1, null, "denied"),
    process(51, 50, null, "denied"),
  ];
  const facts: ProcessFacts = {
    get: (pid) => PROCESSES.find((process) => process.pid === pid) ?? process(pid, 0, null),
    environment: () => null,
    netns: (pid) => pid === 20 ? 77 : 66,
    netnsName: (inode) => inode === 77 ? "web" : null,
    reuse: () => null,
    // Those of one program were forked.
    sameImage: (pid, other) => String(facts.get(pid).exe) === String(facts.get(other).exe),
  };
  const owner = (pid: number, fds = [3]): Owner => ({
    pid,
    fds,
    tid: null,
    process: facts.get(pid),
  });
  const socketOf = (state: "listen" | "close", transport: "tcp" | "udp", owners: Owner[]) => ({
    owners,
    netns: { inode: 66, name: null },
    state,
    transport,
    inode: 1,
  });
  const relateThese = (...owners: Owner[]) => relate(socketOf("listen", "tcp", owners), facts);

  test("init and a service: activation, by what init is", () => {
    const { roots } = relateThese(owner(1, [40]), owner(10, [3]));
    expect(shape(roots)).toBe("1:holder![10:activated!]");
  });

  test("process 1 of a container and what it started: inherited, for a shell activates nothing", () => {
    const shell = process(1, 0, "/bin/bash", "bash");
    const owners = [{ ...owner(1), process: shell }, owner(10)];
    const { roots } = relate(socketOf("listen", "tcp", owners), {
      ...facts,
      get: (pid) => pid === 1 ? shell : facts.get(pid),
    });
    expect(shape(roots)).toBe("1:holder![10:inherited!]");
  });

  test("processes without a common holder may have passed it; another namespace is evidence", () => {
    const { roots } = relateThese(owner(10), owner(20));
    expect(shape(roots)).toBe("10:passed 20:passed");
    expect(roots[1]!.evidence).toContainEqual({
      kind: "other_netns",
      netns: 77,
      name: "web",
      socket_netns: 66,
    });
  });

  test("of thousands of others, 64 are named and the rest counted", () => {
    const owners = Array.from({ length: 3000 }, (_, i) => owner(1000 + i));
    const { roots } = relateThese(...owners);
    expect(roots).toHaveLength(3000);
    for (const node of [roots[0]!, roots[64]!, roots[2999]!]) {
      const others = node.evidence.find(({ kind }) => kind === "no_common_ancestor");
      if (others?.kind !== "no_common_ancestor") throw new Error("The fact is missing");
      expect(others.pids).toHaveLength(64);
      expect(others.pids).not.toContain(node.owner.pid);
      expect(others.unnamed).toBe(2999 - 64);
    }
    const few = relateThese(owner(1000), owner(1001)).roots[0]!.evidence;
    expect(few).toContainEqual({ kind: "no_common_ancestor", pids: [1001] });
  });

  test("all children of one owner stand below it, each once, in order", () => {
    const children = Array.from({ length: 500 }, (_, i) => owner(9000 - i));
    const { roots } = relate(socketOf("listen", "tcp", [owner(10), ...children]), {
      ...facts,
      get: (pid) => pid >= 8000 ? process(pid, 10, "/usr/sbin/nginx") : facts.get(pid),
    });
    expect(roots.map(({ owner }) => owner.pid)).toEqual([10]);
    expect(roots[0]!.children.map(({ owner }) => owner.pid))
      .toEqual(children.map(({ pid }) => pid).sort((a, b) => a - b));
  });

  test("what the socket's options allow is no consequence, and what they cannot be asked for is open", () => {
    const owners = [owner(10), owner(30)];
    const kinds = (
      state: "listen" | "close",
      transport: "tcp" | "udp",
      reuse: { address: boolean; port: boolean } | null,
    ) =>
      relate(socketOf(state, transport, owners), { ...facts, reuse: () => reuse })
        .consequences.map(({ kind, reuse }) => [kind, reuse]);
    const no = { address: false, port: false };
    const address = { address: true, port: false };
    const port = { address: false, port: true };
    expect(kinds("listen", "tcp", no)).toEqual([["port_kept", no]]);
    // A listener is in the way whatever SO_REUSEADDR says.
    expect(kinds("listen", "tcp", address)).toEqual([["port_kept", address]]);
    expect(kinds("listen", "tcp", port)).toEqual([["share_kept", port]]);
    expect(kinds("listen", "tcp", null)).toEqual([["port_kept", null]]);
    expect(kinds("close", "udp", no)).toEqual([["port_kept", no]]);
    expect(kinds("close", "udp", address)).toEqual([]);
    expect(kinds("close", "udp", port)).toEqual([]);
    expect(kinds("close", "tcp", no)).toEqual([]);
  });

  test("the same program that called exec may be a worker, and may be something else", () => {
    const same = [owner(10), { ...owner(30), process: process(30, 10, "/usr/sbin/nginx") }];
    const judge = (image: boolean | null) =>
      relate(socketOf("listen", "tcp", same), { ...facts, sameImage: () => image }).roots[0]!
        .children[0]!;
    expect(judge(true)).toMatchObject({ role: "worker", certain: true });
    expect(judge(false)).toMatchObject({ role: "worker", certain: false });
    expect(judge(null)).toMatchObject({ role: "worker", certain: false });
    expect(kinds(judge(true))).toContain("same_image");
    expect(kinds(judge(false))).toContain("executed");
  });

  test("the environment of a fork that has not called exec is that of the process above, and is not read", () => {
    const asked = new Set<number>();
    const forked = [owner(10), { ...owner(30), process: process(30, 10, "/usr/sbin/nginx") }];
    const worker = (image: boolean) =>
      relate(socketOf("listen", "tcp", forked), {
        ...facts,
        sameImage: () => image,
        environment: (pid) => (asked.add(pid), null),
        environmentUnread: (pid) => (asked.add(pid), pid === 30),
      }).roots[0]!.children[0]!;
    expect(worker(true)).toMatchObject({ role: "worker", certain: true });
    expect([...asked]).toEqual([10]);
    expect(worker(false)).toMatchObject({ role: "worker", certain: false });
    expect([...asked]).toEqual([10, 30]);
  });

  test("a variable that the parent has too may be left over: activation is then only likely", () => {
    const variables = (pid: number, name: string) =>
      name === "LISTEN_FDS" && (pid === 30 || pid === 31) ? "1" : null;
    const judge = (environment: ProcessFacts["environment"]) =>
      relate(socketOf("listen", "tcp", [owner(10), owner(30), owner(31)]), {
        ...facts,
        environment,
      });
    expect(shape(judge(variables).roots)).toBe("10:holder![30:activated![31:activated]]");
    const meant: ProcessFacts["environment"] = (pid, name) =>
      name === "LISTEN_PID" ? "30" : variables(pid, name);
    expect(shape(judge(meant).roots)).toBe("10:holder![30:activated![31:inherited!]]");
  });

  test("children of a parent that has let go are siblings", () => {
    expect(shape(relateThese(owner(31), owner(32)).roots)).toBe("31:sibling 32:sibling");
  });

  test("holders in between do not break the line of descent", () => {
    const { roots } = relateThese(owner(10), owner(31));
    expect(shape(roots)).toBe("10:holder![31:inherited!]");
    expect(roots[0]!.children[0]!.evidence[0]).toEqual({ kind: "ancestor", pid: 10, via: [30] });
  });

  test("where programs cannot be read the name decides, and it is no certainty", () => {
    expect(shape(relateThese(owner(50), owner(51)).roots)).toBe("50:holder![51:worker]");
  });

  test("parents that go in a circle end", () => {
    expect(shape(relateThese(owner(40)).roots)).toBe("40:holder!");
    expect(shape(relateThese(owner(40), owner(41)).roots)).toBe("41:holder![40:worker!]");
  });
});
