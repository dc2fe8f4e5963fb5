import { describe, expect, test } from "bun:test";
import { closeSync, openSync, statSync } from "node:fs";
import { Diagnostics } from "../../src/diagnostics.ts";
import { attachOwners } from "../../src/join/attach.ts";
import { OwnerIndex } from "../../src/store/owner_index.ts";
import { noteNoBpf, type OwnerWalk, walkOwners } from "../../src/join/owners.ts";
import type { Socket } from "../../src/model/socket.ts";
import { DescriptorTable } from "../../src/proc/descriptors.ts";
import { Processes } from "../../src/origin/processes.ts";
import { ProcRoot } from "../../src/proc/root.ts";
import { procTree } from "../support/proc_tree.ts";

/** A socket as far as owners are concerned. */
function socket(inode: number, cookie: Socket["cookie"] = null): Socket {
  return {
    family: "inet",
    transport: "udp",
    state: "close",
    inode,
    cookie,
    ownership: "unknown",
    owners: [],
  } as unknown as Socket;
}

function table(rows: readonly (readonly number[])[], cookies = false): DescriptorTable {
  const made = new DescriptorTable(cookies);
  for (const [pid, tid, fd, inode, low = 0, high = 0] of rows) {
    made.push(pid!, tid!, fd!, inode!, low, high);
  }
  return made;
}

function walk(descriptors: DescriptorTable): OwnerWalk {
  const scan = {
    descriptors,
    pids: [],
    denied: [],
    unlisted: 0,
    vanished: 0,
    hidden: false,
    namespaces: new Map(),
  };
  return { scan, search: () => scan };
}

/** Owners as they come out of a table: process, thread and descriptors of each. */
function owners(rows: readonly (readonly number[])[]): unknown[] {
  using tree = procTree({ "1/stat": "" });
  const root = new ProcRoot(tree.path);
  const one = socket(7);
  attachOwners([one], root, new Processes(root), new Diagnostics(), walk(table(rows)));
  return one.owners.map(({ pid, tid, fds }) => ({ pid, tid, fds }));
}

describe("OwnerIndex", () => {
  test("lets the cookie decide between sockets of one inode", () => {
    const made = table([[1, 0, 3, 7, 5, 0], [2, 0, 4, 7, 6, 0], [3, 0, 5, 7, 5, 1]], true);
    const index = new OwnerIndex(made);
    index.want(7);
    index.update();
    expect(index.rowsFrom(index.first(7), 5)).toEqual([0]);
    expect(index.rowsFrom(index.first(7), 2 ** 32 + 5)).toEqual([2]);
    expect(index.rowsFrom(index.first(7), null).length).toBe(3);
  });

  test("knows cookies that the kernel gave out from the other end", () => {
    const made = table([[1, 0, 3, 7, 0xffff_fffe, 0xffff_ffff], [2, 0, 4, 7, 1, 0]], true);
    const index = new OwnerIndex(made);
    index.want(7);
    index.update();
    expect(index.rowsFrom(index.first(7), 0xffff_ffff_ffff_fffen)).toEqual([0]);
  });

  test("goes by the inode where no cookie fits: a subflow has that of its MPTCP socket", () => {
    const made = table([[1, 0, 3, 7, 5, 0]], true);
    const index = new OwnerIndex(made);
    index.want(7);
    index.update();
    expect(index.rowsFrom(index.first(7), 99)).toEqual([0]);
  });
});

describe("attachOwners()", () => {
  test("leaves out a thread's table where the main table of the process holds the socket", () => {
    expect(owners([[5, 6, 3, 7], [5, 0, 4, 7], [5, 0, 3, 7]])).toEqual([
      { pid: 5, tid: null, fds: [3, 4] },
    ]);
  });

  test("shows threads that share a table once, and those with other descriptors each", () => {
    expect(owners([[5, 6, 3, 7], [5, 8, 3, 7], [5, 9, 4, 7], [6, 10, 3, 7]])).toEqual([
      { pid: 5, tid: 6, fds: [3] },
      { pid: 5, tid: 9, fds: [4] },
      { pid: 6, tid: 10, fds: [3] },
    ]);
  });
});

/** What is noted, but for what depends on how busy this machine is. */
function notes(diagnostics: Diagnostics): readonly string[] {
  return diagnostics.notes.filter((note) => note !== "owners: /proc is walked by two threads");
}

describe("walkOwners()", () => {
  test("reads /proc when it is asked to, and says so", () => {
    const diagnostics = new Diagnostics();
    const { scan } = walkOwners(new ProcRoot(), "proc", diagnostics);
    expect(scan.pids).toContain(process.pid);
    expect(notes(diagnostics)).toEqual(["owners: by /proc, not BPF: as asked for"]);
  });

  test("tells of network namespaces that a descriptor holds, by BPF and by /proc", () => {
    const fd = openSync("/proc/self/ns/net", "r");
    const other = openSync("/proc/self/ns/uts", "r");
    try {
      const inode = statSync("/proc/self/ns/net").ino;
      for (const source of ["bpf", "proc"] as const) {
        const { scan } = walkOwners(new ProcRoot(), source, new Diagnostics(), {
          namespaces: true,
        });
        const path = scan.namespaces.get(inode);
        expect(path).toMatch(/^\d+\/(task\/\d+\/)?fd\/\d+$/);
        expect(statSync(`/proc/${path}`).ino).toBe(inode);
        expect(scan.namespaces.has(statSync("/proc/self/ns/uts").ino)).toBe(false);
      }
    } finally {
      closeSync(fd);
      closeSync(other);
    }
  });

  test("does not ask the kernel about a recorded /proc", () => {
    using tree = procTree({ "5/fd/3": { link: "socket:[7]" } });
    const diagnostics = new Diagnostics();
    const { scan } = walkOwners(new ProcRoot(tree.path), "bpf", diagnostics);
    expect(scan.descriptors.length).toBe(1);
    expect(diagnostics.notes).toEqual([]);
  });

  test("says why BPF was used or not", () => {
    for (const source of ["auto", "bpf"] as const) {
      const diagnostics = new Diagnostics();
      walkOwners(new ProcRoot(), source, diagnostics);
      expect(notes(diagnostics)).toHaveLength(1);
      expect(notes(diagnostics)[0]).toMatch(
        /^owners: (\d+ descriptors by BPF|by \/proc, not BPF: .+)$/,
      );
    }
  });
});

test("where the verifier refused, every line that it said is a note", () => {
  const diagnostics = new Diagnostics();
  const log = ["; call", "R1 invalid mem access", "; call"];
  noteNoBpf({ reason: "the kernel refused the owner program: R1", log }, diagnostics);
  noteNoBpf({ reason: "not permitted" }, diagnostics);
  expect(diagnostics.notes).toEqual([
    "owners: by /proc, not BPF: the kernel refused the owner program: R1",
    "BPF verifier, line 1: ; call",
    "BPF verifier, line 2: R1 invalid mem access",
    "BPF verifier, line 3: ; call",
    "owners: by /proc, not BPF: not permitted",
  ]);
});
