/**
 * HostResolver: looks up the names in a filter in the files of this host and in the kernel.
 *
 * @module
 */
import { close } from "../../ffi/files.ts";
import { AF_UNIX, interfaceIndex, SOCK_DGRAM, socket } from "../../ffi/socket.ts";
import { SyscallError } from "../../ffi/errno.ts";
import { ethertypeOf } from "../families/ethertypes.ts";
import { ssNetlinkProtocolOf } from "../families/netlink_protocols.ts";
import type { FilterResolver } from "../filter/resolver.ts";
import type { FileIdentity } from "../model/socket.ts";
import { AF_INET, AF_INET6, AF_UNSPEC } from "../model/address_family.ts";
import { CgroupPaths } from "../origin/cgroup_paths.ts";
import { Hosts } from "../etc/hosts.ts";
import { ProcRoot } from "../proc/root.ts";
import { Services } from "../etc/services.ts";

/** Looks up names as ss does, but asks no name server. */
export function hostResolver(): FilterResolver {
  const services = new Services();
  const hosts = new Hosts();
  const groups = new CgroupPaths(new ProcRoot());
  return {
    port(service, tables) {
      const ports = new Set<number>();
      for (const table of tables) {
        const port = services.port(service, table);
        if (port !== null) ports.add(port);
      }
      return ports.size > 1 ? "ambiguous" : ports.values().next().value;
    },
    addresses(host, family) {
      const found = hosts.addresses(host);
      const of = (length: number) => found.filter((bytes) => bytes.length === length);
      if (family === AF_INET) return of(4);
      if (family === AF_INET6) return of(16);
      return family === AF_UNSPEC ? [...of(4), ...of(16)] : [];
    },
    interfaceIndex: indexOf,
    cgroupId: (path) => groups.id(path) ?? undefined,
    linkProtocol: ethertypeOf,
    netlinkProtocol: ssNetlinkProtocolOf,
    socketFile: socketFileAt,
  };
}

// Loaded when a filter names a path: few do.
function socketFileAt(path: string): FileIdentity | undefined {
  const { SocketFiles } = require(
    "../reach/socket_file.ts",
  ) as typeof import("../reach/socket_file.ts");
  return new SocketFiles(new ProcRoot()).identity(path) ?? undefined;
}

// The kernel is asked through a socket. Any socket of the namespace will do.
function indexOf(name: string): number | undefined {
  let fd: number;
  try {
    fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  } catch (error) {
    if (error instanceof SyscallError) return undefined;
    throw error;
  }
  try {
    return interfaceIndex(fd, name) ?? undefined;
  } finally {
    close(fd);
  }
}
