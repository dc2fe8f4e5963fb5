/**
 * Gathers the processes and files that a selection lists.
 *
 * @module
 */
import { EACCES, ENOENT, EPERM } from "../../../../ffi/errno.ts";
import type { Diagnostics } from "../../../diagnostics.ts";
import type { Descriptor, OpenFileReader } from "../../../proc/open_files.ts";
import type { ProcRoot } from "../../../proc/root.ts";
import { addToName, emptyRow, type ProcessRow } from "../rows/row.ts";
import type { GatherContext } from "./context.ts";
import { coreFilter } from "./core_filter.ts";
import { Endpoints } from "./endpoints.ts";
import { FileSelector } from "./file_selector.ts";
import { gatherInternet } from "./internet.ts";
import { type NamedFiles, sentence } from "./named_files.ts";
import { Identities, type Identity, type OpenProcess } from "./open_process.ts";
import { ProcessFiles } from "./process_files.ts";
import { ProcessSockets } from "./process_sockets.ts";
import { BY_ADDRESS, BY_INTERNET, BY_PROCESS, type Selection } from "./selection.ts";
import { SocketTables } from "./sockets.ts";

/** One walk over /proc. */
export class Gatherer {
  readonly #selection: Selection;
  readonly #diagnostics: Diagnostics;
  readonly #context: GatherContext;
  readonly #identities: Identities;
  readonly #tables: SocketTables;
  readonly #files: ProcessFiles;
  readonly #sockets: ProcessSockets;
  readonly #processes: OpenProcess[] = [];

  constructor(
    root: ProcRoot,
    selection: Selection,
    named: NamedFiles,
    reader: OpenFileReader,
    diagnostics: Diagnostics,
  ) {
    const { query, internetOnly } = selection;
    this.#selection = selection;
    this.#diagnostics = diagnostics;
    this.#identities = new Identities(root, reader);
    const endpoints = query.endpoints === "none" ? null : new Endpoints(query, diagnostics);
    this.#context = { root, reader, selector: new FileSelector(selection), named, endpoints };
    const onlyInternetTables = internetOnly && endpoints === null;
    const filter = coreFilter(selection);
    this.#tables = new SocketTables(root, diagnostics, query, onlyInternetTables, filter);
    this.#files = new ProcessFiles(this.#context);
    this.#sockets = new ProcessSockets(this.#context, this.#tables);
  }

  /** Walks, and returns what is to be shown: processes ascending, files in the order of the kernel. */
  gather(): ProcessRow[] {
    const { root, reader, endpoints } = this.#context;
    const { internetOnly, query } = this.#selection;
    if (internetOnly && endpoints === null && !query.allNamespaces) {
      return gatherInternet(
        root,
        this.#tables,
        this.#identities,
        this.#selection,
        this.#diagnostics,
      );
    }
    for (const pid of reader.numbers("")) this.#gatherProcess(pid);
    const processes = this.#processes.toSorted((a, b) => a.pid - b.pid || a.tid - b.tid);
    endpoints?.name(processes, this.#selection);
    const rows: ProcessRow[] = [];
    for (const process of processes) {
      const files = process.files.filter(({ matched }) => this.#selection.lists(matched));
      if (files.length > 0) rows.push({ ...toRow(process), files: files.map(({ row }) => row) });
    }
    return rows;
  }

  #gatherProcess(pid: number): void {
    const identity = this.#identities.of(pid);
    if (identity === null) return;
    const { query, tasks } = this.#selection;
    let anyTask = false;
    if (tasks && query.tasks !== "ignore") {
      for (const tid of this.#context.reader.numbers(`${pid}/task`)) {
        const task = tid === pid ? null : this.#identities.task(identity, tid);
        if (task === null) continue;
        if (this.#gatherFiles(`${pid}/task/${tid}`, task.identity, task.command)) anyTask = true;
      }
    }
    let prefix = String(pid);
    if (identity.state === "Z") {
      // When the first thread has ended, the others still have all the files of the process.
      const survivor = this.#survivor(pid);
      if (survivor === null || anyTask) return;
      prefix = `${pid}/task/${survivor}`;
    }
    // With -a and -K a process whose tasks are listed counts as one of them.
    const asTask = query.and && anyTask && tasks;
    this.#gatherFiles(prefix, asTask ? { ...identity, tid: pid } : identity, null);
  }

  /** A thread that lives on after the first one; `null` when there is none. */
  #survivor(pid: number): number | null {
    for (const tid of this.#context.reader.numbers(`${pid}/task`)) {
      if (tid !== pid && this.#identities.stat(`${pid}/task/${tid}`)?.state !== "Z") return tid;
    }
    return null;
  }

  /** Gathers the files below `/proc/PREFIX`. Returns false when the process or task is excluded. */
  #gatherFiles(prefix: string, identity: Identity, taskCommand: string | null): boolean {
    const { reader, selector, endpoints } = this.#context;
    const match = this.#selection.process(identity);
    if (match.excluded && endpoints === null) return false;
    const scope = this.#selection.nonSockets;
    // With endpoints, lsof decides once for all processes.
    const withFiles = scope === "all" ||
      scope === "process" && endpoints === null && (match.matched & BY_PROCESS) !== 0;
    const process: OpenProcess = {
      ...identity,
      tid: taskCommand === null ? 0 : identity.tid,
      taskCommand,
      match,
      files: [],
    };
    this.#processes.push(process);
    if (withFiles) this.#files.addLinks(prefix, process);
    const error = reader.descriptors(
      prefix,
      (descriptor) => this.#gatherDescriptor(prefix, process, descriptor, withFiles),
    );
    // lsof lists this row whatever else was asked for.
    if (error < 0 && error !== -ENOENT && this.#selection.query.warnings) {
      const row = emptyRow("NOFD");
      addToName(row, `/proc/${prefix}/fd (opendir: ${sentence(-error)})`);
      selector.addAlways(process, row, selector.matched(process, "NOFD"));
    }
    return true;
  }

  #gatherDescriptor(
    prefix: string,
    process: OpenProcess,
    descriptor: Descriptor,
    withFiles: boolean,
  ): void {
    const { selector } = this.#context;
    const { target, number } = descriptor;
    const matched = selector.matched(process, number);
    const cannotMatch = selector.cannotMatch(matched);
    // lsof applies -d last. An internet socket and its state count as found even when -d keeps the socket out of the list,
    // so that socket is looked at all the same.
    const { asked, query } = this.#selection;
    const countsAsFound = (asked & (BY_INTERNET | BY_ADDRESS)) !== 0 || query.states.length > 0;
    if (cannotMatch && !countsAsFound) return;
    if (typeof target === "number") {
      if (cannotMatch || !withFiles || !query.warnings) return;
      if (target !== -EACCES && target !== -EPERM) return;
      const row = emptyRow(number);
      row.type = "unknown";
      row.name = `/proc/${prefix}/fd/${number}`;
      addToName(row, `(readlink: ${sentence(-target)})`);
      selector.add(process, row, matched);
      return;
    }
    const socket = /^socket:\[(\d+)\]$/.exec(target);
    if (socket !== null) {
      this.#sockets.add(prefix, process, matched, Number(socket[1]), descriptor);
    } else if (withFiles && !cannotMatch) {
      this.#files.addDescriptor(process, matched, target, descriptor);
    }
  }
}

function toRow(process: OpenProcess): Omit<ProcessRow, "files"> {
  const { pid, tid, ppid, pgid, uid, command, taskCommand } = process;
  return { pid, tid, ppid, pgid, uid, command, taskCommand };
}
