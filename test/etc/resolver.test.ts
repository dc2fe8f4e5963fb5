import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { parseResolvConf, Resolver, usesDns } from "../../src/etc/resolver.ts";
import { firstLine } from "../support/lines.ts";

const LOOPBACK = new Uint8Array([127, 0, 0, 1]);

describe("Resolver", () => {
  let child: Bun.Subprocess<"ignore", "pipe", "inherit">;
  let port = 0;
  beforeAll(async () => {
    const program = fileURLToPath(new URL("./name_server.ts", import.meta.url));
    child = Bun.spawn([process.execPath, program], { stdin: "ignore", stdout: "pipe" });
    const line = await firstLine(child.stdout);
    port = Number(line);
  });
  afterAll(async () => {
    child.kill();
    await child.exited;
  });

  test("finds names, and takes none that is not a host's", () => {
    const resolver = new Resolver([LOOPBACK], port);
    const names = resolver.namesOf(["192.0.2.1", "192.0.2.2", "192.0.2.3", "::ffff:192.0.2.1"]);
    expect([...names]).toEqual([
      ["192.0.2.1", "one.example"],
      ["::ffff:192.0.2.1", "one.example"],
    ]);
  });

  test("gives a silent server up, with what it did answer, and does not ask again", () => {
    const resolver = new Resolver([LOOPBACK], port);
    const names = resolver.namesOf(["192.0.2.1", "192.0.2.4"]);
    expect([...names.keys()]).toEqual(["192.0.2.1"]);
    expect(resolver.namesOf(["192.0.2.1", "192.0.2.4"])).toEqual(names);
    expect(resolver.namesOf(["192.0.2.5"]).get("192.0.2.5")).toBe("asked-1.example");
  });

  test("goes on to the next server when nobody listens at the first", () => {
    const resolver = new Resolver([new Uint8Array([127, 0, 0, 99]), LOOPBACK], port);
    expect(resolver.namesOf(["192.0.2.1"]).get("192.0.2.1")).toBe("one.example");
  });

  test("does without servers", () => {
    expect(new Resolver([]).namesOf(["192.0.2.1"]).size).toBe(0);
    expect(new Resolver([LOOPBACK], port).namesOf(["not an address"]).size).toBe(0);
  });
});

test("parseResolvConf() takes three servers, and this machine where there is none", () => {
  const text = "# x\nnameserver 192.0.2.1\n nameserver 2001:db8::1\nsearch example\n" +
    "nameserver nonsense\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n";
  expect(parseResolvConf(text).map((bytes) => bytes[bytes.length - 1])).toEqual([1, 1, 3]);
  expect(parseResolvConf("")).toEqual([LOOPBACK]);
});

test("usesDns() follows nsswitch.conf", () => {
  expect(usesDns("hosts: files dns\n")).toBe(true);
  expect(usesDns("hosts:\tfiles myhostname resolve [!UNAVAIL=return]\n")).toBe(true);
  expect(usesDns("hosts: files # dns\n")).toBe(false);
  expect(usesDns("passwd: files\n")).toBe(true);
});
