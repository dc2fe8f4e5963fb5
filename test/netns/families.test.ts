/**
 * The families beside the internet's, against sockets that are known because a factory made them, and against `ss` on
 * the same namespace.
 */
import { describe, expect } from "bun:test";
import { type FactorySocket, type Made, makeSocket, pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, skip, skipPart, testIf } from "../support/skip.ts";
import { type JsonSocket, snapshot, sockeye } from "../support/sockeye.ts";
import { ssReason } from "../support/ss.ts";

const reason = firstReason(namespaceReason(), pythonReason());

/** A socket of any family: `JsonSocket` types the internet's. */
type AnySocket = Omit<JsonSocket, "local" | "peer"> & {
  readonly local: Record<string, unknown>;
  readonly peer: Record<string, unknown> | null;
  readonly peer_owners: JsonSocket["owners"] | null;
};

function listing(args: readonly string[], netns: Namespace) {
  const seen = snapshot(args, netns);
  return { ...seen, sockets: seen.sockets as unknown as AnySocket[] };
}

function byInode(sockets: readonly AnySocket[], made: { readonly inode: number | null }) {
  const found = sockets.filter(({ inode }) => inode === made.inode);
  if (found.length !== 1) throw new Error(`${found.length} rows with inode ${made.inode}`);
  return found[0]!;
}

const holders = (owners: readonly { pid: number; fds: readonly number[] }[] | null) =>
  owners === null ? null : owners.map(({ pid, fds }) => ({ pid, fds: [...fds] }));

/** The name of an end, in the words of the JSON. */
function nameOf(end: FactorySocket["local"]): { path: string | null; name: string | null } {
  return { path: end?.path ?? null, name: end?.name ?? null };
}

/** Runs a test on the sockets of a factory in a namespace of its own. */
function onFactory(name: string, test: (made: Made, netns: Namespace) => Promise<void> | void) {
  testIf(reason, name, async () => {
    await using netns = await Namespace.create();
    await using made = await makeSocket(name, {}, { netns });
    if (made.skip !== null) skip(made.skip);
    await test(made, netns);
  });
}

describe("unix sockets name the processes at both ends", () => {
  for (
    const name of [
      "unix_stream",
      "unix_abstract",
      "unix_dgram",
      "unix_seqpacket",
      "unix_socketpair",
    ]
  ) {
    onFactory(name, async (made, netns) => {
      const { sockets } = listing(["-xa"], netns);
      for (const socket of made.info.sockets) {
        const seen = byInode(sockets, socket);
        expect(seen).toMatchObject({
          family: "unix",
          transport: socket.transport,
          uid: socket.uid,
          cookie: socket.cookie,
          netns: { inode: netns.inode },
          local: { ...nameOf(socket.local), inode: socket.inode },
          ownership: "owned",
        });
        // Both ends of a datagram connection are ESTABLISHED to the kernel.
        if (socket.transport !== "dgram") expect(seen.state).toBe(socket.state);
        expect(holders(seen.owners)).toEqual(holders(socket.owners));
        const other = made.info.sockets.find(({ inode }) => inode === socket.peer_inode);
        if (other !== undefined) {
          expect(seen.peer).toEqual({ ...nameOf(other.local), inode: other.inode });
          expect(holders(seen.peer_owners)).toEqual(holders(other.owners));
        } else {
          // A server: who is connected to it.
          expect(seen.peer).toBeNull();
          const name = JSON.stringify(socket.local);
          const callers = made.info.sockets.filter(({ peer_inode }) =>
            peer_inode === socket.inode ||
            made.info.sockets.some(({ inode, state, local }) =>
              inode === peer_inode && state === "established" && JSON.stringify(local) === name
            )
          );
          expect(seen.peer_owners!.map(({ pid }) => pid)).toEqual([made.info.pid]);
          expect(holders(seen.peer_owners)![0]!.fds)
            .toEqual(callers.flatMap(({ owners }) => owners[0]!.fds).sort((a, b) => a - b));
        }
      }
      await compareWithSs(sockets, netns, "-Hxap", unixOfSs, unixOfSockeye);
    });
  }
});

describe("what can be talked to", () => {
  onFactory("unix_stream", (_made, netns) => {
    const { sockets } = listing(["-x"], netns);
    expect(sockets.length).toBeGreaterThan(0);
    for (const { state } of sockets) expect(state).toBe("listen");
  });

  onFactory("unix_dgram", (made, netns) => {
    const { sockets } = listing(["--family", "unix"], netns);
    expect(sockets.map(({ inode }) => inode)).toEqual([made.info.sockets[0]!.inode]);
  });

  testIf(
    reason,
    "a family is added to others, and ports choose only among those who have some",
    async () => {
      await using netns = await Namespace.create();
      await using unix = await makeSocket("unix_seqpacket", {}, { netns });
      await using tcp = await makeSocket("tcp_listen", { port: 8080 }, { netns });
      expect([unix.skip, tcp.skip]).toEqual([null, null]);
      const families = (...args: string[]) =>
        listing(args, netns).sockets.map(({ family }) => family).sort();
      expect(families("-xt")).toEqual(["inet", "unix"]);
      expect(families("-x")).toEqual(["unix"]);
      expect(families()).toEqual(["inet"]);
      expect(families("-x4")).toEqual(["inet", "unix"]);
      expect(families("--family", "unix,inet6")).toEqual(["unix"]);
      expect(families("-xt", "--port", "8080")).toEqual(["inet"]);
      const wrong = sockeye(["--family", "unix,smoke"]);
      expect(wrong.status).toBe(2);
      expect(wrong.stderr).toContain('no family is called "smoke": there are inet, inet6, unix');
    },
  );
});

describe("packet sockets", () => {
  for (const name of ["packet_raw", "packet_dgram"]) {
    onFactory(name, async (made, netns) => {
      const { sockets } = listing(["-0"], netns);
      const [socket] = made.info.sockets;
      const seen = byInode(sockets, socket!);
      expect(seen).toMatchObject({
        family: "packet",
        transport: "packet",
        type: socket!.type,
        state: "close",
        local: { ethertype: socket!.ethertype, interface: "lo" },
        peer: null,
        uid: socket!.uid,
        cookie: socket!.cookie,
        reach: { scope: "link_local" },
      });
      expect(holders(seen.owners)).toEqual(holders(socket!.owners));
      await compareWithSs(sockets, netns, "-H0anp", packetOfSs, packetOfSockeye);
    });
  }
});

describe("netlink sockets", () => {
  onFactory("netlink_route", async (made, netns) => {
    const { sockets } = listing(["--netlink"], netns);
    const [socket] = made.info.sockets;
    const seen = byInode(sockets, socket!);
    expect(seen).toMatchObject({
      family: "netlink",
      local: { protocol: "route", port_id: socket!.local!.port_id, groups: [1] },
      cookie: socket!.cookie,
    });
    expect(holders(seen.owners)).toEqual(holders(socket!.owners));
    // The kernel has some of its own, and those are not a mystery.
    const own = sockets.filter(({ local }) => local.port_id === 0);
    expect(own.length).toBeGreaterThan(0);
    for (const { ownership } of own) expect(ownership).toBe("kernel");
    await compareWithSs(sockets, netns, "-Hfnetlink -an", netlinkOfSs, netlinkOfSockeye);
  });
});

testIf(reason, "families that this kernel cannot list are no error", async () => {
  await using netns = await Namespace.create();
  for (const flag of ["--vsock", "--xdp", "--tipc", "-S", "-d", "-M"]) {
    const ran = sockeye([flag, "-a", "--json"], { netns });
    expect(ran.status).toBe(0);
    expect(JSON.parse(ran.stdout).sockets).toEqual([]);
  }
});

/** Both lists as sets of lines. */
async function compareWithSs(
  sockets: readonly AnySocket[],
  netns: Namespace,
  args: string,
  ofSs: (line: string) => string | null,
  ofSockeye: (socket: AnySocket) => string,
): Promise<void> {
  if (ssReason() !== null) {
    skipPart(`ss ${args}`, ssReason()!);
    return;
  }
  const lines = (await netns.output(["ss", ...args.split(" ")])).split("\n");
  const wanted = lines.filter((line) => line !== "").flatMap((line) => ofSs(line) ?? []);
  expect(wanted.length).toBeGreaterThan(0);
  expect(sockets.map(ofSockeye).toSorted()).toEqual([...new Set(wanted)].toSorted());
}

const STATES: Readonly<Record<string, string>> = {
  ESTAB: "established",
  LISTEN: "listen",
  UNCONN: "close",
};

function usersOf(text: string | undefined): string {
  return [...(text ?? "").matchAll(/pid=(\d+),fd=(\d+)/g)].map(([, pid, fd]) => `${pid}:${fd}`)
    .sort().join(" ");
}

const usersIn = ({ owners }: AnySocket) =>
  owners.flatMap(({ pid, fds }) => fds.map((fd) => `${pid}:${fd}`)).sort().join(" ");

const queues = ({ accept_queue: accept, recv_queue: received, send_queue: sent }: AnySocket) =>
  accept === null ? `${received} ${sent}` : `${accept.length} ${accept.limit}`;

function unixOfSs(line: string): string {
  const row = /^u_(\w+) +(\S+) +(\d+) +(\d+) +(.*) (\d+) +\* (\d+) *(.*)$/.exec(line);
  if (row === null) throw new Error(`No row of ss: ${JSON.stringify(line)}`);
  const [, type, state, received, sent, name, inode, peer, users] = row;
  return `${type} ${STATES[state!]} ${received} ${sent} ${name} ${inode} ${peer} ${usersOf(users)}`;
}

function unixOfSockeye(socket: AnySocket): string {
  const { path, name } = socket.local as { path: string | null; name: string | null };
  const shown = path ?? (name === null ? "*" : `@${name.replaceAll("\0", "@")}`);
  const type = { stream: "str", dgram: "dgr", seqpacket: "seq" }[socket.transport];
  return `${type} ${socket.state} ${queues(socket)} ${shown} ${socket.inode} ${
    socket.peer?.inode ?? 0
  } ${usersIn(socket)}`;
}

function packetOfSs(line: string): string {
  const [netid, state, received, sent, local, , users] = line.trim().split(/ +/);
  return `${netid} ${STATES[state!]} ${received} ${sent} ${local} ${usersOf(users)}`;
}

function packetOfSockeye(socket: AnySocket): string {
  const { ethertype, interface: name } = socket.local;
  const protocol = ethertype === 3 ? "*" : `[${ethertype}]`;
  const netid = socket.type === "raw" ? "p_raw" : "p_dgr";
  return `${netid} ${socket.state} ${queues(socket)} ${protocol}:${name ?? "*"} ${usersIn(socket)}`;
}

const PROTOCOLS: Readonly<Record<string, number>> = {
  route: 0,
  sock_diag: 4,
  xfrm: 6,
  selinux: 7,
  audit: 9,
  fib_lookup: 10,
  connector: 11,
  netfilter: 12,
  kobject_uevent: 15,
  generic: 16,
  rdma: 20,
  crypto: 21,
};

function netlinkOfSs(line: string): string | null {
  const [state, , , local] = line.trim().split(/ +/);
  const [protocol, portId] = local!.split(":");
  // Its own socket, and what waits in the kernel's for the answer to it.
  if (protocol === "4") return portId === "0" ? `${STATES[state!]} 4:0` : null;
  return `${STATES[state!]} ${protocol}:${portId}`;
}

function netlinkOfSockeye({ state, local }: AnySocket): string {
  const protocol = String(local.protocol);
  const number = PROTOCOLS[protocol] ?? Number(protocol.replace("protocol_", ""));
  return `${state} ${number}:${(local.port_id as number) | 0}`;
}
