/** The screen: golden pictures of a web server, and what must never be lost in a row. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Forward } from "../../../src/model/forward.ts";
import type { Socket } from "../../../src/model/socket.ts";
import { cellWidth } from "../../../src/text/width.ts";
import type { Writer } from "../../../src/text/writer.ts";
import { writeScreen } from "../../../src/views/screen/mod.ts";
import { Scene, server, webServer } from "../../support/screen_scene.ts";

function screen(
  sockets: readonly Socket[],
  facts: Scene,
  { width = 80, height = null as number | null, color = false, header = true } = {},
): string {
  let text = "";
  const out = { write: (some: string) => text += some };
  writeScreen(sockets, facts, out as unknown as Writer, { width, height, color, header });
  return text;
}

/** The rows of sockets, without their header, each with single blanks. */
function rows(sockets: readonly Socket[], facts: Scene, width = 200): string[] {
  return screen(sockets, facts, { width, header: false }).trimEnd().split("\n")
    .map((line) => line.trim().replaceAll(/ +/g, " "));
}

describe("the screen of a web server", () => {
  const { facts, sockets } = webServer();
  for (const width of [60, 80, 100, 132, 200]) {
    test(`at ${width} columns`, () => {
      const text = screen(sockets, facts, { width, height: 20 });
      for (const line of text.split("\n")) expect(cellWidth(line)).toBeLessThanOrEqual(width);
      const path = fileURLToPath(new URL(`../../golden/screen/${width}.txt`, import.meta.url));
      if (!existsSync(path)) writeFileSync(path, text);
      expect(text).toBe(readFileSync(path, "utf8"));
    });
  }

  test("is told by colours no more than by its words", () => {
    const colored = screen(sockets, facts, { color: true });
    expect(colored).toContain("\x1b[33mpublic\x1b[0m");
    expect(colored).toContain("\x1b[31mqueue full 512/511\x1b[0m");
    // deno-lint-ignore no-control-regex
    expect(colored.replaceAll(/\x1b\[\d*m/g, "")).toBe(screen(sockets, facts));
  });

  test("counts at its end where it is more than a screenful", () => {
    const last = (height: number | null) =>
      screen(sockets, facts, { height }).trimEnd().split("\n").at(-1);
    expect(last(10)).toBe("26 sockets, 14 services, 1 public without an owner");
    for (const enough of [null, 40]) expect(last(enough)).toStartWith("udp");
  });
});

describe("the screen of published ports", () => {
  for (const width of [80, 120]) {
    test(`at ${width} columns says where they lead, instead of who passes them on`, () => {
      const facts = new Scene();
      const lead = (address: string, port: number, more: Partial<Forward> = {}): Forward => ({
        via: "docker-proxy",
        pid: 1,
        protocol: "tcp",
        hostAddress: null,
        conditional: false,
        address,
        port,
        fate: "served",
        processes: [],
        container: null,
        image: null,
        netns: null,
        ...more,
      });
      const inside = (name: string) => ({
        container: { id: "c".repeat(64), runtime: "docker", name },
      });
      const proxy = (pid: number, port: number, leads: readonly Forward[]) => {
        const owner = [facts.owner(pid, "docker-proxy", { service: "docker" })];
        const socket = server("tcp", "0.0.0.0", port, "public", owner);
        facts.forwards.set(socket.inode!, leads);
        return socket;
      };
      const sockets = [
        proxy(4011, 8080, [lead("172.17.0.2", 80, inside("web"))]),
        proxy(4023, 8081, [
          lead("172.17.0.3", 8443, inside("a-container-with-a-very-long-name-1")),
        ]),
        proxy(4035, 8082, [lead("172.17.0.9", 80, { fate: "gone" })]),
        proxy(4047, 8083, []),
        server("tcp", "127.0.0.1", 6379, "loopback", [
          facts.owner(700, "redis-server", { service: "redis" }),
        ]),
      ];
      const text = screen(sockets, facts, { width });
      for (const line of text.split("\n")) expect(cellWidth(line)).toBeLessThanOrEqual(width);
      const name = `../../golden/screen/published.${width}.txt`;
      const path = fileURLToPath(new URL(name, import.meta.url));
      if (!existsSync(path)) writeFileSync(path, text);
      expect(text).toBe(readFileSync(path, "utf8"));
    });
  }
});

describe("one row", () => {
  test("has a master and its workers, and sockets that workers opened for themselves", () => {
    const facts = new Scene();
    const [master, ...workers] = facts.workers(100, "app", 3);
    const own = workers.map((worker) => server("tcp", "10.0.0.5", 7000, "private", [worker]));
    expect(rows([server("tcp", "10.0.0.5", 7000, "private", [master!]), ...own], facts))
      .toEqual(["tcp 10.0.0.5:7000 ×4 private root app 100 +3"]);
    // The master need not hold the socket itself.
    expect(rows(own, facts)).toEqual(["tcp 10.0.0.5:7000 ×3 private root app 101 +2"]);
  });

  test("never hides a stranger: another program, or another start of the same", () => {
    const facts = new Scene();
    const java = facts.owner(100, "java");
    const sleep = facts.owner(101, "sleep", { ppid: 100 });
    expect(rows([server("tcp", "0.0.0.0", 9200, "public", [java, sleep])], facts))
      .toEqual(["tcp 0.0.0.0:9200 public root java 100, sleep 101"]);
    const [one, other] = [facts.owner(200, "python3"), facts.owner(201, "python3")];
    expect(rows([server("tcp", "0.0.0.0", 80, "public", [one, other])], facts))
      .toEqual(["tcp 0.0.0.0:80 public root python3 200, python3 201"]);
  });

  test("is not made of sockets with different owners", () => {
    const facts = new Scene();
    const four = server("tcp", "0.0.0.0", 80, "public", [facts.owner(1, "nginx")]);
    const six = server("tcp", "::", 80, "public", [facts.owner(2, "apache2")]);
    expect(rows([four, six], facts)).toEqual([
      "tcp 0.0.0.0:80 public root nginx 1",
      "tcp [::]:80 public root apache2 2",
    ]);
  });

  test("has the reach of the address that goes farthest, which comes first", () => {
    const facts = new Scene();
    const owner = [facts.owner(1, "d")];
    const near = server("udp", "127.0.0.1", 53, "loopback", owner);
    const far = server("udp", "45.33.32.5", 53, "public", owner);
    expect(rows([near, far], facts)).toEqual(["udp 45.33.32.5:53 127.0.0.1:53 public root d 1"]);
  });

  test("tells one family, both, and both by two sockets", () => {
    const facts = new Scene();
    const owner = [facts.owner(1, "d")];
    const at = (v6only: boolean) => server("tcp", "::", 80, "public", owner, { v6only });
    const four = server("tcp", "0.0.0.0", 80, "public", owner);
    const address = (...sockets: Socket[]) => rows(sockets, facts)[0]!.split(" ")[1];
    expect([address(four), address(at(true)), address(at(false)), address(four, at(true))])
      .toEqual(["0.0.0.0:80", "[::]:80", "*:80", "*:80"]);
  });

  test("of a connection is its own, with its state and its peer", () => {
    const facts = new Scene();
    const owners = [facts.owner(1, "d")];
    const peer = { address: "10.0.0.9", port: 4000, interface: null };
    const open = {
      state: "established",
      peer,
      acceptQueue: null,
      recvQueue: 7,
      sendQueue: 0,
    } as const;
    const listener = server("tcp", "0.0.0.0", 80, "public", owners);
    const two = [1, 2].map(() => server("tcp", "10.0.0.5", 80, "private", owners, open));
    expect(
      screen([listener, ...two], facts, { width: 100 }).split("\n").map((line) =>
        line.trim().replaceAll(/ +/g, " ")
      ),
    )
      .toEqual([
        "PROTO STATE QUEUE ADDRESS PEER REACH USER PROCESS",
        "tcp listen 0.0.0.0:80 - public root d 1",
        "tcp established 7 in 10.0.0.5:80 10.0.0.9:4000 private root d 1",
        "tcp established 7 in 10.0.0.5:80 10.0.0.9:4000 private root d 1",
        "",
      ]);
  });

  test("says of a socket with hidden owners what the kernel tells everybody", () => {
    const facts = new Scene();
    const hidden = server("tcp", "0.0.0.0", 3306, "public", [], { uid: 106, cgroupId: 7n });
    expect(rows([hidden], facts)).toEqual(["tcp 0.0.0.0:3306 public (mysql) (hidden) (mariadb)"]);
  });

  test("does not steer the terminal", () => {
    const facts = new Scene();
    const owner = facts.owner(1, "a\x1b[31m", { user: "u\x07", service: "s\x9b" });
    const text = screen([server("tcp", "0.0.0.0", 80, "public", [owner])], facts);
    // deno-lint-ignore no-control-regex
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  });
});
