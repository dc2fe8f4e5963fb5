/**
 * The process column: ` users:(("nginx",pid=12,fd=3),…)`.
 *
 * @module
 */
import type { SsTable } from "./layout/table.ts";
import type { SsOptions } from "./options.ts";
import { Diagnostics } from "../../diagnostics.ts";
import { walkOwners } from "../../join/owners.ts";
import type { ProcRoot } from "../../proc/root.ts";
import type { DescriptorTable } from "../../proc/descriptors.ts";
import { DescriptorScanner, failedReads, type Scan } from "../../proc/scan.ts";
import { type Core, theCore } from "../../core/gears.ts";
import { CorePrefixes } from "../../store/core_prefixes.ts";
import { OwnerIndex } from "../../store/owner_index.ts";
import { printable, processName } from "./names/process.ts";
import { processContext, socketContext } from "./names/security.ts";

const encoder = new TextEncoder();
const FIRST = encoder.encode(" users:(");
const NEXT = encoder.encode(",");
const CLOSE = 0x29;

/** The owners of sockets. All processes are looked into once, when the object is made. */
export class SsOwners {
  readonly #root: ProcRoot;
  readonly #options: SsOptions;
  readonly #table: DescriptorTable;
  readonly #index: OwnerIndex;
  /** What could not be read, other than for want of permission; `null` where nothing. */
  readonly failed: string | null;
  /** `("name",pid=N,` by thread, or by process where that is all that is shown. */
  readonly #prefixes = new Map<number, Uint8Array>();
  readonly #core: CorePrefixes | null;

  /** Call it before there is a table: the index of very many descriptors is in the core's arena, which is made larger for it. */
  constructor(
    root: ProcRoot,
    options: SsOptions,
    { scan = options.threads ? everyThread(root) : everyProcess(root), core = theCore(), worth }: {
      readonly scan?: Scan;
      readonly core?: Core;
      readonly worth?: number;
    } = {},
  ) {
    this.#root = root;
    this.#options = options;
    this.failed = failedReads(scan);
    this.#table = scan.descriptors;
    // The context of a socket is asked for at each descriptor.
    this.#index = OwnerIndex.ofAll(this.#table, options.contexts ? null : core, worth);
    this.#core = this.#index.isInCore ? CorePrefixes.in(core) : null;
  }

  /** True if the core writes the owners of most sockets. */
  get areInCore(): boolean {
    return this.#core !== null;
  }

  /** Writes the owners of an inode; nothing where there are none. */
  write(cells: SsTable, inode: number): void {
    // Most sockets have one owner.
    const only = this.#index.only(inode);
    if (only >= 0) {
      if (!this.#counts(only)) return;
      this.#writeOne(cells, only, true);
      cells.byte(CLOSE);
      return;
    }
    const table = this.#table;
    let before = -1;
    for (const row of this.#index.rows(inode)) {
      // Each descriptor counts once.
      if (!this.#counts(row)) continue;
      if (
        before >= 0 && table.pid(row) === table.pid(before) &&
        table.tid(row) === table.tid(before) && table.fd(row) === table.fd(before)
      ) continue;
      this.#writeOne(cells, row, before < 0);
      before = row;
    }
    if (before >= 0) cells.byte(CLOSE);
  }

  // Without -T only the tables of processes count.
  #counts(row: number): boolean {
    return this.#options.threads || this.#table.tid(row) === 0;
  }

  // One owner; before the first stands what the whole column begins with.
  #writeOne(cells: SsTable, row: number, first: boolean): void {
    const pid = this.#table.pid(row);
    const fd = this.#table.fd(row);
    const prefix = this.#prefix(cells, pid, this.#table.tid(row));
    cells.bytes(first ? FIRST : NEXT);
    cells.bytes(prefix);
    cells.decimal(fd);
    if (this.#options.contexts) {
      cells.utf8(`,sock_ctx=${socketContext(this.#root, pid, fd)}`);
    }
    cells.byte(CLOSE);
  }

  #prefix(cells: SsTable, pid: number, tid: number): Uint8Array {
    const key = tid || pid;
    let prefix = this.#prefixes.get(key);
    if (prefix === undefined) {
      const name = processName(this.#root, tid === 0 ? `${pid}` : `${pid}/task/${tid}`);
      // Contexts take the place of threads.
      const thread = this.#options.context
        ? `proc_ctx=${processContext(this.#root, pid)},`
        : this.#options.threads
        ? `tid=${tid || pid},`
        : "";
      const head = encoder.encode('("');
      const shown = printable(name ?? new Uint8Array());
      const tail = encoder.encode(`",pid=${pid},${thread}fd=`);
      prefix = new Uint8Array(head.length + shown.length + tail.length);
      prefix.set(head);
      prefix.set(shown, head.length);
      prefix.set(tail, head.length + shown.length);
      this.#prefixes.set(key, prefix);
      this.#core?.put(key, cells.harmless(prefix));
    }
    return prefix;
  }
}

// How the owners were found is not said: ss has no place for it.
function everyProcess(root: ProcRoot): Scan {
  return walkOwners(root, "auto", new Diagnostics()).scan;
}

function everyThread(root: ProcRoot): Scan {
  const scanner = new DescriptorScanner(root);
  const scan = scanner.scanProcesses();
  scanner.scanThreads(scan.pids);
  return scan;
}
