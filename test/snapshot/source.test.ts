/**
 * A source that has no diag module for a family: what is missing, and what is not.
 */
import { expect, test } from "bun:test";
import { collectSockets } from "../../src/snapshot/collect.ts";
import { Source } from "../../src/snapshot/source.ts";
import { Diagnostics } from "../../src/diagnostics.ts";
import type { FamilyName, Transport } from "../../src/model/socket.ts";
import { ALL_STATES } from "../../src/model/state.ts";
import { ProcRoot } from "../../src/proc/root.ts";
import type { Query } from "../../src/query.ts";
import { attribute, message, u32, zeros } from "../support/bytes.ts";
import { FakeKernel } from "../support/fake_kernel.ts";
import { procTree } from "../support/proc_tree.ts";

const ENOENT = 2;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_MULTI = 2;

function query(family: FamilyName, transport: Transport = "tcp"): Query {
  return {
    families: new Set([family]),
    transports: new Set([transport]),
    states: ALL_STATES,
    ports: null,
    pids: null,
    processes: null,
    users: null,
  };
}

/** A kernel that has no handler for anything. */
const refusing = () =>
  new FakeKernel((sequence) => [{
    bytes: message(NLMSG_ERROR, 0, sequence, 4711, [...u32(2 ** 32 - ENOENT), ...zeros(16)]),
  }]);

function collect(wanted: Query, files: Record<string, string>, open = refusing) {
  using tree = procTree(
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`net/${name}`, text])),
  );
  const diagnostics = new Diagnostics();
  const source = new Source(new ProcRoot(tree.path), diagnostics, open);
  const sockets = collectSockets(wanted, source, null);
  source.close();
  return { sockets, gaps: diagnostics.gaps.map(({ reason }) => reason), notes: diagnostics.notes };
}

const PROTOCOLS = "protocol  size sockets\nAF_VSOCK 1240 0\nXDP 1088 0\nMPTCP 1936 2\n";

test("a kernel without the family is a note, because nothing is missing", () => {
  for (
    const [family, transport] of [
      ["tipc", "tcp"],
      ["xdp", "tcp"],
      ["inet", "dccp"],
    ] as const
  ) {
    const { sockets, gaps, notes } = collect(query(family, transport), { protocols: PROTOCOLS });
    expect([sockets, gaps]).toEqual([[], []]);
    expect(notes.join()).toContain("and there are no such sockets");
  }
  const { gaps, notes } = collect(query("inet", "sctp"), { protocols: PROTOCOLS });
  expect([gaps, notes]).toEqual([[], ["sctp over IPv4: this kernel has none"]]);
});

test("both files of SCTP are read", () => {
  const { sockets, gaps } = collect(query("inet", "sctp"), {
    "sctp/eps": "header\n0 0 2 10 29 11165 0 7 10.0.0.1\n",
    "sctp/assocs": "header\n0 0 2 1 3 9 1 4 5 0 8 11165 40000 10.0.0.1 <-> *10.0.0.2 30000\n",
  });
  expect(gaps).toEqual([]);
  expect(sockets.map(({ state, inode }) => [state, inode])).toEqual([["listen", 7], [
    "established",
    8,
  ]]);
  expect(collect(query("inet", "sctp"), { "sctp/eps": "header\n" }).gaps).toHaveLength(1);
});

test("sockets that exist and cannot be listed are a gap", () => {
  expect(collect(query("inet", "mptcp"), { protocols: PROTOCOLS }).gaps)
    .toEqual(["mptcp over IPv4 could not be read: the kernel has no diag module for it"]);
  // The kernel does not count these, so there may be some.
  expect(collect(query("vsock"), { protocols: PROTOCOLS }).gaps)
    .toEqual(["vsock could not be read: the kernel has no diag module for it"]);
  expect(collect(query("xdp"), {}).gaps).toHaveLength(1);
});

test("unix, packet and netlink are read from /proc then, without what that does not tell", () => {
  const unix = collect(query("unix"), {
    unix: "Num RefCount Protocol Flags Type St Inode Path\n" +
      "0000000000000000: 00000002 00000000 00010000 0001 01 7 /run/a b\n",
  });
  expect(unix.gaps).toEqual([]);
  expect(unix.notes).toEqual([
    "unix: the kernel has no diag module for it; read from /proc/net/unix",
  ]);
  expect(unix.sockets).toMatchObject([{ state: "listen", inode: 7, peerOwners: null }]);
  expect(
    collect(query("packet"), {
      packet: "sk RefCnt Type Proto Iface R Rmem User Inode\n0 3 3 0003 0 1 5 0 8\n",
    }).sockets,
  ).toMatchObject([{ type: "raw", inode: 8, recvQueue: 5 }]);
  expect(
    collect(query("netlink"), {
      netlink: "sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode\n0 0 77 1 0 0 0 2 0 9\n",
    }).sockets,
  ).toMatchObject([{ inode: 9, local: { protocol: 0, portId: 77, groups: [1] } }]);
});

test("a netlink socket that the kernel sends twice is one", () => {
  const row = (inode: number, cookie: number) => [
    ...[16, 3, 0, 7, ...u32(77), ...zeros(8), ...u32(inode), ...u32(cookie), ...u32(0)],
    ...attribute(1, u32(1)),
  ];
  const { sockets } = collect(query("netlink"), {}, () =>
    new FakeKernel((sequence) => [
      {
        bytes: [row(1, 5), row(2, 6), row(1, 5)].flatMap((body) =>
          message(20, NLM_F_MULTI, sequence, 4711, body)
        ),
      },
      { bytes: message(NLMSG_DONE, NLM_F_MULTI, sequence, 4711, u32(0)) },
    ]));
  expect(sockets.map(({ inode }) => inode)).toEqual([1, 2]);
});
