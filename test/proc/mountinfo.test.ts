/**
 * mountinfo: fields, escapes, optional fields, odd lines; and the namespaces among mounts.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { cgroup2Mount } from "../../src/origin/cgroup_paths.ts";
import { namespaceMounts, parseMountinfo, readMountinfo } from "../../src/proc/mountinfo.ts";
import { ProcRoot } from "../../src/proc/root.ts";

test("fields are taken apart and escapes undone, however many optional fields there are", () => {
  const line = (optional: string) =>
    `36 35 98:0 /mnt\\0111 /a\\040b\\134 rw,noatime${optional} - ext3 /dev/r\\012t rw,errors=continue\n`;
  for (const optional of ["", " master:1", " shared:1 master:2 unbindable"]) {
    expect(parseMountinfo(line(optional))).toEqual([{
      id: 36,
      device: { major: 98, minor: 0 },
      root: "/mnt\t1",
      directory: "/a b\\",
      type: "ext3",
      source: "/dev/r\nt",
      superOptions: "rw,errors=continue",
    }]);
  }
});

test("a file system without a name for its source is a mount all the same", () => {
  const [mount] = parseMountinfo("40 22 0:33 / /mnt rw - tmpfs  rw,size=4k\n");
  expect(mount).toMatchObject({ type: "tmpfs", source: "", superOptions: "rw,size=4k" });
});

test("lines of another form are passed over", () => {
  const odd = [
    "",
    "94 22",
    "a 22 0:4 / / rw - ext4 x rw",
    "94 22 04 / / rw - ext4 x rw",
    "1 2 0:1 / / rw -",
  ];
  expect(parseMountinfo(odd.join("\n"))).toEqual([]);
});

test("the mounts of this very process are as many as the file has lines", () => {
  const lines = readFileSync("/proc/thread-self/mountinfo", "latin1").trimEnd().split("\n");
  expect(lines.length).toBeGreaterThan(0);
  const mounts = readMountinfo(new ProcRoot());
  expect(mounts).toHaveLength(lines.length);
  expect(mounts.some(({ directory, type }) => directory === "/proc" && type === "proc")).toBe(true);
});

test("mounts of network namespaces are found among others, those under /run/netns first", () => {
  const text = [
    "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw",
    "90 22 0:4 net:[4026532300] /run/docker/netns/1a2b rw shared:3 - nsfs nsfs rw",
    "91 22 0:4 net:[4026532178] /run/netns/two\\040words rw shared:1 shared:2 - nsfs nsfs rw",
    "92 22 0:4 mnt:[4026532179] /run/mnt rw - nsfs nsfs rw",
    "94 22 0:4 net:[4026532400] /run/netns/stra\u00c3\u009fe rw shared:1 - nsfs nsfs rw",
    "93 22 0:4 net:[x] /run/netns/odd rw - nsfs nsfs rw",
  ].join("\n");
  expect(namespaceMounts(parseMountinfo(text))).toEqual([
    { inode: 4026532178, path: "/run/netns/two words", name: "two words" },
    { inode: 4026532400, path: "/run/netns/straße", name: "straße" },
    { inode: 4026532300, path: "/run/docker/netns/1a2b", name: "1a2b" },
  ]);
});

test("the hierarchy of control groups has its path without escapes", () => {
  const text = "30 29 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n" +
    "31 29 0:27 / /my\\040groups rw - cgroup2 cgroup2 rw\n32 29 0:27 / /later rw - cgroup2 cgroup2 rw\n";
  expect(cgroup2Mount(parseMountinfo(text))).toBe("/my groups");
  expect(cgroup2Mount([])).toBeNull();
});
