/**
 * How ss mode asks for TCP sockets, on the real kernel: in fewer walks than ss, for the same rows in the same order.
 */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { IPPROTO_TCP, MSG_STATE } from "../../src/families/inet/uapi.ts";
import { dumpRequest } from "../../src/families/inet/request.ts";
import {
  stateMask,
  TCP_BOUND_INACTIVE,
  TCP_CLOSE,
  TCP_ESTABLISHED,
  TCP_LISTEN,
} from "../../src/model/state.ts";
import { Connection, NETLINK_SOCK_DIAG } from "../../src/netlink/connection.ts";
import { dump } from "../../src/netlink/dump.ts";
import { fillSockets, type Made, makeSocket, pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { sockeye } from "../support/sockeye.ts";

const reason = firstReason(pythonReason(), namespaceReason());

/** One of each state that stays. */
const KINDS: readonly (readonly [name: string, args: Readonly<Record<string, string>>])[] = [
  ["bound_inactive", {}],
  ["bound_inactive", { address: "::1" }],
  ["tcp_listen", {}],
  ["tcp_listen6_v6only", {}],
  ["tcp_listen_dual", {}],
  ["tcp6_pair", {}],
  ["tcp_mapped_pair", {}],
  ["bound_to_device", {}],
  ["half_closed", {}],
];

describe("ss mode asks for TCP", () => {
  let netns: Namespace;
  let filled: AsyncDisposable | undefined;
  const made: Made[] = [];
  const rows = (...args: string[]) =>
    sockeye(["ss", "-H", ...args], { netns }).stdout.split("\n")
      .filter((line) => line !== "").map((line) => line.replace(/\s+/g, " ").trim());

  beforeAll(async () => {
    if (reason !== null) return;
    netns = await Namespace.create("sockeye-ss-tcp");
    filled = await fillSockets(500, 2, { netns });
    for (const [name, args] of KINDS) {
      const factory = await makeSocket(name, args, { netns });
      if (factory.skip !== null) throw new Error(`${name}: ${factory.skip}`);
      made.push(factory);
    }
  }, 400_000);
  afterAll(async () => {
    for (const factory of made) await factory.stop();
    await filled?.[Symbol.asyncDispose]();
    if (reason === null) await netns[Symbol.asyncDispose]();
  }, 400_000);

  testIf(reason, "in one go for both versions, for the rows of each in its order", () => {
    for (const filter of [[], ["sport > 0"], ["state", "listening"]]) {
      for (const options of ["-tan", "-tam", "-tnl"]) {
        const words = [options, ...filter];
        const four = rows("-4", ...words);
        const six = rows("-6", ...words);
        expect(four.length).toBeGreaterThan(0);
        expect(six.length).toBeGreaterThan(0);
        expect(rows(...words)).toEqual([...four, ...six]);
      }
    }
    expect(rows("-tan").length).toBeGreaterThan(500);
    expect(rows("-tan").filter((row) => row.startsWith("UNCONN"))).toHaveLength(2);
  }, 400_000);
});

describe("the kernel", () => {
  const states = (asked: number) => {
    const found: number[] = [];
    const connection = new Connection(NETLINK_SOCK_DIAG);
    try {
      for (const family of [2, 10]) {
        const request = dumpRequest({ family, protocol: IPPROTO_TCP, states: asked });
        dump(connection, request, "test", {
          message: (view, start) => found.push(view.getUint8(start + MSG_STATE)),
          restart: () => found.splice(0),
        });
      }
    } finally {
      connection.close();
    }
    return found;
  };

  testIf(
    pythonReason(),
    "finds no TCP socket in state CLOSE, not even those that are bound",
    async () => {
      await using pair = await makeSocket("tcp_pair");
      await using bound = await makeSocket("bound_inactive");
      await using listener = await makeSocket("tcp_listen");
      expect([pair.skip, bound.skip, listener.skip]).toEqual([null, null, null]);
      expect(states(stateMask(TCP_CLOSE))).toEqual([]);
      // They are reported as CLOSE, when they are asked for by the number of their own.
      expect(states(stateMask(TCP_BOUND_INACTIVE))).toContain(TCP_CLOSE);
      expect(new Set(states(stateMask(TCP_CLOSE, TCP_LISTEN)))).toEqual(new Set([TCP_LISTEN]));
      expect(states(stateMask(TCP_CLOSE, TCP_ESTABLISHED))).not.toContain(TCP_CLOSE);
    },
  );
});
