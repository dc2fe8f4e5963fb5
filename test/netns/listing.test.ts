/**
 * The listing against sockets that are known, because a factory made them, and against `ss` on the same namespace.
 */
import { describe, expect } from "bun:test";
import type { FactorySocket } from "../support/factory.ts";
import { makeSocket, pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, skip, skipPart, testIf } from "../support/skip.ts";
import { type JsonSnapshot, type JsonSocket, snapshot, sockeye } from "../support/sockeye.ts";
import { ssReason, type SsRecord, ssSockets } from "../support/ss.ts";

const reason = firstReason(namespaceReason(), pythonReason());

/** Factories whose internet sockets have to appear just as they were made. */
const FACTORIES = [
  "bound_inactive",
  "bound_to_device",
  "closing",
  "deleted_exe",
  "fin_wait_1",
  "fin_wait_close_wait",
  "forked_listener",
  "half_closed",
  "inherited_listener",
  "last_ack",
  "link_local",
  "many_owners",
  "named_comm",
  "orphan",
  "passed_to_other_process",
  "ping",
  "private_table_thread",
  "queues",
  "raw",
  "raw6",
  "reuseport",
  "scm_rights",
  "socket_activation",
  "syn_recv",
  "syn_sent",
  "tcp6_pair",
  "tcp_listen",
  "tcp_listen6_v6only",
  "tcp_listen_dual",
  "tcp_mapped_pair",
  "tcp_pair",
  "time_wait",
  "udp6_bound",
  "udp_bound",
  "udp_connected",
  "udp_multicast",
  "udplite",
  "unaccepted",
  "zombie_leader",
] as const;

/** Factories in which `ss` 6.1 cannot be the judge, and why. */
const SS_DIFFERS: Readonly<Record<string, string>> = {
  bound_inactive: "ss before 6.8 does not show sockets that are only bound",
  ping: "ss knows no ping sockets",
  udplite: "ss never asks for UDP-Lite",
  zombie_leader: "ss reads only the main thread's descriptors",
  private_table_thread: "ss reads only the main thread's descriptors",
  // The same process holds the listener in both tables; ss sees the one.
  named_comm: "ss 6.1 prints names raw, and a name may end its own row",
};

function key(socket: { transport: string; state: string; local: unknown; peer: unknown }): string {
  const end = (endpoint: unknown) => {
    const { address, port } = (endpoint ?? { address: null, port: null }) as {
      address: string;
      port: number;
    };
    return address === null || port === 0 && /^(0\.0\.0\.0|::)$/.test(address)
      ? "*"
      : `${address} ${port}`;
  };
  return `${socket.transport} ${socket.state} ${end(socket.local)} → ${end(socket.peer)}`;
}

/** What is compared, with what the source of the rows cannot tell made equal. */
function comparable(socket: FactorySocket | JsonSocket, made: FactorySocket, complete: boolean) {
  // Ping and raw sockets come from /proc here, which has no cookie and no v6only flag.
  const fromProc = made.transport === "raw" || made.transport === "icmp";
  // Whether a socket that no process holds is the kernel's can only be said when every process was looked into.
  const undecided = made.ownership === "kernel" && !complete;
  return {
    key: key(socket as JsonSocket),
    family: socket.family,
    type: socket.type,
    protocol: socket.protocol,
    interface: socket.local?.interface ?? null,
    uid: socket.uid,
    inode: socket.inode,
    cookie: fromProc || made.cookie === null ? null : socket.cookie,
    // The kernel tells it for listeners and unbound sockets only.
    v6only: made.state === "listen" ? socket.v6only : null,
    acceptQueue: made.accept_queue === undefined ? null : socket.accept_queue,
    recvQueue: made.recv_queue === undefined ? null : socket.recv_queue,
    sendQueue: made.send_queue === undefined ? null : socket.send_queue,
    ownership: undecided ? null : socket.ownership,
    owners: socket.owners.map(({ pid, tid, fds }) => ({ pid, tid, fds: [...fds] })),
  };
}

function find(snapshot: JsonSnapshot, made: FactorySocket): JsonSocket {
  const found = snapshot.sockets.filter((socket) =>
    key(socket) === key(made as unknown as JsonSocket) && socket.inode === made.inode
  );
  if (found.length !== 1) {
    throw new Error(
      `${found.length} rows for ${key(made as unknown as JsonSocket)} among\n${
        snapshot.sockets.map((socket) => `  ${key(socket)} inode ${socket.inode}`).join("\n")
      }`,
    );
  }
  return found[0]!;
}

describe("the listing shows what was made", () => {
  for (const name of FACTORIES) {
    testIf(reason, name, async () => {
      await using netns = await Namespace.create();
      await using made = await makeSocket(name, {}, { netns });
      if (made.skip !== null) skip(made.skip);
      const seen = snapshot(["-a"], netns);
      const internet = made.info.sockets.filter(({ family }) => family.startsWith("inet"));
      expect(internet.length).toBeGreaterThan(0);
      for (const socket of internet) {
        expect(comparable(find(seen, socket), socket, seen.complete))
          .toEqual(comparable(socket, socket, seen.complete));
        expect(find(seen, socket).netns?.inode).toBe(netns.inode);
      }
      if (SS_DIFFERS[name] !== undefined) return;
      if (ssReason() !== null) skipPart(`${name}, beside ss`, ssReason()!);
      else {
        expect(ofSockeye(seen)).toEqual(ofSs(await ssSockets(netns)));
      }
    });
  }
});

function ofSockeye({ sockets }: JsonSnapshot): string[] {
  return sockets.map((socket) =>
    `${key(socket)} ${
      socket.transport === "raw" && socket.cookie === null ? "from /proc" : socket.inode
    } ${socket.owners.map(({ pid, fds }) => `${pid}:${fds}`).join(" ")}`
  ).sort();
}

function ofSs(records: readonly SsRecord[]): string[] {
  return records.map((record) =>
    // ss reads raw sockets from /proc where raw_diag is missing, and then prints no inode.
    `${key(record)} ${record.inode ?? (record.transport === "raw" ? "from /proc" : null)} ${
      record.owners.map(({ pid, fds }) => `${pid}:${fds}`).join(" ")
    }`
  ).sort();
}

describe("selection", () => {
  testIf(reason, "without flags shows listeners and unconnected UDP, not connections", async () => {
    await using netns = await Namespace.create();
    await using listener = await makeSocket("tcp_listen", {}, { netns });
    await using pair = await makeSocket("tcp_pair", {}, { netns });
    await using udp = await makeSocket("udp_bound", {}, { netns });
    const ports = (made: typeof listener) => made.info!.sockets.map(({ local }) => local!.port!);
    const seen = snapshot([], netns).sockets.map(({ local }) => local.port);
    expect(seen).toContain(ports(listener)[0]!);
    expect(seen).toContain(ports(udp)[0]!);
    expect(
      snapshot(["--state", "established"], netns).sockets.map(({ local }) => local.port).sort(),
    )
      .toEqual(ports(pair).sort());
  });

  testIf(reason, "narrows by transport, version, port, process, user and pid", async () => {
    await using netns = await Namespace.create();
    await using four = await makeSocket("tcp_listen", { port: 8080 }, { netns });
    await using six = await makeSocket("tcp_listen6_v6only", { port: 8081 }, { netns });
    await using udp = await makeSocket("udp_bound", { port: 8082 }, { netns });
    const ports = (...args: string[]) =>
      snapshot(args, netns).sockets.map(({ local }) => local.port);
    expect(ports("-t")).toEqual([8080, 8081]);
    expect(ports("-u")).toEqual([8082]);
    expect(ports("-t6")).toEqual([8081]);
    expect(ports("-4")).toEqual([8080, 8082]);
    expect(ports("--port", "8081-8082")).toEqual([8081, 8082]);
    expect(ports("--port", "9999")).toEqual([]);
    expect(ports("--pid", String(six.pid))).toEqual([8081]);
    expect(ports("--pid", `${four.pid},${udp.pid}`)).toEqual([8080, 8082]);
    expect(ports("--user", "0")).toEqual([8080, 8081, 8082]);
    expect(ports("--user", "nobody")).toEqual([]);
    const misspelt = sockeye(["--user", "root,nobdy"], { netns });
    expect(misspelt).toMatchObject({ status: 2, stdout: "" });
    expect(misspelt.stderr).toBe(
      "sockeye: --user nobdy: no such name in /etc/passwd; give the number of a user who has none there\n",
    );
    const comm = snapshot(["--port", "8080"], netns).sockets[0]!.owners[0]!.comm!;
    expect(ports("--process", comm)).toEqual([8080, 8081, 8082]);
    expect(ports("--process", "no-such-process")).toEqual([]);
  });
});
