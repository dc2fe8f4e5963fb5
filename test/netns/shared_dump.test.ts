/**
 * One dump for the TCP sockets of both versions of IP, on the real kernel: its rows are those of a dump for each, and those of
 * /proc, also while connections come and go.
 */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { EACCES, SyscallError } from "../../ffi/errno.ts";
import { inNetworkNamespace } from "../../ffi/namespace.ts";
import { Diagnostics } from "../../src/diagnostics.ts";
import { inet } from "../../src/families/inet/mod.ts";
import type { Socket } from "../../src/model/socket.ts";
import { ALL_STATES } from "../../src/model/state.ts";
import { Connection, NETLINK_SOCK_DIAG } from "../../src/netlink/connection.ts";
import { ProcRoot } from "../../src/proc/root.ts";
import { collectSockets } from "../../src/snapshot/collect.ts";
import { type DiagSocket, Source } from "../../src/snapshot/source.ts";
import type { Query } from "../../src/query.ts";
import { type Made, makeSocket, pythonReason } from "../support/factory.ts";
import { firstLine } from "../support/lines.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";

const reason = firstReason(pythonReason(), namespaceReason());

const KINDS: readonly (readonly [name: string, args: Readonly<Record<string, string>>])[] = [
  ["bound_inactive", {}],
  ["bound_inactive", { address: "::1" }],
  ["tcp_listen", {}],
  ["tcp_listen6_v6only", {}],
  ["tcp_listen_dual", {}],
  ["tcp_pair", {}],
  ["tcp6_pair", {}],
  ["tcp_mapped_pair", {}],
  ["half_closed", {}],
];

/** Binds, connects and closes, over and over, by reset so that no TIME-WAIT is left. */
const CHURN = `
import socket, struct
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(64)
print("ready", flush=True)
reset = struct.pack("ii", 1, 0)
while True:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
    client.bind(("127.0.0.1", 0))
    client.connect(listener.getsockname())
    server, _ = listener.accept()
    client.close()
    server.close()
`;

const QUERY: Query = {
  families: new Set(["inet", "inet6"]),
  transports: new Set(["tcp"]),
  states: ALL_STATES,
  ports: null,
  pids: null,
  processes: null,
  users: null,
};

describe("one dump for the TCP sockets of both versions", () => {
  let netns: Namespace;
  let door: number;
  const made: Made[] = [];

  beforeAll(async () => {
    if (reason !== null) return;
    netns = await Namespace.create();
    door = openSync(`/proc/${netns.pid}/ns/net`, "r");
    for (const [name, args] of KINDS) {
      const factory = await makeSocket(name, args, { netns });
      if (factory.skip !== null) throw new Error(`${name}: ${factory.skip}`);
      made.push(factory);
    }
  }, 400_000);
  afterAll(async () => {
    for (const factory of made) await factory.stop();
    if (reason !== null) return;
    closeSync(door);
    await netns[Symbol.asyncDispose]();
  }, 400_000);

  /** One look into the namespace; how many requests it took. */
  function look(
    sharing: boolean,
    open: () => DiagSocket = () => new Connection(NETLINK_SOCK_DIAG),
  ) {
    return inNetworkNamespace(door, () => {
      let sent = 0;
      const diagnostics = new Diagnostics();
      const source = new Source(new ProcRoot(), diagnostics, () => {
        const socket = open();
        const send = socket.send.bind(socket);
        socket.send = (request) => {
          sent++;
          send(request);
        };
        return socket;
      });
      try {
        const sockets = collectSockets(QUERY, source, null, { sharing });
        expect(diagnostics.gaps).toEqual([]);
        return { sockets, sent };
      } finally {
        source.close();
      }
    });
  }
  // All that does not change while a socket is idle.
  const texts = (sockets: readonly Socket[], keys: readonly (keyof Socket)[]) =>
    sockets.map((socket) =>
      keys.map((key) => Bun.inspect(socket[key], { compact: true })).join(" ")
    );
  const FACTS = ["family", "transport", "state", "local", "peer", "uid", "inode"] as const;
  const EXACT = [...FACTS, "cookie", "v6only", "recvQueue", "sendQueue"] as const;

  testIf(reason, "has the rows of a dump for each version, and those of /proc", () => {
    const shared = look(true);
    const apart = look(false);
    expect([shared.sent, apart.sent]).toEqual([2, inet.requests(QUERY).length]);
    expect(texts(shared.sockets, EXACT).sort()).toEqual(texts(apart.sockets, EXACT).sort());
    expect(shared.sockets.filter(({ state }) => state === "bound_inactive")).toHaveLength(2);
    const proc = inNetworkNamespace(door, () => {
      const source = new Source(new ProcRoot(), new Diagnostics(), () => {
        throw new SyscallError("socket", EACCES);
      });
      return collectSockets(QUERY, source, null, { sharing: true });
    });
    // /proc does not have sockets that are only bound.
    const known = shared.sockets.filter(({ state }) => state !== "bound_inactive");
    expect(texts(known, FACTS).sort()).toEqual(texts(proc, FACTS).sort());
  });

  testIf(reason, "has each socket once while others come and go", async () => {
    const idle = new Set(texts(look(true).sockets, EXACT));
    await using churn = await netnsChild(netns.pid);
    expect(churn.ready).toBe("ready");
    let others = 0;
    for (let i = 0; i < 100; i++) {
      const { sockets } = look(true);
      const rows = texts(sockets, EXACT);
      expect(rows.filter((row) => idle.has(row))).toHaveLength(idle.size);
      others += rows.length - idle.size;
      const cookies = sockets.map(({ cookie }) => cookie);
      expect(new Set(cookies).size).toBe(cookies.length);
    }
    // At least the listener of those.
    expect(others).toBeGreaterThanOrEqual(100);
  }, 400_000);
});

async function netnsChild(pid: number) {
  const child = Bun.spawn(["nsenter", `--net=/proc/${pid}/ns/net`, "python3", "-S", "-c", CHURN], {
    stdin: "ignore",
    stdout: "pipe",
  });
  return {
    ready: await firstLine(child.stdout),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
