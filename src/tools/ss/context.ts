/**
 * What the rows of ss mode are made with: names, owners, the filter.
 *
 * @module
 */
import { interfaceName } from "../../../ffi/socket.ts";
import { Connection, NETLINK_SOCK_DIAG } from "../../netlink/connection.ts";
import { SyscallError } from "../../../ffi/errno.ts";
import type { SsCells, SsContext, SsNames, SsOptions, SsSelection, SsSubject } from "./rows/row.ts";
import { COLUMN } from "./rows/row.ts";
import type { CgroupPaths } from "../../origin/cgroup_paths.ts";
import { ProcRoot } from "../../proc/root.ts";
import type { SsFiles } from "./files.ts";
import type { SsOwners } from "./owners.ts";
import type { HostNames } from "./host_names.ts";
import type { SsPlan } from "./plan.ts";
import { processName } from "./process_name.ts";

// Most runs need neither of these, so they are loaded when they are used.
const evaluateModule = () =>
  require("../../filter/evaluate.ts") as typeof import("../../filter/evaluate.ts");
const cgroupModule = () =>
  require("../../origin/cgroup_paths.ts") as typeof import("../../origin/cgroup_paths.ts");

/** What ss assumes when it cannot read the range. */
const DEFAULT_PORT_RANGE = { first: 1024, last: 4999 };

/** Names, looked up once each. */
class Names implements SsNames {
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

/** Parts of the context that are loaded only for runs that need them. */
export interface Loaded {
  /** `null` when processes are not shown. */
  readonly owners: SsOwners | null;
  /** `null` when hosts are shown by their addresses. */
  readonly hosts: HostNames | null;
}

/** The context of a run, with its netlink socket. */
export class SsRun implements SsContext {
  readonly options: SsOptions;
  readonly selection: SsSelection;
  readonly cells: SsCells;
  readonly names: SsNames;
  readonly files: SsFiles;
  readonly wants: (subject: SsSubject) => boolean;
  readonly hosts: HostNames | null;
  readonly #owners: SsOwners | null;
  #connection: Connection | null | undefined;

  constructor(plan: SsPlan, files: SsFiles, cells: SsCells, loaded: Loaded) {
    this.options = plan.options;
    this.selection = plan.selection;
    this.cells = cells;
    this.files = files;
    this.names = new Names(files, () => this.connection);
    this.wants = plan.filter === null
      ? () => true
      // The dialect of ss asks nothing beyond SsSubject.
      : evaluateModule().evaluator(plan.filter, "ss") as (subject: SsSubject) => boolean;
    this.#owners = loaded.owners;
    this.hosts = loaded.hosts;
  }

  /** The netlink socket of this run; `null` when none can be opened. */
  get connection(): Connection | null {
    if (this.#connection === undefined) {
      try {
        this.#connection = new Connection(NETLINK_SOCK_DIAG);
      } catch (error) {
        if (!(error instanceof SyscallError)) throw error;
        this.#connection = null;
      }
    }
    return this.#connection;
  }

  process(inode: number): void {
    this.cells.column(COLUMN.process);
    if (inode !== 0 && this.#owners !== null) this.#owners.write(this.cells, inode);
    this.cells.column(COLUMN.extras);
  }

  /** Closes the netlink socket. */
  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }
}
