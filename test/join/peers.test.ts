import { describe, expect, test } from "bun:test";
import { attachPeers } from "../../src/join/peers.ts";
import type { Owner, Process } from "../../src/model/owner.ts";
import type { Socket, UnixEndpoint } from "../../src/model/socket.ts";

function owner(pid: number, ...fds: number[]): Owner {
  return { pid, fds, tid: null, process: { pid } as Process };
}

const text = (name: string | null) => name === null ? null : new TextEncoder().encode(name);
const end = (name: string | null, inode: number | null): UnixEndpoint =>
  name?.startsWith("@")
    ? { path: null, name: text(name.slice(1)), inode }
    : { path: text(name), name: null, inode };

function socket(
  name: string | null,
  inode: number | null,
  peer: number | null | "none",
  owners: Owner[],
  change: Partial<Socket> = {},
): Socket {
  return {
    netns: { inode: 1, name: null },
    family: "unix",
    transport: "stream",
    type: "stream",
    protocol: null,
    state: "established",
    local: end(name, inode),
    peer: peer === "none" ? null : end(null, peer),
    peerInode: peer === "none" ? null : peer,
    v6only: null,
    uid: null,
    inode,
    cookie: inode,
    recvQueue: 0,
    sendQueue: 0,
    acceptQueue: null,
    timer: null,
    ownership: owners.length > 0 ? "owned" : "kernel",
    owners,
    peerOwners: [],
    reach: { scope: "host", reasons: [] },
    ...change,
  };
}

const pids = (sockets: Socket[]) =>
  sockets.map(({ peerOwners }) => peerOwners?.map(({ pid, fds }) => [pid, ...fds]) ?? null);

describe("attachPeers()", () => {
  test("both ends of a pair name each other", () => {
    const sockets = [socket(null, 1, 2, [owner(10, 3)]), socket(null, 2, 1, [owner(20, 4)])];
    attachPeers(sockets);
    expect(pids(sockets)).toEqual([[[20, 4]], [[10, 3]]]);
  });

  test("a client learns the name at the other end, a listener who its clients are", () => {
    const listener = socket("/run/a", 1, "none", [owner(10, 3)], {
      state: "listen",
      waitingInodes: [],
    });
    const sockets = [
      listener,
      socket("/run/a", 2, 3, [owner(10, 4)]),
      socket(null, 3, 2, [owner(20, 5)]),
      socket("/run/a", 4, 5, [owner(10, 6)]),
      socket(null, 5, 4, [owner(20, 7)]),
      // Of another listener.
      socket("/run/b", 6, 7, [owner(11, 1)]),
      socket(null, 7, 6, [owner(30, 1)]),
    ];
    attachPeers(sockets);
    expect(sockets[2]!.peer).toEqual(end("/run/a", 2));
    expect(pids(sockets)).toEqual([
      // One process with two connections: one owner, all descriptors.
      [[20, 5, 7]],
      [[20, 5]],
      [[10, 4]],
      [[20, 7]],
      [[10, 6]],
      [[30, 1]],
      [[11, 1]],
    ]);
  });

  test("a client that waits to be accepted has the listener for its other end", () => {
    const sockets = [
      socket("@a\0b", 1, "none", [owner(10, 3)], { state: "listen", waitingInodes: [2, 99] }),
      socket(null, 2, null, [owner(20, 4)]),
      socket(null, 3, null, [owner(30, 4)]),
    ];
    attachPeers(sockets);
    expect(pids(sockets)).toEqual([[[20, 4]], [[10, 3]], null]);
    expect(sockets[1]!.peer).toEqual(end("@a\0b", 1));
  });

  test("a datagram server has those who are connected to it", () => {
    const sockets = [
      socket("/dev/log", 1, "none", [owner(10, 3)], { type: "dgram" }),
      socket(null, 2, 1, [owner(30, 4)], { type: "dgram" }),
      socket(null, 3, 1, [owner(20, 5)], { type: "dgram" }),
    ];
    attachPeers(sockets);
    expect(pids(sockets)).toEqual([[[20, 5], [30, 4]], [[10, 3]], [[10, 3]]]);
  });

  test("an end that is not known, and one whose owner is not known, give null, not an empty list", () => {
    const sockets = [
      socket(null, 1, 99, [owner(10, 3)]),
      socket(null, 2, 3, [owner(10, 4)]),
      socket(null, 3, 2, [], { ownership: "hidden" }),
      socket(null, 4, 5, [owner(10, 5)]),
      socket(null, 5, 4, [], { ownership: "kernel" }),
    ];
    attachPeers(sockets);
    expect(pids(sockets)).toEqual([null, null, [[10, 4]], [], [[10, 5]]]);
  });

  test("what the source did not tell stays null", () => {
    const sockets = [
      socket("/run/a", 1, "none", [owner(10, 3)], { state: "listen", peerOwners: null }),
      socket("/run/a", 2, "none", [owner(10, 4)], { peerOwners: null }),
    ];
    attachPeers(sockets);
    expect(pids(sockets)).toEqual([null, null]);
  });

  test("the same abstract name in two network namespaces is two servers", () => {
    const other = { netns: { inode: 2, name: null } };
    const sockets = [
      socket("@a", 1, "none", [owner(10, 3)], { state: "listen" }),
      socket("@a", 2, "none", [owner(11, 3)], { state: "listen", ...other }),
      socket("@a", 3, 4, [owner(11, 4)], other),
      socket(null, 4, 3, [owner(20, 5)], other),
    ];
    attachPeers(sockets);
    expect(pids(sockets).slice(0, 2)).toEqual([[], [[20, 5]]]);
  });
});
