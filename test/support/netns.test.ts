/** @module */
import { expect } from "bun:test";
import { existsSync, readlinkSync, statSync } from "node:fs";
import { alive } from "./socket_owners.ts";
import { Namespace, namespaceReason, withNamespace } from "./netns.ts";
import { testIf } from "./skip.ts";

const reason = namespaceReason();

testIf(reason, "a namespace is new, has lo up, and is gone afterwards", async () => {
  let holder = 0;
  await withNamespace(async (netns) => {
    holder = netns.pid;
    expect(netns.inode).not.toBe(statSync("/proc/self/ns/net").ino);
    const links = await netns.output(["ip", "-o", "link", "show", "up"]);
    expect(links).toMatch(/^1: lo: <LOOPBACK,UP/);
    expect(links.trimEnd().split("\n")).toHaveLength(1);
    const inside = await netns.output(["readlink", "/proc/self/ns/net"]);
    expect(inside.trim()).toBe(`net:[${netns.inode}]`);
  });
  expect(alive(holder)).toBe(false);
});

testIf(
  reason,
  "only the network is new: process IDs are the host's",
  () =>
    withNamespace(async (netns) => {
      const child = Bun.spawn(netns.command(["sh", "-c", "echo $$; readlink /proc/self/ns/pid"]), {
        stdout: "pipe",
      });
      const [pid, pidNamespace] = (await new Response(child.stdout).text()).split("\n");
      await child.exited;
      expect(Number(pid)).toBe(child.pid);
      expect(pidNamespace).toBe(readlinkSync("/proc/self/ns/pid"));
    }),
);

testIf(reason, "two namespaces reach each other over a pair of devices", async () => {
  await using one = await Namespace.create();
  await using two = await Namespace.create();
  expect(one.inode).not.toBe(two.inode);
  await one.connect(two, {
    names: ["left", "right"],
    addresses: ["10.99.0.1/24", "10.99.0.2/24"],
  });
  expect(await one.output(["ip", "-4", "-o", "addr", "show", "left"])).toContain("10.99.0.1/24");
  expect(await two.output(["ip", "-4", "-o", "addr", "show", "right"])).toContain("10.99.0.2/24");
  expect(await one.output(["ip", "route", "get", "10.99.0.2"])).toContain("dev left");
});

testIf(reason, "a named namespace is found by its name until it ends", async () => {
  const name = `sockeye-test-${process.pid}`;
  const netns = await Namespace.create(name);
  try {
    expect(statSync(`/run/netns/${name}`).ino).toBe(netns.inode);
  } finally {
    await netns.stop();
  }
  expect(existsSync(`/run/netns/${name}`)).toBe(false);
});

testIf(
  reason,
  "a command that fails says so, one that hangs is killed",
  () =>
    withNamespace(async (netns) => {
      await expect(netns.output(["sh", "-c", "echo no >&2; exit 3"])).rejects.toThrow(
        /status 3: no/,
      );
      const { status, stderr } = await netns.run(["sh", "-c", "echo no >&2; exit 3"]);
      expect([status, stderr]).toEqual([3, "no\n"]);
      await expect(netns.run(["cat"], { stdin: "typed" })).resolves.toMatchObject({ status: 0 });
      await expect(netns.run(["sleep", "60"], { timeoutMs: 100 })).rejects.toThrow(/100 ms/);
    }),
);

testIf(reason, "a namespace ends when the function throws", async () => {
  let holder = 0;
  const failing = withNamespace((netns) => {
    holder = netns.pid;
    throw new Error("in the function");
  });
  await expect(failing).rejects.toThrow("in the function");
  expect(alive(holder)).toBe(false);
});

testIf(reason, "without the right to make one there is a reason", async () => {
  const lib = new URL("./netns.ts", import.meta.url).pathname;
  const code = `const { namespaceReason } = await import(${JSON.stringify(lib)});` +
    `process.stdout.write(String(namespaceReason()));`;
  const drop = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"];
  const child = Bun.spawn([...drop, process.execPath, "-e", code], { stdout: "pipe" });
  const said = await new Response(child.stdout).text();
  await child.exited;
  expect(said).toMatch(/no network namespace can be made.*: .*unshare/);
});
