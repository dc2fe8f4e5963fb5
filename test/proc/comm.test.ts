import { expect, test } from "bun:test";
import { CAP_BPF, CAP_SYS_ADMIN, CAP_SYS_PTRACE, holds } from "../../src/proc/capabilities.ts";
import { processNames } from "../../src/proc/comm.ts";
import { ProcRoot } from "../../src/proc/root.ts";
import { procTree } from "../support/proc_tree.ts";

test("processes are named, one that has ended only by its number", () => {
  using tree = procTree({ "7/comm": "nginx\n", "8/comm": "a\nb\n" });
  expect(processNames([7, 8, 9], new ProcRoot(tree.path), ": EPERM")).toEqual([
    "process 7 (nginx): EPERM",
    "process 8 (a\nb): EPERM",
    "process 9: EPERM",
  ]);
});

test("of very many processes a thousand are named, and the rest is counted", () => {
  using tree = procTree({ "7/comm": "nginx\n" });
  const root = new ProcRoot(tree.path);
  const pids = Array.from({ length: 1002 }, (_, i) => i + 1);
  expect(processNames(pids, root)).toHaveLength(1001);
  expect(processNames(pids, root).at(-1)).toBe("and 2 more");
  expect(processNames(pids.slice(0, 1000), root).at(-1)).toBe("process 1000");
});

test("a set of capabilities holds those whose bit is set, and an unknown set none", () => {
  const set = 1n << BigInt(CAP_SYS_PTRACE) | 1n << BigInt(CAP_BPF);
  expect([CAP_SYS_PTRACE, CAP_BPF, CAP_SYS_ADMIN].map((one) => holds(set, one)))
    .toEqual([true, true, false]);
  expect(holds(null, CAP_BPF)).toBe(false);
});
