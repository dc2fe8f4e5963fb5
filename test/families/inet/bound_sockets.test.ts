import { expect, test } from "bun:test";
import { knowsBoundSockets } from "../../../src/families/inet/bound_sockets.ts";
import { ProcRoot } from "../../../src/proc/root.ts";
import { procTree } from "../../support/proc_tree.ts";

test.each([
  ["6.8.0-31-generic", true],
  ["6.18.2", true],
  ["7.0.0-rc1", true],
  ["6.7.12", false],
  ["5.15.0-100", false],
  ["3.10.0", false],
  ["", false],
  ["unknown", false],
])("Linux %p lists sockets that are only bound: %p", (release, expected) => {
  using tree = procTree({ "sys/kernel/osrelease": `${release}\n` });
  expect(knowsBoundSockets(new ProcRoot(tree.path))).toBe(expected);
});
