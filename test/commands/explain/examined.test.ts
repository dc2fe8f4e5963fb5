/** Of thousands of owners, which are looked at one by one. */
import { expect, test } from "bun:test";
import { examined, MOST_EXAMINED, SAMPLE } from "../../../src/commands/explain/examined.ts";
import type { Process } from "../../../src/model/owner.ts";
import type { OwnerNode, OwnerRole } from "../../../src/model/relation.ts";

const processes = Array.from({ length: 200 }, (_, i) => ({ pid: i + 1 }) as Process);
const node = (pid: number, role: OwnerRole, certain: boolean, children: OwnerNode[] = []) => ({
  owner: { pid, fds: [3], tid: null, process: processes[pid - 1]! },
  role,
  certain,
  evidence: [],
  children,
});

test("few are all looked at", () => {
  expect(examined(processes.slice(0, MOST_EXAMINED), [])).toHaveLength(MOST_EXAMINED);
});

test("of many, those that are not workers for certain come first", () => {
  const others = new Set([1, 150, 199]);
  const root = node(
    1,
    "holder",
    true,
    processes.slice(1).map(({ pid }) =>
      pid === 150 ? node(pid, "inherited", true) : node(pid, "worker", pid !== 199)
    ),
  );
  const chosen = examined(processes, [{ roots: [root], consequences: [] }]).map(({ pid }) => pid);
  expect(chosen).toHaveLength(SAMPLE);
  expect(chosen).toEqual(chosen.toSorted((a, b) => a - b));
  for (const pid of others) expect(chosen).toContain(pid);
});
