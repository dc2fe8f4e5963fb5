/**
 * Links and mounts of network namespaces.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { netnsInode, parseNamespaceMounts } from "../../src/proc/namespace.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test("the inode is read from the link, and only from a link of this kind", () => {
  expect(netnsInode(bytes("net:[4026531833]"))).toBe(4026531833);
  for (
    const other of ["net:[]", "net:[12", "net:[1x]", "mnt:[4026531833]", "net", "", "/net:[1]"]
  ) {
    expect(netnsInode(bytes(other))).toBe(-1);
  }
});

test("mounts of namespaces are found among others, escapes undone, /run/netns first", () => {
  const text = [
    "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw",
    "90 22 0:4 net:[4026532300] /run/docker/netns/1a2b rw shared:3 - nsfs nsfs rw",
    "91 22 0:4 net:[4026532178] /run/netns/two\\040words rw shared:1 shared:2 - nsfs nsfs rw",
    "92 22 0:4 mnt:[4026532179] /run/mnt rw - nsfs nsfs rw",
    "93 22 0:4 net:[x] /run/netns/odd rw - nsfs nsfs rw",
    "94 22",
    "",
  ].join("\n");
  expect(parseNamespaceMounts(text)).toEqual([
    { inode: 4026532178, path: "/run/netns/two words", name: "two words" },
    { inode: 4026532300, path: "/run/docker/netns/1a2b", name: "1a2b" },
  ]);
});
