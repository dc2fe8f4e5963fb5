import { describe, expect, test } from "bun:test";
import { compare } from "../../src/audit/diff.ts";
import type { SnapshotDocument } from "../../src/snapshot/document.ts";
import { owner, PROCESSES_GAP, snapshot, socket } from "./documents.ts";

/** Kinds, endpoints and fields of the differences. */
function told(before: SnapshotDocument, after: SnapshotDocument): string[] {
  return compare(before, after).differences.map(({ kind, endpoint, fields }) =>
    [kind, endpoint, ...(fields.length > 0 ? [fields.join(",")] : [])].join(" ")
  );
}

describe("compare()", () => {
  test("says nothing of a host that stayed the same under other numbers", () => {
    const before = snapshot([socket("0.0.0.0", 22), socket("::", 80)]);
    const after = snapshot([
      socket("::", 80, { inode: 1, owners: [owner({ pid: 1, fds: [1] })] }),
      socket("0.0.0.0", 22, { inode: 2, owners: [owner({ pid: 2 }), owner({ pid: 3 })] }),
    ]);
    expect(compare(before, after).differences).toEqual([]);
    expect(compare(before, after).compared).toBe(2);
  });

  test("tells what appeared and vanished", () => {
    expect(told(snapshot([socket("0.0.0.0", 22)]), snapshot([socket("0.0.0.0", 23)]))).toEqual([
      "vanished tcp 0.0.0.0:22",
      "appeared tcp 0.0.0.0:23",
    ]);
  });

  test("tells what changed, field by field", () => {
    const before = socket("::", 80);
    const changed = (parts: Parameters<typeof socket>[2]) =>
      told(snapshot([before]), snapshot([socket("::", 80, parts)]));
    expect(changed({ reach: { scope: "private", reasons: [] } })).toEqual([
      "changed tcp [::]:80 reach",
    ]);
    expect(changed({ v6only: true })).toEqual(["changed tcp [::]:80 v6only"]);
    expect(changed({ v6only: null })).toEqual([]);
    expect(changed({ owners: [owner({ exe: "/bin/x" })] })).toEqual(["changed tcp [::]:80 exe"]);
    expect(changed({ owners: [owner({ user: "www" })] })).toEqual(["changed tcp [::]:80 user"]);
    expect(changed({ owners: [owner({ unit: null })] })).toEqual(["changed tcp [::]:80 unit"]);
    expect(changed({ local: { ...before.local, mode: "0777" } })).toEqual([
      "changed tcp [::]:80 mode",
    ]);
  });

  test("a further holder of another program is a change, another worker is none", () => {
    const more = (exe: string) =>
      snapshot([socket("::", 80, { owners: [owner(), owner({ exe })] })]);
    expect(told(snapshot([socket("::", 80)]), more("/usr/sbin/nginx"))).toEqual([]);
    expect(told(snapshot([socket("::", 80)]), more("/bin/sh"))).toEqual([
      "changed tcp [::]:80 exe",
    ]);
  });

  test("a process ID in a path is the same place for who sees the process and who does not", () => {
    const agent = (parts: Parameters<typeof socket>[2]) =>
      snapshot([
        socket("", 0, {
          family: "unix",
          transport: "stream",
          state: "listen",
          local: { path: "/run/agent.4711" },
          ...parts,
        }),
      ]);
    const seen = agent({ owners: [owner({ pid: 4711 })] });
    const unseen = agent({ ownership: "hidden", owners: [] });
    expect(told(seen, unseen)).toEqual([
      "undecided unix-stream /run/agent.PID exe,user,unit,container",
    ].map((text) => text.replace("PID", "4711")));
    expect(told(unseen, seen)).toEqual([
      "undecided unix-stream /run/agent.PID exe,user,unit,container",
    ]);
    const restarted = agent({
      local: { path: "/run/agent.812" },
      owners: [owner({ pid: 812 })],
    });
    expect(told(seen, restarted)).toEqual([]);
  });

  test("a program that gets another port from the kernel is the same service", () => {
    const at = (...ports: number[]) => snapshot(ports.map((port) => socket("0.0.0.0", port)));
    expect(told(at(40001), at(41111))).toEqual([]);
    expect(told(at(40001, 40002), at(41111))).toEqual(["vanished tcp 0.0.0.0:40002"]);
    expect(told(at(40001), at(40001, 50001))).toEqual(["appeared tcp 0.0.0.0:50001"]);
    const other = snapshot([socket("0.0.0.0", 40001, { owners: [owner({ exe: "/bin/x" })] })]);
    expect(told(at(40001), other)).toEqual(["changed tcp 0.0.0.0:40001 exe"]);
  });

  test("UDP clients on ephemeral ports are counted and not compared", () => {
    const udp = (port: number) => socket("0.0.0.0", port, { transport: "udp" });
    const comparison = compare(snapshot([udp(40001), udp(53)]), snapshot([udp(50001), udp(53)]));
    expect(comparison.differences).toEqual([]);
    expect(comparison.ephemeralUdp).toEqual({ before: 1, after: 1 });
  });

  test("a holder that one side could not see is undecided, not changed", () => {
    const hidden = snapshot([socket("::", 80, { ownership: "hidden", owners: [] })], [
      PROCESSES_GAP,
    ]);
    for (const [a, b] of [[snapshot([socket("::", 80)]), hidden], [hidden, hidden]] as const) {
      const [difference] = compare(a, b).differences;
      expect(difference!.kind).toBe("undecided");
      expect(difference!.reason).toMatch(/not every owner is known/);
    }
    expect(told(snapshot([socket("::", 80)]), hidden)).toHaveLength(1);
  });

  test("fewer holders in a partial view are undecided, other holders are a change", () => {
    const two = snapshot([socket("::", 80, { owners: [owner(), owner({ exe: "/bin/sh" })] })]);
    const one = (exe: string) =>
      snapshot([socket("::", 80, { owners: [owner({ exe })] })], [PROCESSES_GAP]);
    expect(compare(two, one("/bin/sh")).differences[0]!.kind).toBe("undecided");
    expect(compare(two, one("/bin/evil")).differences[0]!.kind).toBe("changed");
    expect(compare(one("/bin/sh"), one("/bin/sh")).differences).toEqual([]);
  });

  test("a reach that could not be found out is undecided, not changed", () => {
    const gap = { kind: "interfaces", reason: "the interfaces could not be read" };
    const unknown = socket("0.0.0.0", 80, { reach: { scope: "unknown", reasons: [] } });
    const before = snapshot([socket("0.0.0.0", 80)]);
    expect(told(before, snapshot([unknown], [gap]))).toEqual(["undecided tcp 0.0.0.0:80 reach"]);
    expect(compare(before, snapshot([unknown], [gap])).differences[0]!.reason)
      .toBe("how far it reaches is not known on the newer side");
    // Without a gap no interface is up, which is a change.
    expect(told(before, snapshot([unknown]))).toEqual(["changed tcp 0.0.0.0:80 reach"]);
  });

  test("a mode and a unit that could not be read are undecided, not changed", () => {
    const bound = (local: object, unit: object = {}) =>
      snapshot([
        socket("", 0, {
          family: "unix",
          transport: "stream",
          state: "listen",
          local: { path: "/run/a.sock", ...local },
          owners: [owner(unit)],
        }),
      ]);
    const known = bound({ mode: "0600", host_path: "/run/a.sock" });
    expect(told(known, bound({}))).toEqual(["undecided unix-stream /run/a.sock mode"]);
    const unread = { unit: null, unread: { cgroup: "EIO" } };
    expect(told(known, bound({ mode: "0600", host_path: "/run/a.sock" }, unread)))
      .toEqual(["undecided unix-stream /run/a.sock exe,user,unit,container"]);
  });

  test("without knowing the host's own namespace, nothing has appeared in it", () => {
    const gap = { kind: "netns", reason: "our own network namespace could not be read" };
    const lost = snapshot([socket("0.0.0.0", 81)], [gap]);
    const blind = { ...lost, host: { ...lost.host, netns: null } };
    expect(told(snapshot([]), blind)).toEqual(["undecided tcp 0.0.0.0:81"]);
    expect(told(blind, snapshot([]))).toEqual(["undecided tcp 0.0.0.0:81"]);
  });

  test("what a failed call may have lost has not vanished", () => {
    const gap = { kind: "reads", reason: "1 system call failed" };
    expect(told(snapshot([socket("0.0.0.0", 80)]), snapshot([], [gap])))
      .toEqual(["undecided tcp 0.0.0.0:80"]);
  });

  test("what a table that could not be read may hold has not vanished", () => {
    const gap = {
      kind: "table",
      reason: "tcp over IPv4 could not be read",
      table: "tcp over IPv4",
    };
    const udp = socket("0.0.0.0", 53, { transport: "udp" });
    expect(told(snapshot([socket("0.0.0.0", 22), udp]), snapshot([], [gap]))).toEqual([
      "undecided tcp 0.0.0.0:22",
      "vanished udp 0.0.0.0:53",
    ]);
    const netns = { kind: "netns", reason: "a namespace could not be entered" };
    const inner = socket("0.0.0.0", 80, { netns: { inode: 7, name: "blue" } });
    expect(told(snapshot([socket("0.0.0.0", 22), inner]), snapshot([], [netns]))).toEqual([
      "vanished tcp 0.0.0.0:22",
      "undecided tcp 0.0.0.0:80",
    ]);
  });
});
