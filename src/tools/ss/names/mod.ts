/**
 * Names that rows of ss show for numbers.
 *
 * @module
 */
import { interfaceName } from "../../../../ffi/socket.ts";
import type { Connection } from "../../../netlink/connection.ts";
import type { CgroupPaths } from "../../../origin/cgroup_paths.ts";
import { ProcRoot } from "../../../proc/root.ts";
import type { SsFiles } from "../files.ts";
import { processName } from "./process.ts";

// Most runs show no cgroup.
const cgroupModule = () =>
  require("../../../origin/cgroup_paths.ts") as typeof import("../../../origin/cgroup_paths.ts");

/** What ss assumes when it cannot read the range. */
const DEFAULT_PORT_RANGE = { first: 1024, last: 4999 };

/** Names for numbers, looked up once each. */
export interface SsNames {
  /** Name of an interface, `ifN` where it has none; index 0 is not asked for. */
  interface(index: number): string;
  /** Name of a process, from its stat file, cut as ss cuts it; `null` where there is none. */
  processName(pid: number): Uint8Array | null;
  /** Path of a cgroup by its id, `unreachable:HEX` where it cannot be found. */
  cgroup(id: bigint): string;
  readonly localPortRange: { readonly first: number; readonly last: number };
}

/** The names of this host. */
export class Names implements SsNames {
  readonly #files: SsFiles;
  readonly #connection: () => Connection | null;
  readonly #interfaces = new Map<number, string>();
  readonly #processes = new Map<number, Uint8Array | null>();
  readonly #groups = new Map<bigint, string>();
  #paths: CgroupPaths | undefined;
  #range: { readonly first: number; readonly last: number } | undefined;

  constructor(files: SsFiles, connection: () => Connection | null) {
    this.#files = files;
    this.#connection = connection;
  }

  interface(index: number): string {
    let name = this.#interfaces.get(index);
    if (name === undefined) {
      const connection = this.#connection();
      name = (connection && interfaceName(connection.fd, index)) ?? `if${index}`;
      this.#interfaces.set(index, name);
    }
    return name;
  }

  processName(pid: number): Uint8Array | null {
    let name = this.#processes.get(pid);
    if (name === undefined) {
      name = processName(this.#files.root, String(pid));
      this.#processes.set(pid, name);
    }
    return name;
  }

  cgroup(id: bigint): string {
    let path = this.#groups.get(id);
    if (path === undefined) {
      // Control groups are always those of this machine, even when the tables are recorded ones.
      this.#paths ??= new (cgroupModule().CgroupPaths)(new ProcRoot());
      path = this.#paths.path(id) ?? `unreachable:${id.toString(16)}`;
      this.#groups.set(id, path);
    }
    return path;
  }

  get localPortRange(): { readonly first: number; readonly last: number } {
    if (this.#range === undefined) {
      const match = /^\s*(\d+)\s+(\d+)/.exec(this.#files.text("PROC_IP_LOCAL_PORT_RANGE") ?? "");
      this.#range = match === null
        ? DEFAULT_PORT_RANGE
        : { first: Number(match[1]), last: Number(match[2]) };
    }
    return this.#range;
  }
}
