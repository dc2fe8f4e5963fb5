/**
 * Endpoints (`-E`, `+E`): which processes have the other end of a pipe, a local connection or a pseudo-terminal.
 *
 * @module
 */
import { type FileStatus, S_IFCHR, S_IFIFO, S_IFMT } from "../../../../ffi/stat.ts";
import type { Diagnostics } from "../../../diagnostics.ts";
import type { DescriptorInfo } from "../../../proc/fdinfo.ts";
import { TCP_ESTABLISHED } from "../../../model/state.ts";
import { addToName, type InternetEnd } from "../rows/row.ts";
import { descriptorText } from "../layout/table.ts";
import type { OpenFile, OpenProcess } from "./open_process.ts";
import type { LsofQuery } from "../query.ts";
import type { Selection } from "./selection.ts";
import { InternetSocket } from "./internet_sockets.ts";
import type { KnownSocket } from "./sockets.ts";
import { readUnixPeers, type UnixPeers } from "./unix_peers.ts";

/** /dev/ptmx is 5,2; the slaves have the majors 136 to 143. Source: Documentation/admin-guide/devices.txt. */
const PTMX = { major: 5, minor: 2 };
const SLAVE_MAJORS = [136, 143] as const;

/** An open file of a process, as one end of something. */
interface End {
  readonly process: OpenProcess;
  readonly file: OpenFile;
}

/** What connects a file with its other ends. */
type Link =
  | { readonly kind: "pipe" | "eventfd"; readonly id: number }
  | { readonly kind: "master" | "slave"; readonly id: number }
  | { readonly kind: "internet"; readonly socket: InternetSocket }
  | { readonly kind: "unix"; readonly id: number };

/** The files that have other ends, gathered in one walk. */
export class Endpoints {
  readonly #query: LsofQuery;
  readonly #links = new Map<OpenFile, Link>();
  /** By {@linkcode keyOf}. */
  readonly #ends = new Map<string, End[]>();
  /** Established connections, by {@linkcode InternetSocket.key}: namespaces may have the same addresses and ports. */
  readonly #connections = new Map<string, InternetSocket[]>();
  readonly #diagnostics: Diagnostics;
  #unix: UnixPeers | undefined;
  /** Files that are the other end of a selected one. */
  readonly #named = new Set<OpenFile>();

  constructor(query: LsofQuery, diagnostics: Diagnostics) {
    this.#query = query;
    this.#diagnostics = diagnostics;
  }

  /** Adds a file that is not a socket. */
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

  /** Adds a socket. */
  addSocket(
    process: OpenProcess,
    file: OpenFile,
    known: KnownSocket | null,
    inode: number,
  ): void {
    if (known instanceof InternetSocket) {
      if (known.state !== TCP_ESTABLISHED) return;
      const key = known.key(false);
      const same = this.#connections.get(key);
      if (same === undefined) this.#connections.set(key, [known]);
      else if (!same.some(({ inode }) => inode === known.inode)) same.push(known);
      this.#add(process, file, { kind: "internet", socket: known });
    } else if (known?.kind === "unix") {
      this.#add(process, file, { kind: "unix", id: inode });
    }
  }

  #add(process: OpenProcess, file: OpenFile, link: Link): void {
    this.#links.set(file, link);
    const key = keyOf(link);
    const ends = this.#ends.get(key) ?? [];
    this.#ends.set(key, ends);
    // The tasks of a process share its descriptors, so each descriptor is added once.
    if (ends.some((end) => isSame(end, process, file))) return;
    if (link.kind === "internet" || link.kind === "unix") ends.unshift({ process, file });
    else ends.push({ process, file });
  }

  /** Adds to the names of the selected files who has their other ends. With `+E` those ends are selected too. */
  name(processes: readonly OpenProcess[], selection: Selection): void {
    for (const process of processes) {
      for (const file of process.files) {
        if (selection.lists(file.matched)) this.#nameEnds(process, file, true);
      }
    }
    if (this.#query.endpoints !== "list") return;
    for (const process of processes) {
      for (const file of process.files) {
        if (!this.#named.has(file) || selection.lists(file.matched)) continue;
        file.matched = selection.asked;
        this.#nameEnds(process, file, false);
      }
    }
  }

  /** `remember`: the ends that are named are wanted for `+E`. */
  #nameEnds(process: OpenProcess, file: OpenFile, remember: boolean): void {
    const link = this.#links.get(file);
    if (link === undefined) return;
    switch (link.kind) {
      case "pipe":
      case "eventfd": {
        const others = this.#endsOf(link).filter((end) => !isSame(end, process, file));
        this.#addEnds(file, others, remember);
        break;
      }
      case "master":
      case "slave": {
        const other = link.kind === "master" ? "slave" : "master";
        const ends = this.#endsOf({ kind: other, id: link.id });
        if (link.kind === "master" && ends.length > 0) {
          addToName(file.row, `->/dev/pts/${link.id}`);
        }
        this.#addEnds(file, ends, remember);
        break;
      }
      case "internet": {
        const peer = this.#peerOf(link.socket);
        if (peer !== undefined) {
          this.#addEnds(file, this.#endsOf({ kind: "internet", socket: peer }), remember);
        }
        break;
      }
      case "unix":
        this.#nameUnixEnds(file, link.id, remember);
        break;
    }
  }

  /** The other end of a connection: in the same namespace, or in another one where that is beyond doubt. */
  #peerOf(socket: InternetSocket): InternetSocket | undefined {
    const peers = this.#connections.get(socket.key(true)) ?? [];
    const near = peers.find(({ table }) => table === socket.table);
    if (near !== undefined || peers.length !== 1 || isLoopback(socket.local)) return near;
    return peers[0];
  }

  #nameUnixEnds(file: OpenFile, inode: number, remember: boolean): void {
    this.#unix ??= readUnixPeers(this.#diagnostics);
    const { peers, waiting } = this.#unix;
    const others: number[] = [];
    const peer = peers.get(inode);
    if (peer !== undefined) others.push(peer);
    others.push(...(waiting.get(inode) ?? []));
    for (const [listener, clients] of waiting) if (clients.includes(inode)) others.push(listener);
    for (const other of others) {
      addToName(file.row, `->INO=${other}`);
      this.#addEnds(file, this.#endsOf({ kind: "unix", id: other }), remember);
    }
  }

  #endsOf(link: Link): readonly End[] {
    return this.#ends.get(keyOf(link)) ?? [];
  }

  #addEnds(file: OpenFile, ends: readonly End[], remember: boolean): void {
    const { commandWidth } = this.#query.format;
    for (const { process, file: end } of ends) {
      const command = process.command.slice(0, commandWidth);
      addToName(
        file.row,
        `${process.pid},${command},${descriptorText(end.row)}${end.row.access}`,
      );
      if (remember) this.#named.add(end);
    }
  }
}

/** True when an end is this descriptor of this process. */
function isSame(end: End, process: OpenProcess, file: OpenFile): boolean {
  return end.process.pid === process.pid && end.file.row.descriptor === file.row.descriptor;
}

/** Connections over the loopback device stay in their namespace. */
function isLoopback(end: InternetEnd | null): boolean {
  return end?.address != null && (end.address.startsWith("127.") || end.address === "::1");
}

/** The same text for all ends of one thing. */
function keyOf(link: Link): string {
  return link.kind === "internet" ? `internet ${link.socket.inode}` : `${link.kind} ${link.id}`;
}
