import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ProcRoot } from "../../src/proc/root.ts";
import { DescriptorScanner, socketInode } from "../../src/proc/scan.ts";
import { procTree, statFile } from "../support/proc_tree.ts";

function rows(scanner: DescriptorScanner): [pid: number, tid: number, fd: number, inode: number][] {
  const { descriptors: table } = scanner;
  return Array.from(
    { length: table.length },
    (_, i) =>
      [table.pid(i), table.tid(i), table.fd(i), table.inode(i)] as [number, number, number, number],
  )
    .sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
}

describe("DescriptorScanner", () => {
  test("finds sockets among other descriptors, in every process", () => {
    using tree = procTree({
      "1/fd/0": { link: "/dev/null" },
      "1/fd/3": { link: "socket:[100]" },
      "1/fd/10": { link: "socket:[101]" },
      "20/fd/3": { link: "socket:[100]" },
      "20/fd/4": { link: "pipe:[100]" },
      "20/fd/5": { link: "anon_inode:[eventpoll]" },
      "self/fd/3": { link: "socket:[999]" },
      "net/tcp": "",
    });
    const scanner = new DescriptorScanner(new ProcRoot(tree.path));
    const scan = scanner.scanProcesses();
    expect(rows(scanner)).toEqual([[1, 0, 3, 100], [1, 0, 10, 101], [20, 0, 3, 100]]);
    expect(scan.pids).toEqual([1, 20]);
    expect(scan.denied).toEqual([]);
  });

  test("counts a process that has no descriptors to read as vanished, and goes on", () => {
    using tree = procTree({ "5/stat": statFile(5, "gone"), "6/fd/1": { link: "socket:[7]" } });
    const scanner = new DescriptorScanner(new ProcRoot(tree.path));
    expect(scanner.scanProcesses().vanished).toBe(1);
    expect(rows(scanner)).toEqual([[6, 0, 1, 7]]);
  });

  test("reads a thread's table where the leader's is empty, once although the threads share it", () => {
    using tree = procTree({
      "50/fd/": "",
      "50/task/50/fd/": "",
      "50/task/51/fd/4": { link: "socket:[8]" },
    });
    const scanner = new DescriptorScanner(new ProcRoot(tree.path));
    scanner.scanProcesses();
    expect(rows(scanner)).toEqual([[50, 51, 4, 8]]);
  });

  test("grows past its first thousand rows", () => {
    using tree = procTree(Object.fromEntries(
      Array.from({ length: 2500 }, (_, i) => [`7/fd/${i}`, { link: `socket:[${i + 1}]` }]),
    ));
    const scanner = new DescriptorScanner(new ProcRoot(tree.path));
    scanner.scanProcesses();
    expect(rows(scanner)).toEqual(Array.from({ length: 2500 }, (_, i) => [7, 0, i, i + 1]));
  });

  test("gives up before it reads more descriptors than it may, and only then", () => {
    using tree = procTree(Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`${7 + i % 3}/fd/${i}`, { link: `socket:[${i + 1}]` }]),
    ));
    const within = (limit: number) =>
      new DescriptorScanner(new ProcRoot(tree.path)).scanWithin(limit);
    expect(within(29)).toBeNull();
    expect(within(30)?.descriptors.length).toBe(30);
  });

  test("finds nothing where there is no /proc at all", () => {
    const scanner = new DescriptorScanner(new ProcRoot("/nonexistent"));
    expect(scanner.scanProcesses().pids).toEqual([]);
  });
});

describe("socketInode()", () => {
  const of = (text: string) => {
    const bytes = new TextEncoder().encode(text);
    return socketInode(bytes, bytes.length);
  };

  test("reads the number", () => {
    expect(of("socket:[4026531840]")).toBe(4026531840);
  });

  test.each([
    "socket:[]",
    "socket:[12",
    "socket:[1x]",
    "/tmp/socket:[12]",
    "pipe:[12]",
    "sockets:[12]",
    "",
  ])("takes %p for something else", (text) => {
    expect(of(text)).toBe(-1);
  });

  test("gives a number for any bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(socketInode(bytes, bytes.length)).toBeGreaterThanOrEqual(-1);
    }));
  });
});
