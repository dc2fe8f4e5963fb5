/**
 * Gathers the processes and files that a selection lists.
 *
 * @module
 */
import { EACCES, ENOENT, EPERM } from "../../../../ffi/errno.ts";
import type { Diagnostics } from "../../../diagnostics.ts";
import type { Descriptor, OpenFileReader } from "../../../proc/open_files.ts";
import type { ProcRoot } from "../../../proc/root.ts";
import { addToName, emptyRow, type ProcessRow } from "../layout/row.ts";
import { Endpoints } from "./endpoints.ts";
import { gatherInternet } from "./internet.ts";
import { HeldSockets } from "./held_sockets.ts";
import { Keeper } from "./file_selector.ts";
import { type NamedFiles, sentence } from "./named_files.ts";
import { Identities, type Identity, type OpenProcess } from "./open_process.ts";
import { PlainFiles } from "./regular_files.ts";
import { BY_ADDRESS, BY_INTERNET, BY_PROCESS, type Selection } from "./selection.ts";
import { SocketTables } from "./sockets.ts";

/** One walk over /proc. */
export class Gatherer {
  readonly #root: ProcRoot;
  readonly #selection: Selection;
  readonly #diagnostics: Diagnostics;
  readonly #reader: OpenFileReader;
  readonly #identities: Identities;
  readonly #endpoints: Endpoints | null;
  readonly #tables: SocketTables;
  readonly #keeper: Keeper;
  readonly #files: PlainFiles;
  readonly #sockets: HeldSockets;
  readonly #processes: OpenProcess[] = [];

  constructor(
    root: ProcRoot,
    selection: Selection,
    named: NamedFiles,
    reader: OpenFileReader,
    diagnostics: Diagnostics,
  ) {
    const { query, internetOnly } = selection;
    this.#root = root;
    this.#selection = selection;
    this.#diagnostics = diagnostics;
    this.#reader = reader;
    this.#identities = new Identities(root, reader);
    this.#endpoints = query.endpoints === "none" ? null : new Endpoints(query, diagnostics);
    const nothingElse = internetOnly && this.#endpoints === null;
    this.#tables = new SocketTables(root, diagnostics, query, nothingElse);
    this.#keeper = new Keeper(selection);
    this.#files = new PlainFiles(root, reader, this.#keeper, named, this.#endpoints);
    this.#sockets = new HeldSockets(
      root,
      reader,
      this.#keeper,
      named,
      this.#endpoints,
      this.#tables,
    );
  }

  /** Walks, and returns what is to be shown: processes ascending, files in the order of the kernel. */
  gather(): ProcessRow[] {
    const { internetOnly, query } = this.#selection;
    if (internetOnly && this.#endpoints === null && !query.allNamespaces) {
      return gatherInternet(
        this.#root,
        this.#tables.internet,
        this.#identities,
        this.#selection,
        this.#diagnostics,
      );
    }
    for (const pid of this.#reader.numbers("")) this.#gatherProcess(pid);
    const processes = this.#processes.toSorted((a, b) => a.pid - b.pid || a.tid - b.tid);
    this.#endpoints?.process(processes, this.#selection);
    const rows: ProcessRow[] = [];
    for (const process of processes) {
      const files = process.files.filter(({ met }) => this.#selection.file(met));
      if (files.length > 0) rows.push({ ...toRow(process), files: files.map(({ row }) => row) });
    }
    return rows;
  }

  #gatherProcess(pid: number): void {
    const identity = this.#identities.of(pid);
    if (identity === null) return;
    const { query, tasks } = this.#selection;
    let tasksSeen = false;
    if (tasks && query.tasks !== "ignore") {
      for (const tid of this.#reader.numbers(`${pid}/task`)) {
        const task = tid === pid ? null : this.#identities.task(identity, tid);
        if (task === null) continue;
        if (this.#gatherFiles(`${pid}/task/${tid}`, task.identity, task.command)) tasksSeen = true;
      }
    }
    let prefix = String(pid);
    if (identity.state === "Z") {
      // Other threads may live on after the leader, with all the files of the process.
      const survivor = this.#survivor(pid);
      if (survivor === null || tasksSeen) return;
      prefix = `${pid}/task/${survivor}`;
    }
    // Under -a with -K a process whose tasks are listed counts as one of them.
    const asTask = query.and && tasksSeen && tasks;
    this.#gatherFiles(prefix, asTask ? { ...identity, tid: pid } : identity, null);
  }

  #survivor(pid: number): number | null {
    for (const tid of this.#reader.numbers(`${pid}/task`)) {
      if (tid !== pid && this.#identities.stat(`${pid}/task/${tid}`)?.state !== "Z") return tid;
    }
    return null;
  }

  #gatherFiles(prefix: string, identity: Identity, taskCommand: string | null): boolean {
    const match = this.#selection.process(identity);
    if (match.excluded && this.#endpoints === null) return false;
    const looked = this.#selection.filesLookedAt;
    // With endpoints lsof decides once for all processes.
    const files = looked === "all" ||
      looked === "process" && this.#endpoints === null && (match.met & BY_PROCESS) !== 0;
    const process: OpenProcess = {
      ...identity,
      tid: taskCommand === null ? 0 : identity.tid,
      taskCommand,
      match,
      files: [],
    };
    this.#processes.push(process);
    if (files) this.#files.addLinks(prefix, process);
    const error = this.#reader.descriptors(
      prefix,
      (descriptor) => this.#gatherDescriptor(prefix, process, descriptor, files),
    );
    // lsof lists this one whatever else is asked of files.
    if (error < 0 && error !== -ENOENT && this.#selection.query.warnings) {
      const row = emptyRow("NOFD");
      addToName(row, `/proc/${prefix}/fd (opendir: ${sentence(-error)})`);
      this.#keeper.keepAlways(process, row, this.#keeper.start(process, "NOFD"));
    }
    return true;
  }

  #gatherDescriptor(
    prefix: string,
    process: OpenProcess,
    descriptor: Descriptor,
    files: boolean,
  ): void {
    const { target, number } = descriptor;
    const start = this.#keeper.start(process, number);
    // lsof asks for the descriptor last: an internet socket and its state count as found also where `-d` keeps it from
    // being listed.
    const { asked, query } = this.#selection;
    const hopeless = this.#keeper.hopeless(start);
    if (hopeless && (asked & (BY_INTERNET | BY_ADDRESS)) === 0 && query.states.length === 0) return;
    if (typeof target === "number") {
      if (hopeless || !files || !query.warnings) return;
      if (target !== -EACCES && target !== -EPERM) return;
      const row = emptyRow(number);
      row.type = "unknown";
      row.name = `/proc/${prefix}/fd/${number}`;
      addToName(row, `(readlink: ${sentence(-target)})`);
      this.#keeper.keep(process, row, start);
      return;
    }
    const socket = /^socket:\[(\d+)\]$/.exec(target);
    if (socket !== null) {
      this.#sockets.add(prefix, process, start, Number(socket[1]), descriptor);
    } else if (files && !hopeless) {
      this.#files.addDescriptor(process, start, target, descriptor);
    }
  }
}

function toRow(process: OpenProcess): Omit<ProcessRow, "files"> {
  const { pid, tid, ppid, pgid, uid, command, taskCommand } = process;
  return { pid, tid, ppid, pgid, uid, command, taskCommand };
}
