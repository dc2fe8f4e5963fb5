/**
 * Which sockets a target asks about, and which tables that could not be read may hold them.
 */
import { describe, expect, test } from "bun:test";
import { concerns, isServer, matches, matchesPort } from "../../../src/commands/explain/match.ts";
import { parseTarget, type PortTarget } from "../../../src/commands/explain/target.ts";
import type { Socket } from "../../../src/model/socket.ts";
import { procTree, statFile } from "../../support/proc_tree.ts";
import { explainInput, internet, owner, unix } from "./input.ts";

const target = (text: string) => parseTarget(text);
const port = (text: string) => target(text) as PortTarget;
const peer = { address: "10.0.0.9", port: 50000, interface: null };

describe("a port", () => {
  test.each<[string, Socket, boolean]>([
    ["8080", internet("0.0.0.0", 8080), true],
    ["8080", internet("127.0.0.1", 8080), true],
    ["8080", internet("0.0.0.0", 8081), false],
    ["tcp/8080", internet("0.0.0.0", 8080, { transport: "udp" }), false],
    ["udp/8080", internet("0.0.0.0", 8080, { transport: "udp", state: "close" }), true],
    // A wildcard answers on every address of its version; an IPv6 one on IPv4 too, unless it is for IPv6 alone.
    ["10.0.0.1:8080", internet("0.0.0.0", 8080), true],
    ["10.0.0.1:8080", internet("10.0.0.2", 8080), false],
    ["10.0.0.1:8080", internet("::", 8080, { v6only: false }), true],
    ["10.0.0.1:8080", internet("::", 8080, { v6only: true }), false],
    ["[::1]:8080", internet("0.0.0.0", 8080), false],
    // What a raw socket has for a port is a protocol.
    ["6", internet("0.0.0.0", 6, { transport: "raw", state: "close" }), false],
  ])("%s of %o: %p", (text, socket, expected) => {
    expect(matchesPort(socket, port(text))).toBe(expected);
  });

  test("is not asked about by a connection, which is shown with its listener", () => {
    const input = explainInput("/nonexistent");
    const connection = internet("10.0.0.1", 8080, { state: "established", peer });
    expect(matchesPort(connection, port("8080"))).toBe(true);
    expect(matches(connection, target("8080"), input)).toBe(false);
    expect(matches(internet("10.0.0.1", 8080), target("8080"), input)).toBe(true);
  });

  test("may be wanted on any address", () => {
    const socket = internet("10.0.0.2", 8080);
    expect(matchesPort(socket, port("10.0.0.1:8080"), true)).toBe(true);
  });
});

test("what serves, or occupies an address, is a server; a connection is none", () => {
  expect(isServer(internet("0.0.0.0", 80))).toBe(true);
  expect(isServer(internet("0.0.0.0", 80, { state: "bound_inactive" }))).toBe(true);
  expect(isServer(internet("0.0.0.0", 53, { transport: "udp", state: "close" }))).toBe(true);
  expect(isServer(internet("10.0.0.1", 80, { state: "established", peer }))).toBe(false);
  expect(isServer(internet("10.0.0.1", 80, { state: "time_wait", peer }))).toBe(false);
});

test("unix sockets are found by path, by name, and as the listing prints them", () => {
  const input = explainInput("/nonexistent");
  const asks = (text: string, socket: Socket) => matches(socket, target(text), input);
  expect(asks("unix:/run/app.sock", unix({ path: "/run/app.sock" }))).toBe(true);
  expect(asks("unix:/run/app.sock", unix({ path: "/run/other.sock" }))).toBe(false);
  expect(asks("@dbus", unix({ name: "dbus" }))).toBe(true);
  expect(asks("@dbus", unix({ path: "/run/dbus" }))).toBe(false);
  // Tools write a NUL inside a name as @.
  expect(asks("@a@b", unix({ name: "a\0b" }))).toBe(true);
  expect(asks("unix:/run/a\\x0ab", unix({ path: "/run/a\nb" }))).toBe(true);
  expect(asks("unix:/run/a\\x0ab", unix({ path: "/run/a b" }))).toBe(false);
});

test("processes are asked about by number, name and unit, and get all of their sockets", () => {
  using tree = procTree({
    "7/stat": statFile(7, "nginx"),
    "7/cgroup": "0::/system.slice/nginx.service\n",
  });
  const input = explainInput(tree.path);
  const listener = internet("0.0.0.0", 80, { owners: [owner(input, 7)] });
  const connection = internet("10.0.0.1", 80, {
    state: "established",
    peer,
    owners: [owner(input, 7)],
  });
  for (const text of ["pid:7", "process:nginx", "unit:nginx.service", "nginx.service"]) {
    expect([text, matches(listener, target(text), input)]).toEqual([text, true]);
    expect([text, matches(connection, target(text), input)]).toEqual([text, true]);
  }
  for (const text of ["pid:8", "process:ngin", "unit:nginx"]) {
    expect([text, matches(listener, target(text), input)])
      .toEqual([text, text === "unit:nginx"]);
  }
  expect(matches(internet("0.0.0.0", 80), target("pid:7"), input)).toBe(false);
});

test("an inode is that of one socket", () => {
  const input = explainInput("/nonexistent");
  expect(matches(internet("0.0.0.0", 80, { inode: 5 }), target("inode:5"), input)).toBe(true);
  expect(matches(internet("0.0.0.0", 80, { inode: 6 }), target("inode:5"), input)).toBe(false);
});

test.each([
  ["8080", "tcp over IPv4", true],
  ["8080", "unix", false],
  ["8080", "packet", false],
  // Many kernels have no SCTP, so its table counts only for who asks for SCTP.
  ["8080", "sctp over IPv4", false],
  ["sctp/8080", "sctp over IPv4", true],
  ["unix:/run/a", "unix", true],
  ["unix:/run/a", "tcp over IPv4", false],
  ["@a", "unix", true],
  ["pid:1", "tcp over IPv4", true],
  ["inode:1", "unix", true],
  ["pid:1", "vsock", false],
])("what %s asks about may be in table %s: %p", (text, table, expected) => {
  expect(concerns(table, target(text))).toBe(expected);
});
