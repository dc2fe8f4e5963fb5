import { expect, test } from "bun:test";
import {
  evaluate,
  formatExpr,
  isAboutRow,
  parseFilter,
  SocketSubject,
  split,
} from "../../src/filter/mod.ts";
import type { Socket } from "../../src/model/socket.ts";

const bytes = (text: string) => Uint8Array.from(Buffer.from(text));

const socket: Socket = {
  netns: { inode: 4026531840, name: null },
  family: "inet6",
  transport: "tcp",
  type: "stream",
  protocol: null,
  state: "established",
  local: { address: "::ffff:10.0.0.1", port: 443, interface: "eth0" },
  peer: { address: "::ffff:10.0.0.2", port: 50000, interface: null },
  peerInode: null,
  v6only: false,
  uid: 33,
  inode: 77,
  cookie: 1,
  recvQueue: 0,
  sendQueue: 0,
  acceptQueue: null,
  timer: null,
  ownership: "owned",
  owners: [1, 2].map((pid) => ({
    pid,
    fds: [5],
    tid: null,
    process: {
      pid,
      ppid: 1,
      comm: bytes("worker"),
      exe: bytes("/usr/sbin/nginx"),
      exeDeleted: false,
      cmdline: null,
      uid: 0,
      user: "root",
      startTimeMs: null,
      startTicks: null,
      unit: null,
      container: null,
      unitManager: null,
      containerManager: null,
      unread: {},
    },
  })),
  peerOwners: null,
  reach: { scope: "private", reasons: [] },
};

const ports = { first: 32768, last: 60999 };

function matches(filter: string): boolean {
  const names = (uid: number) => uid === 33 ? "www-data" : null;
  return evaluate(parseFilter(filter)!, new SocketSubject(socket, ports, names), "sockeye");
}

test("a decoded socket answers every question", () => {
  const filter =
    "src = 10.0.0.1:443 dst = 10.0.0.0/8 sport = 443 dport > 1024 state = established " +
    "family = inet6 proto = tcp dev = eth0 pid = 2 process = nginx process = work* user = root " +
    "user = www-data user = 33 owners = 2 inode = 77 reach = private netns = 4026531840";
  expect(matches(filter)).toBe(true);
  for (const part of filter.split(/ (?=\w+ =|dport)/)) expect(matches(`not ${part}`)).toBe(false);
});

test("what a decoded socket does not carry matches nothing", () => {
  expect(matches("fwmark = 0 or dev = 0")).toBe(false);
});

test("a filter is split between rows and owners", () => {
  const { first, rest } = split(
    parseFilter("(state = listen or sport = 80) and not (process = a or dport = 1)")!,
    isAboutRow,
  );
  expect(formatExpr(first!)).toBe("(state = listen or sport = 80) and not dport = 1");
  expect(formatExpr(rest!)).toBe("not process = a");
});
