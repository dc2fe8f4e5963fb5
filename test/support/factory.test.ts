/**
 * Every factory makes what it says: checked against /proc and the host's ss, without the product.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  factoryNames,
  type FactorySocket,
  type Made,
  makeSocket,
  pythonReason,
  type Skipped,
} from "./factory.ts";
import { alive, maps, ownersOf, tableLine } from "./socket_owners.ts";
import { Namespace, namespaceReason } from "./netns.ts";
import { firstReason, skip, testIf } from "./skip.ts";
import { ssReason, type SsRecord, ssSockets } from "./ss.ts";

const reason = firstReason(pythonReason(), namespaceReason(), ssReason());

/** Kinds of socket that a kernel may be built without. A factory for anything else must not skip. */
const OPTIONAL = new Set([
  "link_local",
  "mptcp",
  "ping",
  "raw6",
  "tcp6_pair",
  "tcp_listen6_v6only",
  "tcp_listen_dual",
  "tcp_mapped_pair",
  "udp6_bound",
  "udplite",
  "vsock",
]);

/** Where the kernel lists what ss 6.1 does not show in its internet tables: [file, does the line hold the inode]. */
function table(socket: FactorySocket): string | null {
  const six = socket.family === "inet6" ? "6" : "";
  if (socket.family === "unix" || socket.family === "packet" || socket.family === "netlink") {
    return socket.family;
  }
  if (socket.transport === "icmp") return `icmp${six}`;
  if (socket.transport === "udplite") return `udplite${six}`;
  return null;
}

function inSs(socket: FactorySocket): boolean {
  return ["tcp", "udp", "raw"].includes(socket.transport) && socket.family.startsWith("inet") &&
    socket.state !== "bound_inactive" && table(socket) === null;
}

/** The row of ss for a socket: by inode where it has one, else by its two ends. */
function rowOf(socket: FactorySocket, rows: readonly SsRecord[]): SsRecord | undefined {
  return rows.find((row) =>
    row.transport === socket.transport &&
    row.local.address === socket.local?.address && row.local.port === socket.local.port &&
    (socket.inode === null
      ? row.peer.address === socket.peer?.address && row.peer.port === socket.peer?.port &&
        row.inode === null
      // Raw sockets come from a table of /proc here, where ss prints no inode.
      : row.inode === socket.inode || (socket.transport === "raw" && row.inode === null))
  );
}

function checkSocket(socket: FactorySocket, factory: Made, rows: readonly SsRecord[]): void {
  if (socket.inode === null) {
    expect(socket.owners).toEqual([]);
  } else {
    const expected = socket.mapped ? [] : [...socket.owners].sort((a, b) => a.pid - b.pid);
    expect(ownersOf(socket.inode)).toEqual(expected);
    if (socket.mapped) expect(maps(socket.owners[0]!.pid, socket.inode)).toBe(true);
  }
  const listed = table(socket);
  if (listed !== null) {
    expect(tableLine(factory.pid, listed, String(socket.inode))).not.toBeNull();
  }
  if (!inSs(socket)) return;
  const row = rowOf(socket, rows);
  expect(row, `row of ss for ${JSON.stringify(socket)}`).toBeDefined();
  expect(row!.state).toBe(socket.state);
  expect(row!.local.interface).toBe(socket.local!.interface ?? null);
  if (socket.peer !== null) {
    expect(row!.peer.address).toBe(socket.peer.address!);
    expect(row!.peer.port).toBe(socket.peer.port!);
  } else {
    expect(row!.peer.port).toBe(0);
  }
  if (row!.cookie !== null && socket.cookie !== null) expect(row!.cookie).toBe(socket.cookie);
  if (socket.accept_queue) {
    expect({ length: row!.recvQueue, limit: row!.sendQueue }).toEqual({ ...socket.accept_queue });
  }
  if (socket.recv_queue !== undefined) {
    expect([row!.recvQueue, row!.sendQueue]).toEqual([socket.recv_queue, socket.send_queue!]);
  }
  // Plain `ss -p` reads the main table only.
  const owners = socket.owners.filter(({ tid }) => tid === null)
    .map(({ pid, fds }) => ({ pid, fds })).sort((a, b) => a.pid - b.pid);
  if (row!.inode !== null || owners.length === 0) expect(row!.owners).toEqual(owners);
}

/** All processes that a factory speaks of. */
function processes(factory: Made): number[] {
  const pids = factory.info.sockets.flatMap(({ owners }) => owners.map(({ pid }) => pid));
  const { workers, shell, child, service, process, receiver } = factory.info;
  const more = [workers, shell, child, service, process, receiver].flat();
  return [...new Set([factory.pid, ...pids, ...more.filter((pid) => typeof pid === "number")])];
}

/** Where factories make their files: a place that no other run of the tests uses. */
let temporary: string;
const leftovers = () => readdirSync(temporary);

describe("socket factories", () => {
  let netns: Namespace;
  const { TMPDIR } = process.env;

  beforeAll(async () => {
    temporary = mkdtempSync(join(tmpdir(), "sockeye-factories-"));
    chmodSync(temporary, 0o1777);
    process.env.TMPDIR = temporary;
    if (reason === null) netns = await Namespace.create();
  });
  afterAll(async () => {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
    await netns?.stop();
    rmSync(temporary, { recursive: true });
  });

  /** Starts a factory, gives its facts to a check, ends it, and sees that nothing stays. */
  async function withFactory(
    name: string,
    args: Record<string, string | number>,
    check: (made: Made) => void | Promise<void>,
  ): Promise<void> {
    const before = leftovers();
    const factory: Made | Skipped = await makeSocket(name, args, { netns });
    if (factory.skip !== null) {
      expect(OPTIONAL.has(name), `${name} skips: ${factory.skip}`).toBe(true);
      skip(factory.skip);
    }
    try {
      await check(factory);
    } finally {
      await factory.stop();
    }
    expect(processes(factory).filter(alive)).toEqual([]);
    expect(leftovers().filter((file) => !before.includes(file))).toEqual([]);
  }

  for (const name of pythonReason() === null ? factoryNames() : []) {
    testIf(
      reason,
      `${name} makes what it says and leaves nothing`,
      () =>
        withFactory(name, {}, async (factory) => {
          expect(factory.info.factory).toBe(name);
          expect(factory.info.netns).toBe(netns.inode);
          expect(statSync(`/proc/${factory.pid}/ns/net`).ino).toBe(netns.inode);
          expect(factory.info.sockets.length).toBeGreaterThan(0);
          const rows = await ssSockets(netns);
          for (const socket of factory.info.sockets) checkSocket(socket, factory, rows);
        }),
      400_000,
    );
  }

  testIf(
    reason,
    "a zombie leader has no descriptors, its thread has them",
    () =>
      withFactory("zombie_leader", {}, ({ info }) => {
        expect(readFileSync(`/proc/${info.process}/stat`, "latin1")).toMatch(/\) Z /);
        expect(readdirSync(`/proc/${info.process}/task/${info.tid}/fd`)).not.toEqual([]);
        let seen: string[] = [];
        try {
          seen = readdirSync(`/proc/${info.process}/fd`);
        } catch { /* Some kernels refuse instead of showing nothing. */ }
        expect(seen).toEqual([]);
      }),
  );

  testIf(
    reason,
    "hostile names arrive in comm byte for byte",
    () =>
      withFactory("named_comm", {}, ({ info }) => {
        const names = info.names as { pid: number; comm_hex: string }[];
        expect(names.length).toBeGreaterThan(8);
        for (const { pid, comm_hex } of names) {
          const comm = readFileSync(`/proc/${pid}/comm`).subarray(0, -1);
          expect(comm.toString("hex")).toBe(comm_hex);
        }
      }),
  );

  testIf(
    reason,
    "a deleted program is deleted while it runs",
    () =>
      withFactory("deleted_exe", {}, ({ info }) => {
        expect(readlinkSync(`/proc/${info.process}/exe`)).toBe(`${info.exe} (deleted)`);
        expect(existsSync(info.exe as string)).toBe(false);
      }),
  );

  testIf(
    reason,
    "a deleted log is open for writing beside one that exists",
    () =>
      withFactory("deleted_log", {}, ({ info }) => {
        const logs = info.logs as { path: string; fd: number; deleted: boolean }[];
        expect(logs.map(({ deleted }) => deleted)).toEqual([true, false]);
        for (const { path, fd, deleted } of logs) {
          const link = readlinkSync(`/proc/${info.process}/fd/${fd}`);
          expect(link).toBe(deleted ? `${path} (deleted)` : path);
          const flags = /^flags:\s+(\d+)$/m.exec(
            readFileSync(`/proc/${info.process}/fdinfo/${fd}`, "latin1"),
          );
          expect(parseInt(flags![1]!, 8) & 3).toBe(1); // O_WRONLY
        }
      }),
  );

  testIf(
    reason,
    "a process that moved lives elsewhere than its socket",
    () =>
      withFactory("socket_in_other_netns", {}, ({ info }) => {
        const inode = statSync(`/proc/${info.process}/ns/net`).ino;
        expect(inode).toBe(info.process_netns as number);
        expect(inode).not.toBe(netns.inode);
        expect(info.sockets[0]!.netns).toBe(netns.inode);
      }),
  );

  testIf(
    reason,
    "a socket is passed into another namespace and kept by the sender too",
    () =>
      withFactory("passed_to_other_process", { keep: 1, other_netns: 1 }, async (factory) => {
        const { info } = factory;
        expect(info.sockets[0]!.owners.map(({ pid }) => pid).sort()).toEqual(
          [info.pid, info.receiver as number].sort(),
        );
        expect(statSync(`/proc/${info.receiver}/ns/net`).ino).toBe(info.receiver_netns as number);
        expect(info.receiver_netns).not.toBe(netns.inode);
        checkSocket(info.sockets[0]!, factory, await ssSockets(netns));
      }),
  );

  testIf(
    reason,
    "unix sockets have the paths that were asked for",
    () =>
      withFactory("unix_stream", {}, ({ info }) => {
        const paths = info.sockets.map(({ local }) => local?.path).filter((path) => path);
        expect(paths.some((path) => path!.endsWith("/with two spaces.sock"))).toBe(true);
        for (const { local, inode } of info.sockets) {
          const line = tableLine(info.pid, "unix", String(inode));
          if (local?.path) expect(line!.endsWith(` ${local.path}`)).toBe(true);
        }
      }),
  );

  testIf(
    reason,
    "the number of owners is the one asked for",
    () =>
      withFactory("many_owners", { owners: 20 }, ({ info }) => {
        expect(info.sockets[0]!.owners).toHaveLength(20);
        expect(info.sockets[0]!.owners[0]!.fds).toHaveLength(2);
      }),
  );

  testIf(
    reason,
    "200 processes hold one listener",
    () =>
      withFactory("many_owners", {}, ({ info }) => {
        expect(new Set(info.sockets[0]!.owners.map(({ pid }) => pid)).size).toBe(200);
      }),
  );
});

describe("makeSocket()", () => {
  const python = pythonReason();

  testIf(python, "says what a factory does not know", async () => {
    expect(makeSocket("no_such_thing")).rejects.toThrow(/not known/);
    expect(makeSocket("tcp_listen", { colour: "red" })).rejects.toThrow(/port=0/);
    await expect(makeSocket("tcp_listen", { port: "x" })).rejects.toThrow(/int wanted/);
  });

  testIf(python, "gives up when the line does not come in time, and ends the process", async () => {
    await expect(makeSocket("tcp_listen", {}, { timeoutMs: 1 })).rejects.toThrow(/not get ready/);
  });

  testIf(python, "ends the factory at the end of the block, also when that throws", async () => {
    let pid = 0;
    const failing = (async () => {
      await using factory = await makeSocket("forked_listener", { workers: 2 });
      pid = factory.pid!;
      expect(alive(pid)).toBe(true);
      throw new Error("in the block");
    })();
    await expect(failing).rejects.toThrow("in the block");
    expect(alive(pid)).toBe(false);
  });

  testIf(python, "children end even when the factory is killed", async () => {
    const factory = await makeSocket("inherited_listener");
    if (factory.skip !== null) throw new Error(factory.skip);
    const pids = processes(factory).filter((pid) => pid !== factory.pid);
    expect(pids).toHaveLength(2);
    process.kill(factory.pid, "SIGKILL");
    await expect(factory.stop()).rejects.toThrow(/status 137/);
    for (let i = 0; i < 100 && pids.some(running); i++) await Bun.sleep(20);
    expect(pids.filter(running)).toEqual([]);
  });

  testIf(python, "reconfigures the network only where it was told to", async () => {
    await using factory = await makeSocket("link_local");
    expect(factory.skip).toMatch(/only inside a namespace made for the test/);
  });

  test("there is a python3, or a reason", () => {
    expect(python === null || python.length > 10).toBe(true);
  });
});

/** True while a process runs; false for a zombie that its parent has not yet reaped. */
function running(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}
