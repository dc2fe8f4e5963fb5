/**
 * Links that name namespaces.
 *
 * @module
 */
import { expect, test } from "bun:test";
import {
  currentNetns,
  insidePidNamespace,
  isHostNetns,
  netnsInode,
  readNetns,
} from "../../src/proc/ns.ts";
import { ProcRoot } from "../../src/proc/root.ts";
import { procTree } from "../support/proc_tree.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test("the inode is read from the link, and only from a link of this kind", () => {
  expect(netnsInode(bytes("net:[4026531833]"))).toBe(4026531833);
  for (
    const other of ["net:[]", "net:[12", "net:[1x]", "mnt:[4026531833]", "net", "", "/net:[1]"]
  ) {
    expect(netnsInode(bytes(other))).toBe(-1);
  }
});

test("the namespace of a process and of this thread are links of its own folder", () => {
  using tree = procTree({
    "7/ns/net": { link: "net:[4026532178]" },
    "8/ns/net": { link: "net:4026532178" },
    "1/ns/net": { link: "net:[4026531840]" },
    "thread-self/ns/net": { link: "net:[4026532200]" },
    "self/ns/pid": { link: "pid:[4026531836]" },
  });
  const root = new ProcRoot(tree.path);
  expect([7, 8, 9].map((pid) => readNetns(root, pid))).toEqual([4026532178, null, null]);
  expect(currentNetns(root)).toBe(4026532200);
  expect(insidePidNamespace(root)).toBe(false);
  expect([4026531840, 4026532200].map((inode) => isHostNetns(root, inode))).toEqual([true, false]);
});

test("inside a PID namespace nobody knows which network namespace is the host's", () => {
  using tree = procTree({
    "1/ns/net": { link: "net:[4026532200]" },
    "self/ns/pid": { link: "pid:[4026532201]" },
  });
  const root = new ProcRoot(tree.path);
  expect(insidePidNamespace(root)).toBe(true);
  expect(isHostNetns(root, 4026532200)).toBeNull();
  expect(isHostNetns(root, 0xeffffff9)).toBe(true);
});
