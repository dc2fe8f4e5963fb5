/**
 * One dump for the TCP sockets of both versions of IP: which requests it answers, and what it asks.
 */
import { describe, expect, test } from "bun:test";
import { inet } from "../../../src/families/inet/mod.ts";
import {
  ALL_STATES,
  stateMask,
  TCP_BOUND_INACTIVE,
  TCP_CLOSE,
  TCP_LISTEN,
} from "../../../src/model/state.ts";
import type { Query } from "../../../src/query.ts";

describe("requests for TCP", () => {
  const query = (change: Partial<Query>): Query => ({
    families: new Set(["inet", "inet6"]),
    transports: new Set(["tcp", "udp"]),
    states: ALL_STATES,
    ports: null,
    pids: null,
    processes: null,
    users: null,
    ...change,
  });
  const type = (message: Uint8Array) => new DataView(message.buffer).getUint16(4, true);
  /** Of each dump, the labels of its requests and the states that it asks for. */
  const shared = (change: Partial<Query> = {}) => {
    const dumps = new Set(inet.requests(query(change)).map(({ shared }) => shared));
    return [...dumps].filter((dump) => dump !== undefined).map(({ message, requests }) => {
      for (const request of requests) expect(request.shared!.requests).toEqual(requests);
      // TCPDIAG_GETSOCK
      expect(type(message)).toBe(18);
      const states = new DataView(message.buffer).getUint32(16 + 52, true);
      return [requests.map(({ label }) => label), states] as const;
    });
  };

  test("share one dump of both versions, and one for sockets that are only bound", () => {
    const bound = stateMask(TCP_BOUND_INACTIVE);
    expect(shared()).toEqual([
      [["tcp over IPv4", "tcp over IPv6"], ALL_STATES & ~bound & ~stateMask(TCP_CLOSE)],
      [["bound tcp over IPv4", "bound tcp over IPv6"], bound],
    ]);
    expect(shared({ states: stateMask(TCP_LISTEN) })).toEqual([
      [["tcp over IPv4", "tcp over IPv6"], stateMask(TCP_LISTEN)],
    ]);
  });

  test("of one version share nothing, and neither do other transports", () => {
    expect(shared({ families: new Set(["inet6"]) })).toEqual([]);
    expect(shared({ transports: new Set(["udp", "mptcp"]) })).toEqual([]);
  });
});
