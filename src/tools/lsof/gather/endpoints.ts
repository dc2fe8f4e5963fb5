/**
 * Endpoints (`-E`, `+E`): who holds the other end of a pipe, a local connection, a pseudo-terminal.
 *
 * @module
 */
import { type FileStatus, S_IFCHR, S_IFIFO, S_IFMT } from "../../../../ffi/stat.ts";
import type { Diagnostics } from "../../../diagnostics.ts";
import type { DescriptorInfo } from "../../../proc/fdinfo.ts";
import { TCP_ESTABLISHED } from "../../../model/state.ts";
import { addToName } from "../layout/row.ts";
import { descriptorText } from "../layout/table.ts";
import type { OpenFile, OpenProcess } from "./open_process.ts";
import type { LsofQuery } from "../query.ts";
import type { Selection } from "./selection.ts";
import { InternetSocket, type KnownSocket } from "./sockets.ts";
import { readUnixPeers, type UnixPeers } from "./unix_peers.ts";

/** Documentation/admin-guide/devices.txt: /dev/ptmx is 5,2; the slaves have the majors 136 to 143. */
const PTMX = { major: 5, minor: 2 };
const SLAVE_MAJORS = [136, 143] as const;

/** Someone who holds an end. */
interface Holder {
  readonly process: OpenProcess;
  readonly file: OpenFile;
}

/** How the ends of a file are found. */
type Link =
  | { readonly kind: "pipe" | "eventfd"; readonly id: number }
  | { readonly kind: "master" | "slave"; readonly id: number }
  | { readonly kind: "internet"; readonly socket: InternetSocket }
  | { readonly kind: "unix"; readonly id: number };

/** Files with ends, gathered in one walk. */
export class Endpoints {
  readonly #query: LsofQuery;
  readonly #links = new Map<OpenFile, Link>();
  readonly #shared = new Map<string, Holder[]>();
  readonly #connections = new Map<string, InternetSocket>();
  readonly #diagnostics: Diagnostics;
  #unix: UnixPeers | undefined;
  readonly #marked = new Set<OpenFile>();

  constructor(query: LsofQuery, diagnostics: Diagnostics) {
    this.#query = query;
    this.#diagnostics = diagnostics;
  }

  /** Takes a file that is not a socket. */
  addFile(
    process: OpenProcess,
    file: OpenFile,
    status: FileStatus,
    info: DescriptorInfo | null,
  ): void {
    const type = status.mode & S_IFMT;
    const { major, minor } = status.specialDevice;
    if (type === S_IFIFO) {
      this.#add(process, file, { kind: "pipe", id: status.inode });
    } else if (type === S_IFCHR && major === PTMX.major && minor === PTMX.minor) {
      if (info?.ttyIndex != null) this.#add(process, file, { kind: "master", id: info.ttyIndex });
    } else if (type === S_IFCHR && major >= SLAVE_MAJORS[0] && major <= SLAVE_MAJORS[1]) {
      this.#add(process, file, { kind: "slave", id: minor });
    } else if (info?.eventfdId != null && info.eventfdId >= 0) {
      this.#add(process, file, { kind: "eventfd", id: info.eventfdId });
    }
  }

  /** Takes a socket. */
  addSocket(
    process: OpenProcess,
    file: OpenFile,
    known: KnownSocket | null,
    inode: number,
  ): void {
    if (known instanceof InternetSocket) {
      if (known.state !== TCP_ESTABLISHED) return;
      this.#connections.set(known.key(false), known);
      this.#add(process, file, { kind: "internet", socket: known });
    } else if (known?.kind === "unix") {
      this.#add(process, file, { kind: "unix", id: inode });
    }
  }

  #add(process: OpenProcess, file: OpenFile, link: Link): void {
    this.#links.set(file, link);
    const key = keyOf(link);
    const holders = this.#shared.get(key) ?? [];
    this.#shared.set(key, holders);
    // Tasks of a process share its descriptors: one of them speaks for all.
    if (
      holders.some((known) =>
        known.process.pid === process.pid && known.file.row.descriptor === file.row.descriptor
      )
    ) return;
    if (link.kind === "internet" || link.kind === "unix") holders.unshift({ process, file });
    else holders.push({ process, file });
  }

  /** Names the ends of the selected files, and selects those ends too when that is asked for. */
  process(processes: readonly OpenProcess[], selection: Selection): void {
    for (const process of processes) {
      for (const file of process.files) {
        if (selection.file(file.met)) this.#describe(process, file, true);
      }
    }
    if (this.#query.endpoints !== "list") return;
    for (const process of processes) {
      for (const file of process.files) {
        if (!this.#marked.has(file) || selection.file(file.met)) continue;
        file.met = selection.asked;
        this.#describe(process, file, false);
      }
    }
  }

  #describe(process: OpenProcess, file: OpenFile, mark: boolean): void {
    const link = this.#links.get(file);
    if (link === undefined) return;
    switch (link.kind) {
      case "pipe":
      case "eventfd": {
        const others = (this.#shared.get(keyOf(link)) ?? []).filter((holder) =>
          holder.process.pid !== process.pid ||
          holder.file.row.descriptor !== file.row.descriptor
        );
        this.#name(file, others, mark);
        break;
      }
      case "master":
      case "slave": {
        const other = link.kind === "master" ? "slave" : "master";
        const holders = this.#shared.get(keyOf({ kind: other, id: link.id })) ?? [];
        if (link.kind === "master" && holders.length > 0) {
          addToName(file.row, `->/dev/pts/${link.id}`);
        }
        this.#name(file, holders, mark);
        break;
      }
      case "internet": {
        const peer = this.#connections.get(link.socket.key(true));
        if (peer !== undefined) {
          this.#name(file, this.#shared.get(keyOf({ kind: "internet", socket: peer })) ?? [], mark);
        }
        break;
      }
      case "unix":
        this.#describeUnix(file, link.id, mark);
        break;
    }
  }

  #describeUnix(file: OpenFile, inode: number, mark: boolean): void {
    this.#unix ??= readUnixPeers(this.#diagnostics);
    const { peers, waiting } = this.#unix;
    const others: number[] = [];
    const peer = peers.get(inode);
    if (peer !== undefined) others.push(peer);
    others.push(...(waiting.get(inode) ?? []));
    for (const [listener, clients] of waiting) if (clients.includes(inode)) others.push(listener);
    for (const other of others) {
      addToName(file.row, `->INO=${other}`);
      this.#name(file, this.#shared.get(keyOf({ kind: "unix", id: other })) ?? [], mark);
    }
  }

  #name(file: OpenFile, holders: readonly Holder[], mark: boolean): void {
    const { commandWidth } = this.#query.format;
    for (const { process, file: end } of holders) {
      const command = process.command.slice(0, commandWidth);
      addToName(
        file.row,
        `${process.pid},${command},${descriptorText(end.row)}${end.row.access}`,
      );
      if (mark) this.#marked.add(end);
    }
  }
}

function keyOf(link: Link): string {
  return link.kind === "internet" ? `internet ${link.socket.inode}` : `${link.kind} ${link.id}`;
}
