/**
 * FilterNames: what names in a filter stand for on this machine, from files. No server is asked.
 *
 * @module
 */
import { AT_FDCWD } from "../../ffi/files.ts";
import { cString } from "../../ffi/memory.ts";
import { S_IFDIR, S_IFMT, tryStatAt } from "../../ffi/stat.ts";
import type { FilterResolver } from "../filter/resolver.ts";
import { AF_INET, AF_UNSPEC } from "../filter/subject.ts";
import { Hosts } from "../proc/hosts.ts";
import { ProcRoot } from "../proc/root.ts";
import { Services } from "../proc/services.ts";

/** EtherTypes that people write by name: include/uapi/linux/if_ether.h. */
const LINK_PROTOCOLS: Readonly<Record<string, number>> = {
  all: 0x0003,
  ip: 0x0800,
  ipv4: 0x0800,
  arp: 0x0806,
  vlan: 0x8100,
  ipv6: 0x86dd,
  pppoe: 0x8864,
  eapol: 0x888e,
  lldp: 0x88cc,
};

/** NETLINK_*: include/uapi/linux/netlink.h. `rtnl` and `tcpdiag` are what ss calls the first and the second. */
const NETLINK_PROTOCOLS: Readonly<Record<string, number>> = {
  route: 0,
  rtnl: 0,
  sock_diag: 4,
  tcpdiag: 4,
  nflog: 5,
  xfrm: 6,
  selinux: 7,
  iscsi: 8,
  audit: 9,
  fib_lookup: 10,
  connector: 11,
  netfilter: 12,
  kobject_uevent: 15,
  uevent: 15,
  generic: 16,
  genl: 16,
  crypto: 21,
};

/** Looks names up when they are asked for, and not before. */
export class FilterNames implements FilterResolver {
  readonly #root: ProcRoot;
  readonly #services: Services;
  readonly #hosts: Hosts;

  constructor(root = new ProcRoot(), services = new Services(), hosts = new Hosts()) {
    this.#root = root;
    this.#services = services;
    this.#hosts = hosts;
  }

  port(service: string, tables: readonly string[]): number | "ambiguous" | undefined {
    const ports = new Set<number>();
    for (const table of tables) {
      const port = this.#services.port(service, table);
      if (port !== null) ports.add(port);
    }
    return ports.size > 1 ? "ambiguous" : [...ports][0];
  }

  addresses(host: string, family: number): readonly Uint8Array[] {
    const wanted = family === AF_UNSPEC ? null : family === AF_INET ? 4 : 16;
    return this.#hosts.addresses(host)
      .filter((address) => wanted === null || address.length === wanted)
      .toSorted((a, b) => a.length - b.length);
  }

  // Rows carry the names of their interfaces: the sockeye dialect never asks for a number.
  interfaceIndex(): undefined {
    return undefined;
  }

  cgroupId(path: string): bigint | undefined {
    const mount = this.#cgroupMount();
    if (mount === null || path.includes("\0")) return undefined;
    const inside = path === mount || path.startsWith(`${mount}/`);
    const status = tryStatAt(AT_FDCWD, cString(inside ? path : `${mount}/${path}`));
    // In cgroup2 the number of a directory is the identifier of the group.
    if (typeof status === "number" || (status.mode & S_IFMT) !== S_IFDIR) return undefined;
    return BigInt(status.inode);
  }

  #cgroupMount(): string | null {
    for (const line of (this.#root.text("thread-self/mountinfo") ?? "").split("\n")) {
      // 30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw
      const dash = line.indexOf(" - ");
      if (dash >= 0 && line.startsWith("cgroup2 ", dash + 3)) return line.split(" ")[4] ?? null;
    }
    return null;
  }

  linkProtocol(name: string): number | undefined {
    return LINK_PROTOCOLS[name.toLowerCase()];
  }

  netlinkProtocol(name: string): number | undefined {
    return NETLINK_PROTOCOLS[name.toLowerCase()];
  }
}
