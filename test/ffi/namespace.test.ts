/**
 * The namespace scope: inside while the function runs, back afterwards, whatever happened.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { readFileSync, readlinkSync } from "node:fs";
import { EINVAL, ENOENT, SyscallError } from "../../ffi/errno.ts";
import { close } from "../../ffi/files.ts";
import { inNetworkNamespace, tryNamespaceInode, tryOpenNamespace } from "../../ffi/namespace.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { testIf } from "../support/skip.ts";

const here = () => readlinkSync("/proc/thread-self/ns/net");

testIf(
  namespaceReason(),
  "the function runs inside, and the thread is back afterwards",
  async () => {
    await using netns = await Namespace.create();
    const home = here();
    const fd = tryOpenNamespace(`/proc/${netns.pid}/ns/net`);
    try {
      expect(tryNamespaceInode(fd)).toBe(netns.inode);
      const seen = inNetworkNamespace(
        fd,
        () => [here(), readFileSync("/proc/thread-self/net/dev", "utf8")],
      );
      expect(seen[0]).toBe(`net:[${netns.inode}]`);
      // Only lo: the tables of /proc follow the thread.
      expect(seen[1]!.trim().split("\n").slice(2).map((line) => line.trim().split(":")[0]))
        .toContain("lo");
      expect(here()).toBe(home);
    } finally {
      close(fd);
    }
  },
);

testIf(namespaceReason(), "the thread is back also when the function throws", async () => {
  await using netns = await Namespace.create();
  const home = here();
  const fd = tryOpenNamespace(`/proc/${netns.pid}/ns/net`);
  try {
    expect(() =>
      inNetworkNamespace(fd, () => {
        throw new RangeError(here());
      })
    ).toThrow(`net:[${netns.inode}]`);
    expect(here()).toBe(home);
  } finally {
    close(fd);
  }
});

test("a descriptor that is no namespace is refused, and nothing moves", () => {
  const home = here();
  const fd = tryOpenNamespace("/dev/null");
  try {
    expect(tryNamespaceInode(fd)).toBe(-EINVAL);
    expect(() => inNetworkNamespace(fd, () => 1)).toThrow(SyscallError);
    expect(here()).toBe(home);
  } finally {
    close(fd);
  }
});

test("a path that is not there gives the negated errno", () => {
  expect(tryOpenNamespace("/run/netns/there-is-none-of-this-name")).toBe(-ENOENT);
});
