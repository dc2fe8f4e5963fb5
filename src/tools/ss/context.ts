/**
 * What the rows of ss mode are made with: names, owners, the filter.
 *
 * @module
 */
import { Connection, NETLINK_SOCK_DIAG } from "../../netlink/connection.ts";
import { DecodeError } from "../../model/decode_error.ts";
import { NetlinkError } from "../../netlink/error.ts";
import { EINVAL, ENOENT, EOPNOTSUPP, EPERM, SyscallError } from "../../../ffi/errno.ts";
import type { SsTable } from "./layout/table.ts";
import type { Diagnostics } from "../../diagnostics.ts";
import { Names, type SsNames } from "./names/mod.ts";
import type { SsOptions } from "./options.ts";
import type { SsSelection } from "./selection.ts";
import type { SsSubject } from "./rows/subject.ts";
import { COLUMN } from "./layout/columns.ts";
import type { SsFiles } from "./files.ts";
import type { SsOwners } from "./owners.ts";
import type { HostNames } from "./names/hosts.ts";
import type { SsPlan } from "./plan.ts";

// Most runs need neither of these, so they are loaded when they are used.
const evaluateModule = () =>
  require("../../filter/evaluate.ts") as typeof import("../../filter/evaluate.ts");

/** What to say of a dump that the kernel marks as disturbed. */
export const INTERRUPTED =
  "a table changed while it was read: sockets may be missing or shown twice";

const NO_SUCH_TABLE: readonly number[] = [ENOENT, EINVAL, EOPNOTSUPP, EPERM];

/** What a family's rows are made with. One for the whole run. */
export interface SsContext {
  readonly options: SsOptions;
  readonly selection: SsSelection;
  readonly cells: SsTable;
  readonly names: SsNames;
  /** True when the filter accepts the socket; always true without a filter. */
  wants(subject: SsSubject): boolean;
  /** Fills the process column with the owners of an inode (0 for none), and goes on to {@linkcode COLUMN.extras}. */
  process(inode: number): void;
  /** Names of hosts; `null` or absent when addresses are shown. */
  readonly hosts?: Pick<HostNames, "name"> | null;
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
  readonly cells: SsTable;
  readonly names: SsNames;
  readonly files: SsFiles;
  readonly wants: (subject: SsSubject) => boolean;
  readonly hosts: HostNames | null;
  readonly #owners: SsOwners | null;
  #connection: Connection | null | undefined;

  constructor(
    plan: SsPlan,
    files: SsFiles,
    cells: SsTable,
    loaded: Loaded,
    diagnostics: Diagnostics,
  ) {
    this.diagnostics = diagnostics;
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
    const failed = loaded.owners?.failed ?? null;
    if (failed !== null) this.missing(failed);
  }

  /** The netlink socket of this run; `null` when none can be opened. */
  get connection(): Connection | null {
    if (this.#connection === undefined) {
      try {
        this.#connection = new Connection(NETLINK_SOCK_DIAG);
      } catch (error) {
        if (!(error instanceof SyscallError)) throw error;
        this.failed(error);
        this.#connection = null;
      }
    }
    return this.#connection;
  }

  /** True if the core writes the process column too. */
  get writesOwners(): boolean {
    return this.#owners !== null && this.#owners.areInCore;
  }

  process(inode: number): void {
    this.cells.column(COLUMN.process);
    if (inode !== 0 && this.#owners !== null) this.#owners.write(this.cells, inode);
    this.cells.column(COLUMN.extras);
  }

  /** How many messages could not be decoded, and what was wrong with the first. */
  readonly faults: { count: number; first: DecodeError | null } = { count: 0, first: null };

  /** What could not be read, where that is no way of saying that there is nothing. */
  readonly diagnostics: Diagnostics;

  /** Notes a table that the kernel did not give, or not whole. */
  failed(error: SyscallError | NetlinkError): void {
    // The kernel lacks the table, does not know the request or does not let us: another source is asked, as ss does.
    if (error instanceof NetlinkError && NO_SUCH_TABLE.includes(error.errno)) return;
    this.missing(error.message);
  }

  /** Notes that something could not be read. */
  missing(reason: string): void {
    this.diagnostics.gap({ kind: "table", reason, detail: {} });
  }

  /** The bytes of a file of /proc, or the negated errno, which is noted unless there is no such file. */
  readTable(variable: string): Uint8Array<ArrayBuffer> | number {
    const bytes = this.files.read(variable);
    if (typeof bytes === "number" && bytes !== -ENOENT) {
      this.missing(this.files.failure(variable, -bytes));
    }
    return bytes;
  }

  /** Runs `decode` on one message, or a part of a table. One that cannot be decoded is counted; those after it are still shown. */
  decode(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.faults.count++;
      this.faults.first ??= error;
    }
  }

  /** Closes the netlink socket. */
  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }
}
