import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { closeSync, openSync, readdirSync, readlinkSync, statSync } from "node:fs";
import {
  loadOwnerProgram,
  OwnerIterator,
  takeRecords,
  whyNoOwnerPass,
} from "../../src/bpf/owner_iterator.ts";
import { inNetworkNamespace } from "../../ffi/namespace.ts";
import { Connection, NETLINK_SOCK_DIAG } from "../../src/netlink/connection.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { Btf, wholeFile } from "../../src/bpf/btf.ts";
import { NEEDED_TYPES, type PidNumbers } from "../../src/bpf/program.ts";
import { DecodeError } from "../../src/model/decode_error.ts";
import { DescriptorTable, recordSize } from "../../src/proc/descriptors.ts";
import { ProcRoot } from "../../src/proc/root.ts";
import { DescriptorScanner } from "../../src/proc/scan.ts";
import { makeBtf, strangeKernel } from "../support/btf.ts";
import { compareRows, Crowd, crowdReason, type Row } from "../support/crowd.ts";
import { firstReason, testIf } from "../support/skip.ts";

function rowsOf(table: DescriptorTable, pids: readonly number[]): Row[] {
  const wanted = new Set(pids);
  const rows: Row[] = [];
  for (let i = 0; i < table.length; i++) {
    if (!wanted.has(table.pid(i))) continue;
    rows.push([table.pid(i), table.tid(i), table.fd(i), table.inode(i)]);
  }
  return rows.sort(compareRows);
}

function pass(numbers: PidNumbers, cookies = false): DescriptorTable {
  const opened = OwnerIterator.open(numbers, { cookies });
  if (!opened.ok) throw new Error(opened.reason);
  return opened.value.run().descriptors;
}

const bpf = whyNoOwnerPass();
/** Process IDs of the initial namespace are the reader's own only there. */
const notInitial = readlinkSync("/proc/self/ns/pid") === "pid:[4026531836]"
  ? null
  : "this is not the initial PID namespace";

describe("OwnerIterator", () => {
  testIf(
    firstReason(bpf, crowdReason()),
    "finds what a walk over /proc finds: thousands of descriptors, forks, threads with tables of their own",
    async () => {
      await using crowd = await Crowd.start(8, 400, 100);
      const expected = crowd.rows();
      expect(expected.length).toBeGreaterThan(8 * 500);
      const private_ = crowd.children.filter(({ thread }) => thread.refused === undefined);
      for (const { pid, thread } of private_) {
        expect(expected.some((row) => row[0] === pid && row[1] === thread.tid)).toBe(true);
      }
      expect(rowsOf(pass("reader"), crowd.pids)).toEqual(expected);
      expect(rowsOf(pass("reader", true), crowd.pids)).toEqual(expected);

      const scanner = new DescriptorScanner(new ProcRoot());
      const scan = scanner.scanProcesses();
      const main = expected.filter((row) => row[1] === 0);
      expect(rowsOf(scan.descriptors, crowd.pids)).toEqual(main);
      // In search of the sockets that only threads hold: no row of a shared table comes twice.
      const wanted = new Set(private_.map(({ thread }) => thread.inode!));
      scanner.scanPrivateTables(crowd.pids, wanted);
      expect(rowsOf(scan.descriptors, crowd.pids)).toEqual(
        expected.filter((row) => row[1] === 0 || wanted.has(row[3])),
      );
    },
    400_000,
  );

  testIf(
    firstReason(bpf, notInitial, crowdReason()),
    "gives the same rows both ways in the initial PID namespace",
    async () => {
      await using crowd = await Crowd.start(2, 50, 10);
      const rows = rowsOf(pass("initial"), crowd.pids);
      expect(rows.length).toBeGreaterThan(2 * 50);
      expect(rows).toEqual(rowsOf(pass("reader"), crowd.pids));
    },
  );

  testIf(
    firstReason(bpf, crowdReason()),
    "counts processes as the reader does, inside a PID namespace",
    () => {
      // PID 1 of the new namespace runs the pass and prints it, beside what its own /proc says.
      const script = `
        const { OwnerIterator } = await import("${import.meta.dir}/../../src/bpf/owner_iterator.ts");
        const { ProcRoot } = await import("${import.meta.dir}/../../src/proc/root.ts");
        const { DescriptorScanner } = await import("${import.meta.dir}/../../src/proc/scan.ts");
        const { Crowd } = await import("${import.meta.dir}/../support/crowd.ts");
        const crowd = await Crowd.start(3, 40, 5);
        const opened = OwnerIterator.open("reader");
        const rows = (table) => Array.from({ length: table.length },
          (_, i) => [table.pid(i), table.tid(i), table.fd(i), table.inode(i)])
          .filter((row) => crowd.pids.includes(row[0]));
        const bpf = opened.ok ? rows(opened.value.run().descriptors) : opened.reason;
        console.log(JSON.stringify({ bpf, proc: crowd.rows(), pids: crowd.pids }));
        await crowd[Symbol.asyncDispose]();
      `;
      const ran = Bun.spawnSync(
        ["unshare", "-p", "-f", "--mount-proc", process.execPath, "-e", script],
        { stdin: "ignore", stderr: "pipe" },
      );
      expect(ran.stderr.toString()).toBe("");
      const { bpf, proc, pids } = JSON.parse(ran.stdout.toString());
      expect(Math.max(...pids)).toBeLessThan(100);
      expect(proc.length).toBeGreaterThan(3 * 45);
      expect(bpf.sort(compareRows)).toEqual(proc);
    },
    400_000,
  );

  for (const numbers of ["initial", "reader"] as const) {
    const reason = firstReason(bpf, numbers === "initial" ? notInitial : null);
    testIf(reason, `finds descriptors that stand for a namespace (${numbers} numbers)`, () => {
      const paths = ["/proc/self/ns/net", "/proc/self/ns/uts"];
      const fds = paths.map((path) => openSync(path, "r"));
      try {
        const opened = OwnerIterator.open(numbers, { namespaces: true });
        if (!opened.ok) throw new Error(opened.reason);
        const { namespaces } = opened.value.run();
        const own = Array.from({ length: namespaces.length }, (_, i) => i)
          .filter((i) => namespaces.pid(i) === process.pid)
          .map((i) => [namespaces.fd(i), namespaces.inode(i)]);
        for (const [i, fd] of fds.entries()) {
          expect(own).toContainEqual([fd, statSync(paths[i]!).ino]);
        }
        // Without the wish for namespaces the same program finds sockets.
        const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
        try {
          expect(pass(numbers).length).toBeGreaterThan(0);
        } finally {
          server.stop(true);
        }
      } finally {
        for (const fd of fds) closeSync(fd);
      }
    });
  }

  testIf(
    firstReason(bpf, namespaceReason()),
    "finds sockets of another network namespace than their process, and no others",
    async () => {
      await using netns = await Namespace.create();
      const door = openSync(`/proc/${netns.pid}/ns/net`, "r");
      const inside = inNetworkNamespace(door, () => new Connection(NETLINK_SOCK_DIAG));
      const outside = new Connection(NETLINK_SOCK_DIAG);
      try {
        for (const cookies of [false, true]) {
          const opened = OwnerIterator.open("reader", { namespaces: true, cookies });
          if (!opened.ok) throw new Error(opened.reason);
          const { foreign, descriptors } = opened.value.run();
          const own = Array.from({ length: foreign.length }, (_, row) => row)
            .filter((row) => foreign.pid(row) === process.pid);
          expect(own.map((row) => [foreign.fd(row), foreign.inode(row)]))
            .toEqual([[inside.fd, netns.inode]]);
          const inodeOf = (fd: number) => statSync(`/proc/self/fd/${fd}`).ino;
          const rows = rowsOf(descriptors, [process.pid]);
          for (const { fd } of [inside, outside]) {
            expect(rows).toContainEqual([process.pid, 0, fd, inodeOf(fd)]);
          }
        }
      } finally {
        inside.close();
        outside.close();
        closeSync(door);
      }
    },
  );

  testIf(bpf, "leaves no descriptor behind", () => {
    for (let i = 0; i < 3; i++) pass("reader");
    const left = readdirSync("/proc/self/fd").map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return "";
      }
    });
    // A program, a link or an iterator, none of which is pinned anywhere either.
    expect(left.filter((target) => target.includes("bpf"))).toEqual([]);
  });

  testIf(
    bpf,
    "says in the verifier's words why a program is refused, instead of running it",
    () => {
      const loaded = loadOwnerProgram(
        new Btf(wholeFile(makeBtf(strangeKernel())), NEEDED_TYPES),
        "initial",
      );
      expect(loaded.ok).toBe(false);
      if (loaded.ok) return;
      expect(loaded.reason).toStartWith("the kernel refused the owner program: ");
      // The reason is one line of the log, and not the only one.
      expect(loaded.log!.length).toBeGreaterThan(1);
      expect(loaded.log!.map((line) => line.trimEnd())).toContain(
        loaded.reason.slice("the kernel refused the owner program: ".length),
      );
    },
  );
});

describe("takeRecords()", () => {
  /** What a pass makes of bytes, which may come in two portions. */
  function taken(bytes: Uint8Array, cookies: boolean, mixed: boolean, cut = bytes.length) {
    const pass = {
      descriptors: new DescriptorTable(cookies),
      namespaces: new DescriptorTable(cookies),
      foreign: new DescriptorTable(cookies),
    };
    for (const part of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
      pass.descriptors.room(part.length).set(part);
      takeRecords(pass, part.length, mixed);
    }
    return pass;
  }

  test("reads process, thread, descriptor, inode and cookie", () => {
    const view = new DataView(new ArrayBuffer(3 * recordSize(true)));
    view.setInt32(0, 10, true);
    view.setInt32(4, 10, true);
    view.setUint32(8, 3, true);
    view.setBigUint64(16, 0x1_0000_0002n, true);
    view.setBigUint64(24, 0xffff_ffff_0000_0005n, true);
    view.setUint32(32 + 12, 1, true);
    view.setBigUint64(32 + 16, 4026531840n, true);
    view.setInt32(64, 10, true);
    view.setInt32(68, 11, true);
    const { namespaces, descriptors: table } = taken(new Uint8Array(view.buffer), true, true, 64);
    expect(namespaces.length).toBe(1);
    expect(namespaces.inode(0)).toBe(4026531840);
    expect(table.length).toBe(2);
    expect([table.pid(0), table.tid(0), table.fd(0)]).toEqual([10, 0, 3]);
    expect([table.pid(1), table.tid(1), table.fd(1)]).toEqual([10, 11, 0]);
    expect([table.inode(0), table.inode(1)]).toEqual([0x1_0000_0002, 0]);
    expect([table.cookieLow(0), table.cookieHigh(0)]).toEqual([5, 0xffff_ffff]);
  });

  test("reads records without a cookie", () => {
    const words = new Uint32Array([10, 10, 3, 0, 7, 0, 10, 11, 4, 0, 8, 1]);
    const { descriptors: table } = taken(new Uint8Array(words.buffer), false, false);
    expect([table.length, table.hasCookies]).toEqual([2, false]);
    expect([table.tid(0), table.tid(1), table.fd(0), table.fd(1)]).toEqual([0, 11, 3, 4]);
    expect([table.inode(0), table.inode(1)]).toEqual([7, 0x1_0000_0008]);
    expect([table.cookieLow(1), table.cookieHigh(1)]).toEqual([0, 0]);
  });

  test("gives rows or DecodeError for any bytes", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.boolean(),
        fc.boolean(),
        (bytes, cookies, mixed) => {
          try {
            const pass = taken(bytes, cookies, mixed);
            const rows = pass.descriptors.length + pass.namespaces.length + pass.foreign.length;
            expect(rows * recordSize(cookies)).toBe(bytes.length);
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError);
          }
        },
      ),
    );
  });
});
