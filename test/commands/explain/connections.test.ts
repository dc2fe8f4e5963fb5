/**
 * Which connections belong to a listener, and how they are counted.
 */
import { expect, test } from "bun:test";
import { connectionsOf, countConnections } from "../../../src/commands/explain/connections.ts";
import type { Socket } from "../../../src/model/socket.ts";
import { explainInput, internet, unix } from "./input.ts";

const connection = (address: string, port: number, peer: string, parts: Partial<Socket> = {}) =>
  internet(address, port, {
    state: "established",
    peer: { address: peer, port: 50000, interface: null },
    ...parts,
  });
const addresses = (sockets: readonly Socket[]) =>
  sockets.map(({ local }) => "address" in local ? local.address : null);
const belonging = (listener: Socket, ...others: Socket[]) =>
  addresses(connectionsOf(listener, explainInput("/nonexistent", [listener, ...others])));

test("a connection belongs to the listener on its address, and to a wildcard only without one", () => {
  const wildcard = internet("0.0.0.0", 80);
  const exact = internet("10.0.0.1", 80);
  const near = connection("10.0.0.1", 80, "10.0.0.9");
  const far = connection("10.0.0.2", 80, "10.0.0.9");
  expect(belonging(wildcard, near, far)).toEqual(["10.0.0.1", "10.0.0.2"]);
  expect(belonging(wildcard, exact, near, far)).toEqual(["10.0.0.2"]);
  expect(belonging(exact, wildcard, near, far)).toEqual(["10.0.0.1"]);
});

test("an IPv4 connection to an IPv6 socket belongs to it, unless the socket is for IPv6 alone", () => {
  const mapped = connection("::ffff:10.0.0.1", 80, "::ffff:10.0.0.9");
  const listener = (v6only: boolean) => internet("::", 80, { v6only });
  expect(belonging(listener(false), mapped)).toHaveLength(1);
  expect(belonging(listener(true), mapped)).toEqual([]);
});

test("another port, transport or namespace has connections of its own", () => {
  const listener = internet("0.0.0.0", 80);
  expect(belonging(
    listener,
    connection("10.0.0.1", 81, "10.0.0.9"),
    connection("10.0.0.1", 80, "10.0.0.9", { transport: "sctp" }),
    connection("10.0.0.1", 80, "10.0.0.9", { netns: { inode: 2000, name: null } }),
    internet("0.0.0.0", 80, { inode: 2 }),
  )).toEqual([]);
});

test("a unix connection has the name of its listener; a listener without a name has none", () => {
  const input = (listener: Socket, ...others: Socket[]) =>
    explainInput("/nonexistent", [listener, ...others]);
  const listener = unix({ path: "/run/a" });
  const accepted = unix({ path: "/run/a" }, { state: "established" });
  const other = unix({ path: "/run/b" }, { state: "established" });
  const abstract = unix({ name: "run/a" }, { state: "established" });
  expect(connectionsOf(listener, input(listener, accepted, other, abstract))).toEqual([accepted]);
  const unnamed = unix({});
  expect(connectionsOf(unnamed, input(unnamed, unix({}, { state: "established" })))).toEqual([]);
});

test("connections are counted by state, and peers once each", () => {
  expect(countConnections([
    connection("10.0.0.1", 80, "10.0.0.8"),
    connection("10.0.0.1", 80, "10.0.0.9"),
    connection("10.0.0.1", 80, "10.0.0.9", { ownership: "unaccepted" }),
    connection("10.0.0.1", 80, "10.0.0.7", { state: "time_wait" }),
    connection("10.0.0.1", 80, "10.0.0.7", { state: "close_wait" }),
    connection("10.0.0.1", 80, "10.0.0.7", { state: "close_wait" }),
  ])).toEqual({
    established: 3,
    peers: 2,
    unaccepted: 1,
    timeWait: 1,
    timeWaitEndsMs: null,
    others: { close_wait: 2 },
  });
});

test("unix connections that wait to be accepted are no sockets of their own, and count all the same", () => {
  const listener = unix({ path: "/run/a" }, { acceptQueue: { length: 2, limit: 10 } });
  expect(countConnections([unix({ path: "/run/a" }, { state: "established" })], listener))
    .toMatchObject({ established: 3, unaccepted: 2, peers: 0 });
});
