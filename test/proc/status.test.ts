/**
 * /proc/PID/status: what is read of it.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { ProcRoot } from "../../src/proc/root.ts";
import {
  capabilitySet,
  effectiveCapabilities,
  effectiveUid,
  effectiveUser,
  pidNamespaceDepth,
  showsOwnPids,
} from "../../src/proc/status.ts";
import { procTree } from "../support/proc_tree.ts";

const STATUS =
  "Name:\tUid: 9 9\nUid:\t1000\t33\t1000\t1000\nGid:\t0\t0\t0\t0\nNSpid:\t812\t3\nCapInh:\t00\nCapEff:\t0000000000080000\n";

test("the effective user, the effective capabilities and the depth are told apart from their like", () => {
  expect(effectiveUid(STATUS)).toBe(33);
  expect(capabilitySet(STATUS)).toBe(1n << 19n);
  expect(pidNamespaceDepth(STATUS)).toBe(2);
  expect([effectiveUid, capabilitySet, pidNamespaceDepth].map((read) => read("Name:\tx\n")))
    .toEqual([null, null, null]);
});

test("a process and this thread have their own files", () => {
  using tree = procTree({
    "7/status": STATUS,
    "thread-self/status": "Uid:\t0\t0\t0\t0\nCapEff:\tff\n",
  });
  const root = new ProcRoot(tree.path);
  expect([effectiveUser(root), effectiveUser(root, 7), effectiveUser(root, 8)]).toEqual([
    0,
    33,
    null,
  ]);
  expect(effectiveCapabilities(root)).toBe(0xffn);
});

test("a tree that only looks like /proc shows nobody's own process IDs", () => {
  using tree = procTree({ "thread-self/status": "NSpid:\t7\n" });
  expect(showsOwnPids(new ProcRoot(tree.path))).toBe(false);
});
