/**
 * A web server as the screen gets it: sockets, processes and what they belong to. It is made up, so that it is the same everywhere.
 *
 * @module
 */
import type { Forward } from "../../src/model/forward.ts";
import type { Owner, Process } from "../../src/model/owner.ts";
import type { Scope, Socket } from "../../src/model/socket.ts";
import type { ScreenFacts } from "../../src/views/screen/mod.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** What a test says of a process. */
interface ProcessFacts {
  readonly ppid?: number;
  readonly user?: string;
  readonly deleted?: boolean;
  readonly service?: string;
}

/** Processes of a scene, by ID. */
export class Scene implements ScreenFacts {
  /** Where ports lead, by the inode of the socket. */
  readonly forwards = new Map<number, readonly Forward[]>();
  readonly #processes = new Map<number, Process>();
  readonly #services = new Map<number, string>();

  /** Adds a process, as an owner. */
  owner(
    pid: number,
    comm: string,
    { ppid = 1, user = "root", deleted = false, service }: ProcessFacts = {},
  ): Owner {
    const process: Process = {
      pid,
      ppid,
      comm: bytes(comm),
      exe: bytes(`/usr/sbin/${comm}`),
      exeDeleted: deleted,
      cmdline: null,
      uid: user === "root" ? 0 : 33,
      user,
      startTimeMs: null,
      startTicks: null,
      unit: null,
      container: null,
      unitManager: null,
      containerManager: null,
    };
    this.#processes.set(pid, process);
    if (service !== undefined) this.#services.set(pid, service);
    return { pid, fds: [3], tid: null, process };
  }

  /** A master, and the workers that it forked. */
  workers(
    pid: number,
    comm: string,
    count: number,
    facts: ProcessFacts & { readonly of?: string } = {},
  ) {
    const worker = { ...facts, ppid: pid, user: facts.of ?? facts.user ?? "root" };
    return [
      this.owner(pid, comm, facts),
      ...Array.from({ length: count }, (_, i) => this.owner(pid + 1 + i, comm, worker)),
    ];
  }

  readonly process = (pid: number): Process =>
    this.#processes.get(pid) ??
      { ...this.owner(pid, "").process, pid, comm: null, ppid: null };

  serviceOf({ pid }: Process): string | null {
    return this.#services.get(pid) ?? null;
  }

  containerOf(): string | null {
    return null;
  }

  forwardsOf({ inode }: Socket): readonly Forward[] {
    return inode === null ? [] : this.forwards.get(inode) ?? [];
  }

  serviceOfGroup(id: bigint): string | null {
    return id === 7n ? "mariadb" : null;
  }

  userName(uid: number): string | null {
    return uid === 0 ? "root" : uid === 106 ? "mysql" : null;
  }
}

let inode = 1000;

/** A socket that listens, or for UDP waits. */
export function server(
  transport: "tcp" | "udp",
  address: string,
  port: number,
  scope: Scope,
  owners: readonly Owner[],
  more: Partial<Socket> = {},
): Socket {
  inode++;
  const tcp = transport === "tcp";
  return {
    netns: { inode: 1, name: null },
    family: address.includes(":") ? "inet6" : "inet",
    transport,
    type: tcp ? "stream" : "dgram",
    protocol: null,
    state: tcp ? "listen" : "close",
    local: { address, port, interface: null },
    peer: null,
    peerInode: null,
    v6only: address.includes(":") ? true : null,
    uid: 0,
    inode,
    cookie: inode,
    recvQueue: tcp ? null : 0,
    sendQueue: tcp ? null : 0,
    acceptQueue: tcp ? { length: 0, limit: 511 } : null,
    timer: null,
    ownership: owners.length > 0 ? "owned" : "hidden",
    owners,
    peerOwners: null,
    reach: { scope, reasons: [] },
    ...more,
  };
}

/** The web server. */
export function webServer(): { readonly facts: Scene; readonly sockets: readonly Socket[] } {
  const facts = new Scene();
  const sshd = [facts.owner(612, "sshd", { service: "ssh" })];
  const nginx = facts.workers(900, "nginx", 4, { of: "www-data", service: "nginx" });
  const php = facts.workers(1200, "php-fpm8.2", 150, { of: "www-data", service: "php8.2-fpm" });
  const postgres = [
    facts.owner(800, "postgres", { user: "postgres", service: "postgresql@15-main" }),
  ];
  const dnsmasq = [facts.owner(700, "dnsmasq", { user: "dnsmasq" })];
  const java = [
    facts.owner(3000, "java", { user: "elastic" }),
    facts.owner(3100, "sleep", { ppid: 3000, user: "elastic" }),
  ];
  const old = [facts.owner(4000, "oldapp", { deleted: true })];
  const node = [facts.owner(5000, "node", { user: "app", service: "shop/web" })];
  const redis = [facts.owner(5100, "redis-server", { user: "redis", service: "redis-server" })];
  const proxy = [facts.owner(5200, "docker-proxy", { service: "docker" })];
  return {
    facts,
    sockets: [
      server("tcp", "0.0.0.0", 22, "public", sshd),
      server("tcp", "::", 22, "public", sshd),
      server("tcp", "127.0.0.1", 53, "loopback", dnsmasq),
      server("tcp", "10.0.0.5", 53, "private", dnsmasq),
      server("tcp", "0.0.0.0", 80, "public", nginx),
      server("tcp", "::", 80, "public", nginx),
      ...[0, 1, 2, 3].map(() => server("tcp", "0.0.0.0", 443, "public", nginx)),
      ...[0, 1, 2, 3].map(() => server("tcp", "::", 443, "public", nginx)),
      server("tcp", "::", 3000, "public", node, { v6only: false }),
      server("tcp", "::", 3306, "public", [], { v6only: false, uid: 106, cgroupId: 7n }),
      server("tcp", "0.0.0.0", 4444, "public", old),
      server("tcp", "127.0.0.1", 5432, "loopback", postgres),
      server("tcp", "::1", 5432, "loopback", postgres),
      server("tcp", "0.0.0.0", 6379, "public", redis, { acceptQueue: { length: 512, limit: 511 } }),
      server("tcp", "0.0.0.0", 8081, "public", proxy),
      server("tcp", "127.0.0.1", 9000, "loopback", php),
      server("tcp", "0.0.0.0", 9200, "public", java),
      server("udp", "127.0.0.1", 53, "loopback", dnsmasq),
      server("udp", "10.0.0.5", 53, "private", dnsmasq),
      server("udp", "0.0.0.0", 51820, "public", [], { ownership: "kernel" }),
    ],
  };
}
