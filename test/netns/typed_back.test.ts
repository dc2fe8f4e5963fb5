/**
 * What the listing prints can be typed back: as a target, in a filter, to `kill`, and to ask what bind() says.
 *
 * @module
 */
import { describe, expect } from "bun:test";
import { pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { sockeye } from "../support/sockeye.ts";

const reason = firstReason(namespaceReason(), pythonReason());

/** Listeners on a link-local address of two interfaces, and one of lo's. Ends with its standard input. */
const SCENE = `
import socket, sys
for name in ("v0", "v1"):
    link = socket.socket(socket.AF_INET6)
    link.bind(("fe80::1", 2222, 0, socket.if_nametoindex(name))); link.listen(); globals()[name] = link
lo = socket.socket(); lo.setsockopt(socket.SOL_SOCKET, 25, b"lo")
lo.bind(("127.0.0.53", 53)); lo.listen()
print("up", flush=True)
sys.stdin.read()
`;

const PLACES = ["[fe80::1%v0]:2222", "[fe80::1%v1]:2222", "127.0.0.53%lo:53"];

async function withScene(body: (netns: Namespace) => Promise<void> | void): Promise<void> {
  await using netns = await Namespace.create();
  const ip = (...words: string[]) => netns.output(["ip", ...words]);
  await ip("link", "add", "v0", "type", "veth", "peer", "name", "v1");
  for (const name of ["v0", "v1"]) {
    // Without the search for duplicates the address is there at once.
    await ip("addr", "add", "fe80::1/64", "dev", name, "nodad");
    await ip("link", "set", name, "up");
  }
  const scene = Bun.spawn({
    cmd: [...netns.command(["python3", "-c", SCENE])],
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  try {
    await scene.stdout.getReader().read();
    await body(netns);
  } finally {
    scene.stdin.end();
    await scene.exited;
  }
}

describe("an endpoint with an interface", () => {
  testIf(reason, "is a target, a filter, and what bind() is asked about", async () => {
    await withScene((netns) => {
      const all = sockeye(["--no-header"], { netns });
      for (const place of PLACES) {
        expect(all.stdout).toContain(place);
        const explained = sockeye([place], { netns });
        expect(explained).toMatchObject({ status: 0 });
        expect(explained.stdout.split("\n")[0]).toContain(place);
        expect(explained.stdout.match(/^\S.* listen/gm)).toHaveLength(1);
        const { stdout, status } = sockeye(["--no-header", `src ${place}`], { netns });
        expect(status).toBe(0);
        expect(stdout.trimEnd().split("\n")).toHaveLength(1);
        expect(stdout).toContain(place);
        expect(sockeye(["explain", "--bind", place], { netns })).toMatchObject({ status: 1 });
      }
      // By the index of the interface, as the kernel has it.
      const index = sockeye(["explain", "[fe80::1%3]:2222", "--json"], { netns });
      expect(JSON.parse(index.stdout).explanations[0].subjects).toHaveLength(1);
    });
  });

  testIf(
    reason,
    "is free where another interface has it, and told where there is none",
    async () => {
      await withScene((netns) => {
        const bind = (place: string) => sockeye(["explain", "--bind", place], { netns });
        expect(bind("[fe80::1%v0]:2223")).toMatchObject({ status: 0 });
        expect(bind("127.0.0.53%v0:53")).toMatchObject({ status: 0 });
        const missing = bind("[fe80::1%nosuch]:2223");
        expect(missing.status).toBe(1);
        expect(missing.stdout).toContain("there is no such interface (ENODEV)");
        expect(bind("[fe80::1]:2223").stdout).toContain(
          "a link-local address needs an interface, as in fe80::1%eth0 (EINVAL)",
        );
      });
    },
  );

  testIf(reason, "is closed, and no other", async () => {
    await withScene((netns) => {
      const place = PLACES[0]!;
      const killed = sockeye(["kill", "--yes", "--socket", `src ${place}`], { netns });
      // The owner still has the port: bind() to the same interface says so.
      expect(killed).toMatchObject({ status: 2 });
      expect(killed.stdout).toContain(`${place}: no longer listens`);
      expect(killed.stdout).toContain("the address is still in use (EADDRINUSE)");
      const left = sockeye(["--no-header"], { netns }).stdout;
      expect(PLACES.filter((one) => left.includes(one))).toEqual(PLACES.slice(1));
    });
  });
});
