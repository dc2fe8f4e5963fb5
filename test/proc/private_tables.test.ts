/**
 * Threads with a descriptor table of their own.
 */
import { describe, expect, test } from "bun:test";
import { ProcRoot } from "../../src/proc/root.ts";
import { DescriptorScanner } from "../../src/proc/scan.ts";
import { Crowd, crowdReason } from "../support/crowd.ts";
import { procTree } from "../support/proc_tree.ts";
import { firstReason, testIf } from "../support/skip.ts";

/** The sockets that only threads hold, and the rows that have to be found for them. */
function wanted(crowd: Crowd): { inodes: number[]; rows: number[][] } {
  const rows = crowd.rows().filter(([pid, tid, , inode]) =>
    crowd.children.some((child) =>
      child.pid === pid && child.thread.tid === tid && child.thread.inode === inode
    )
  ).map((row) => [...row]);
  return { inodes: rows.map((row) => row[3]!), rows };
}

function rowsOf({ descriptors: table }: DescriptorScanner): number[][] {
  return Array.from(
    { length: table.length },
    (_, i) => [table.pid(i), table.tid(i), table.fd(i), table.inode(i)],
  );
}

describe("scanPrivateTables()", () => {
  testIf(
    crowdReason(),
    "finds what only a thread holds, and reads no table that is shared",
    async () => {
      await using crowd = await Crowd.start(3, 30, 5);
      const { inodes, rows } = wanted(crowd);
      const scanner = new DescriptorScanner(new ProcRoot());
      scanner.scanPrivateTables(crowd.pids, new Set(inodes));
      expect(rowsOf(scanner)).toEqual(rows);
      expect(scanner.assumedShared).toBe(0);
    },
  );

  testIf(
    firstReason(crowdReason(), process.getuid?.() === 0 ? null : "not root"),
    "finds it also where the kernel cannot be asked who shares a table with whom",
    async () => {
      await using crowd = await Crowd.start(3, 30, 5);
      const { inodes, rows } = wanted(crowd);
      // Inside a new PID namespace the numbers of the host's /proc mean nothing to kcmp.
      const script = `
        const { ProcRoot } = await import("${import.meta.dir}/../../src/proc/root.ts");
        const { DescriptorScanner } = await import("${import.meta.dir}/../../src/proc/scan.ts");
        const scanner = new DescriptorScanner(new ProcRoot());
        scanner.scanPrivateTables(${JSON.stringify(crowd.pids)}, new Set(${
        JSON.stringify(inodes)
      }));
        const table = scanner.descriptors;
        console.log(JSON.stringify(Array.from({ length: table.length },
          (_, i) => [table.pid(i), table.tid(i), table.fd(i), table.inode(i)])));
      `;
      const ran = Bun.spawnSync(["unshare", "-p", "-f", process.execPath, "-e", script], {
        stdin: "ignore",
      });
      expect(JSON.parse(ran.stdout.toString())).toEqual(rows);
    },
    400_000,
  );

  test("leaves out sockets that nobody asked for, in a recorded /proc as well", () => {
    using tree = procTree({
      "50/fd/3": { link: "socket:[1]" },
      "50/task/50/fd/3": { link: "socket:[1]" },
      "50/task/51/fd/3": { link: "socket:[1]" },
      "50/task/51/fd/4": { link: "socket:[2]" },
    });
    const scanner = new DescriptorScanner(new ProcRoot(tree.path));
    scanner.scanPrivateTables([50], new Set([2]));
    expect(rowsOf(scanner)).toEqual([[50, 51, 4, 2]]);
  });
});

describe("findDenied()", () => {
  testIf(
    process.getuid?.() === 0 ? null : "not root",
    "names processes that an ordinary user may not look into, other than those that are known",
    () => {
      const script = `
        const { ProcRoot } = await import("${import.meta.dir}/../../src/proc/root.ts");
        const { DescriptorScanner } = await import("${import.meta.dir}/../../src/proc/scan.ts");
        const scanner = new DescriptorScanner(new ProcRoot());
        console.log(JSON.stringify([new Set(), new Set([${process.pid}])].map((known) => scanner.findDenied(known))));
      `;
      const ran = Bun.spawnSync(
        [
          "setpriv",
          "--reuid=65534",
          "--regid=65534",
          "--clear-groups",
          process.execPath,
          "-e",
          script,
        ],
        { stdin: "ignore" },
      );
      const [all, others] = JSON.parse(ran.stdout.toString());
      expect(all).toContain(process.pid);
      expect(others).not.toContain(process.pid);
      // Kernel threads have nothing to hide.
      expect(all).not.toContain(2);
    },
  );
});
