import { describe, expect, test } from "bun:test";
import { inet } from "../../../src/families/inet/mod.ts";
import { pushdown, statesAsked } from "../../../src/families/inet/pushdown.ts";
import { parseFilter } from "../../../src/filter/parser.ts";
import { ALL_STATES, stateMask, STATES, TCP_LISTEN } from "../../../src/model/state.ts";
import type { Query } from "../../../src/query.ts";

const QUERY: Query = {
  families: new Set(["inet"]),
  transports: new Set(["tcp"]),
  states: ALL_STATES,
  ports: null,
  pids: null,
  processes: null,
  users: null,
};
const asked = (text: string) => {
  const states = statesAsked(parseFilter(text));
  return (state: typeof STATES[number]) => (states >>> STATES.indexOf(state) & 1) !== 0;
};

describe("pushdown", () => {
  test("asks for the states that the filter names, and no others", () => {
    expect(statesAsked(parseFilter("state listen and sport 80"))).toBe(stateMask(TCP_LISTEN));
    expect(statesAsked(null)).toBe(ALL_STATES);
  });

  test("does not look for a peer's port among sockets without peer", () => {
    for (
      const text of ["dport 443", "dst 10.0.0.1:443", "dport 443 and (sport 1 or state listen)"]
    ) {
      expect([asked(text)("listen"), asked(text)("bound_inactive")]).toEqual([false, false]);
      expect([asked(text)("established"), asked(text)("time_wait")]).toEqual([true, true]);
    }
  });

  test("looks everywhere where a socket without peer can match", () => {
    for (
      const text of [
        "not dport 443",
        "dport 443 or sport 443",
        "port 443",
        "dport <= 443",
        "dst any",
      ]
    ) {
      expect([asked(text)("listen"), asked(text)("bound_inactive")]).toEqual([true, true]);
    }
    expect(asked("not (not dport 443 or sport 1)")("listen")).toBe(false);
  });

  test("makes no request for states that nothing can have", () => {
    const labels = (text: string) =>
      inet.requests({ ...QUERY, filter: parseFilter(text) }).map(({ label }) => label);
    expect(labels("sport 443")).toEqual(["tcp over IPv4", "bound tcp over IPv4"]);
    expect(labels("dport 443")).toEqual(["tcp over IPv4"]);
    expect(labels("dport 443 and state listen")).toEqual([]);
  });

  test("puts the ports of --port and the filter into one program, and keeps a request without", () => {
    const query = { ...QUERY, ports: [{ first: 80, last: 90 }], filter: parseFilter("dport 1") };
    const { program } = pushdown(query);
    expect(program).not.toBeNull();
    const [request] = inet.requests(query);
    const size = (bytes: Uint8Array) => bytes.length;
    expect(size(request!.message!)).toBe(size(request!.unfiltered!) + 4 + program!.length);
    expect(Object.keys(inet.requests(QUERY)[0]!)).not.toContain("unfiltered");
  });
});
