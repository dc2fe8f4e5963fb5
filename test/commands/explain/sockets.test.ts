/**
 * How matched sockets are grouped, and what is told of each group.
 */
import { expect, test } from "bun:test";
import { explainSockets } from "../../../src/commands/explain/sockets.ts";
import { parseTarget } from "../../../src/commands/explain/target.ts";
import { procTree, statFile } from "../../support/proc_tree.ts";
import { explainInput, internet, NETNS, netnsFacts, owner } from "./input.ts";

const peer = (port: number) => ({ address: "10.0.0.9", port, interface: null });
const DEVICES = { lo: ["127.0.0.1"], eth0: ["10.0.0.1"] };
const tree = () =>
  procTree({
    "7/stat": statFile(7, "nginx"),
    "8/stat": statFile(8, "nginx", { ppid: 7 }),
  });

test("sockets on one address are one service, and their owners come once", () => {
  using proc = tree();
  const input = explainInput(proc.path, [], netnsFacts(DEVICES));
  const share = (inode: number, pid: number) =>
    internet("0.0.0.0", 80, { inode, owners: [owner(input, pid)], ownership: "owned" });
  const [group, ...more] = explainSockets(
    [share(1, 8), share(2, 7)],
    parseTarget("80"),
    input,
  );
  expect(more).toEqual([]);
  expect(group!.kind).toBe("service");
  expect(group!.sockets.map(({ inode }) => inode)).toEqual([1, 2]);
  expect(group!.processes.map(({ pid }) => pid)).toEqual([7, 8]);
  expect(group!.relations).toHaveLength(2);
  // Another socket may always join the address, so nothing follows from who owns one.
  for (const { consequences } of group!.relations) expect(consequences).toEqual([]);
});

test("another port, transport or namespace is another service", () => {
  const input = explainInput("/nonexistent", [], netnsFacts(DEVICES));
  const sockets = [
    internet("0.0.0.0", 80),
    internet("0.0.0.0", 81, { inode: 2 }),
    internet("0.0.0.0", 80, { inode: 3, transport: "sctp" }),
    internet("0.0.0.0", 80, { inode: 4, netns: { ...NETNS, inode: 2000 } }),
  ];
  expect(explainSockets(sockets, parseTarget("80"), input)).toHaveLength(4);
});

test("a listener has its connections, and connections that matched by themselves are one group", () => {
  const listener = internet("0.0.0.0", 80);
  const connections = [50000, 50001].map((port, i) =>
    internet("10.0.0.1", 80, { state: "established", peer: peer(port), inode: 10 + i })
  );
  const input = explainInput("/nonexistent", [listener, ...connections], netnsFacts(DEVICES));
  const [service] = explainSockets([listener], parseTarget("80"), input);
  expect(service!.connections).toMatchObject({ established: 2, peers: 1 });
  expect(service!.connectionsVerdict.answer).toBe("yes");
  const [own, ...more] = explainSockets(connections, parseTarget("pid:7"), input);
  expect(more).toEqual([]);
  expect(own).toMatchObject({ kind: "connections", relations: [], reach: null });
  expect(own!.connections).toMatchObject({ established: 2 });
});

test("that a listener has no connections is undecided where its table could not be read", () => {
  const listener = internet("0.0.0.0", 80);
  const verdict = (label: string | null) => {
    const input = explainInput("/nonexistent", [listener], netnsFacts(DEVICES));
    if (label !== null) {
      input.diagnostics.gap({
        kind: "table",
        reason: `${label} could not be read`,
        detail: { table: label },
      });
    }
    return explainSockets([listener], parseTarget("80"), input)[0]!.connectionsVerdict.answer;
  };
  expect(verdict(null)).toBe("no");
  expect(verdict("tcp over IPv6")).toBe("undecided");
  expect(verdict("unix")).toBe("no");
});

test("a socket that only occupies its address says so", () => {
  const input = explainInput("/nonexistent", [], netnsFacts(DEVICES));
  const bound = internet("0.0.0.0", 80, { state: "bound_inactive" });
  const [explained] = explainSockets([bound], parseTarget("80"), input);
  expect(explained).toMatchObject({ kind: "bound", connections: null });
});
