/**
 * Shares of SO_REUSEPORT groups, by sockets that are made up.
 */
import { expect, test } from "bun:test";
import { unevenFaults } from "../../../src/commands/explain/faults.ts";
import type { Owner, Process } from "../../../src/model/owner.ts";
import type { Socket } from "../../../src/model/socket.ts";

const owner = (pid: number) => ({ pid, fds: [3], tid: null, process: { pid } as Process }) as Owner;
const listener = (...pids: number[]) =>
  ({ state: "listen", owners: pids.map(owner) }) as unknown as Socket;
const connections = (pid: number, count: number, state = "established") =>
  Array.from({ length: count }, () => ({ state, owners: [owner(pid)] }) as unknown as Socket);

test("shares are uneven by a factor, and from a number of connections on", () => {
  const pair = [listener(1), listener(2)];
  expect(unevenFaults(pair, [...connections(1, 40), ...connections(2, 3)])).toMatchObject([
    { kind: "uneven", most: { connections: 40 }, least: { connections: 3 } },
  ]);
  expect(unevenFaults(pair, connections(2, 20))).toMatchObject([
    { most: { process: { pid: 2 } }, least: { process: { pid: 1 }, connections: 0 } },
  ]);
  expect(unevenFaults(pair, [...connections(1, 40), ...connections(2, 12)])).toEqual([]);
  expect(unevenFaults(pair, connections(1, 19))).toEqual([]);
  // Those that are over do not count, nor those of others.
  expect(unevenFaults(pair, connections(1, 40, "close_wait"))).toEqual([]);
  expect(unevenFaults(pair, connections(9, 40))).toEqual([]);
  // Workers that share every socket take from the queues as they like.
  expect(unevenFaults([listener(1, 2), listener(1, 2)], connections(1, 40))).toEqual([]);
  expect(unevenFaults([listener(1)], connections(1, 40))).toEqual([]);
});
