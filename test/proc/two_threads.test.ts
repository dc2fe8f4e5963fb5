import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ProcRoot } from "../../src/proc/root.ts";
import { DescriptorScanner, type Outcome, type Scan } from "../../src/proc/scan.ts";
import { ScanShare } from "../../src/proc/scan_share.ts";
import { scanOnTwoThreads, scanShared } from "../../src/proc/two_threads.ts";
import { procTree } from "../support/proc_tree.ts";

/** A scan as plain data, rows in order. */
function plain({ descriptors: table, namespaces, ...rest }: Scan) {
  const rows = Array.from(
    { length: table.length },
    (_, i) => [table.pid(i), table.tid(i), table.fd(i), table.inode(i)],
  );
  rows.sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]! || a[2]! - b[2]!);
  return { ...rest, rows, namespaces: [...namespaces.keys()].sort() };
}

/** Ten processes: of many descriptors, of none, of a thread's only, of a namespace, and one that is gone. */
const tree = {
  ...Object.fromEntries(
    [1, 20, 21, 300].flatMap((pid) =>
      Array.from(
        { length: pid % 7 + 2 },
        (_, fd) => [`${pid}/fd/${fd}`, { link: `socket:[${pid * 100 + fd}]` }],
      )
    ),
  ),
  "30/fd/": "",
  "30/task/30/fd/": "",
  "30/task/31/fd/4": { link: "socket:[8]" },
  "40/fd/3": { link: "net:[4026532000]" },
  "41/fd/3": { link: "net:[4026532001]" },
  "50/fd/0": { link: "/dev/null" },
  "60/stat": "",
  "70/fd/": "",
};

describe("scanShared()", () => {
  test("finds what one thread finds, whoever gets which process, and whatever of it is lost on the way", () => {
    using files = procTree(tree);
    const root = new ProcRoot(files.path);
    const alone = plain(new DescriptorScanner(root).scanProcesses());
    expect(alone.rows.length).toBeGreaterThan(10);
    expect(alone.vanished).toBe(1);
    const first = fc.nat({ max: 12 });
    const capacity = fc.nat({ max: alone.rows.length });
    const ends = fc.constantFrom("in time", "too late", "never starts");
    fc.assert(fc.property(first, capacity, ends, (first, capacity, end) => {
      const scanner = new DescriptorScanner(root);
      const pids = scanner.listProcesses();
      const share = ScanShare.over(pids, capacity);
      // The first thread's claims before the other starts.
      const early: number[] = [];
      while (early.length < first && early.length < pids.length) early.push(share.claim()!);
      if (end !== "never starts") new ScanShare(share.memory).serve(new DescriptorScanner(root));
      if (end === "in time") share.end();
      // Those are walked in the end, as all is that nobody has left a result for.
      expect(plain(scanShared(scanner, pids, share, 1))).toEqual(alone);
    }));
  });

  test("says that no more files could be opened where the second thread alone was refused", () => {
    class Refused extends DescriptorScanner {
      override scanEach(next: () => number | null, done: (outcome: Outcome) => void): void {
        while (next() !== null) done("exhausted");
      }
    }
    using files = procTree({ "9/fd/3": { link: "socket:[8]" } });
    const root = new ProcRoot(files.path);
    const share = ScanShare.over([9], 1);
    new ScanShare(share.memory).serve(new Refused(root));
    share.end();
    const scan = scanShared(new DescriptorScanner(root), [9], share, 1);
    expect(scan).toMatchObject({ denied: [9], unlisted: 1 });
  });

  test("does without what was met in more namespaces than there is room to tell of", () => {
    using files = procTree(Object.fromEntries(
      Array.from({ length: 3000 }, (_, i) => [`9/fd/${i}`, { link: `net:[${4026540000 + i}]` }]),
    ));
    const root = new ProcRoot(files.path);
    const scanner = new DescriptorScanner(root);
    const pids = scanner.listProcesses();
    const share = ScanShare.over(pids, 100);
    new ScanShare(share.memory).serve(new DescriptorScanner(root));
    share.end();
    expect(scanShared(scanner, pids, share, 1).namespaces.size).toBe(3000);
  });
});

test("a second thread of the program's own does a part, and rows of both are one table", () => {
  const scanner = new DescriptorScanner(new ProcRoot());
  const scan = scanOnTwoThreads(scanner, 1000);
  expect(scan.descriptors).toBe(scanner.descriptors);
  expect(scan.pids).toContain(process.pid);
});
