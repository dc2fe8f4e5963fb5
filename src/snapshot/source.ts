/**
 * Source: reads the tables of sockets, from netlink if the kernel answers and otherwise from /proc.
 *
 * @module
 */
import {
  EINVAL,
  ENODATA,
  ENOENT,
  EPERM,
  errnoName,
  errnoText,
  SyscallError,
} from "../../ffi/errno.ts";
import { failed } from "../../ffi/failed_calls.ts";
import { interfaceName } from "../../ffi/socket.ts";
import type { Core } from "../core/gears.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type {
  DecodeContext,
  DiagRequest,
  RowFilter,
  SharedDump,
  SourceKind,
} from "../families/family.ts";
import { DecodeError } from "../model/decode_error.ts";
import type { Netns } from "../model/socket.ts";
import { Connection, NETLINK_SOCK_DIAG, type NetlinkSocket } from "../netlink/connection.ts";
import { dump, type DumpSink } from "../netlink/dump.ts";
import { NetlinkError } from "../netlink/error.ts";
import { readSysctl } from "../proc/sysctl.ts";
import { hasNoSocketsOf } from "../proc/protocols.ts";
import type { ProcRoot } from "../proc/root.ts";

/** Receives the messages of one table. */
interface SourceSink {
  /** One message of the request's family. The bytes are valid only during the call. */
  message(view: DataView, start: number, end: number, source: SourceKind): void;
  /** A run of messages of a dump that names no identity: see DumpSink of netlink/dump.ts. */
  messages?(view: DataView, start: number, end: number): number;
  /** Discards all messages of this request so far: the table is read again. */
  restart(): void;
}

/** The outcome of reading a table. `absent`: this kernel does not have the protocol. */
type SourceOutcome = "read" | "absent" | "failed";

/** A netlink socket that can also name interfaces. A recording does so without a descriptor. */
export interface DiagSocket extends NetlinkSocket {
  readonly fd?: number;
  /** Name of an interface in the socket's namespace; `null` if there is none. Absent: the kernel is asked instead. */
  interfaceName?(index: number): string | null;
}

/** Opens the netlink socket. Tests and recordings replace it. Throws SyscallError. */
type OpenDiagSocket = () => DiagSocket;

const openKernel: OpenDiagSocket = () => new Connection(NETLINK_SOCK_DIAG);

/** Why /proc was read if that is how this kernel is made. */
export const NO_DIAG_MODULE = "the kernel has no diag module for it";

const REFUSED_PROGRAM = "the kernel refuses the filter program";

/** Reads the tables of one network namespace. */
export class Source {
  readonly #root: ProcRoot;
  readonly #diagnostics: Diagnostics;
  readonly #open: OpenDiagSocket;
  #transport: ReturnType<OpenDiagSocket> | null | undefined;
  #release: string | null = null;
  readonly #interfaces = new Map<number, string>();
  /** Labels of the tables that were read from /proc, and why. */
  readonly fromProc = new Map<string, string>();

  constructor(root: ProcRoot, diagnostics: Diagnostics, open: OpenDiagSocket = openKernel) {
    this.#root = root;
    this.#diagnostics = diagnostics;
    this.#open = open;
  }

  /** Reads a whole table. Diagnostics get a note if the other source had to be used, and a gap if both failed. */
  read(request: Omit<DiagRequest, "decode">, sink: SourceSink): SourceOutcome {
    const { identity } = request;
    if (identity === undefined) {
      const refusal = this.#readNetlink(request, sink);
      return refusal === null ? "read" : this.#readProc(request, sink, refusal);
    }
    const told = new Set<string>();
    const refusal = this.#readNetlink(request, {
      message(view, start, end, source) {
        told.add(identity(view, start));
        sink.message(view, start, end, source);
      },
      restart() {
        told.clear();
        sink.restart();
      },
    });
    if (refusal !== null) return this.#readProc(request, sink, refusal);
    this.#addFromProc(request, sink, identity, told);
    return "read";
  }

  /**
   * Reads the tables of several requests by one dump. Returns false if that did not work, for whatever reason: each is to be read
   * by itself then, which records what is missing.
   */
  readShared({ message }: SharedDump, sink: DumpSink): boolean {
    const transport = this.#connect();
    if (transport === null) return false;
    try {
      return !dump(transport, message, "one dump of several tables", sink).interrupted;
    } catch (error) {
      if (
        error instanceof NetlinkError || error instanceof DecodeError ||
        error instanceof SyscallError
      ) return false;
      throw error;
    }
  }

  /** Adds what only the table in /proc tells. Without the table the dump stands alone, and may have lost something. */
  #addFromProc(
    { label, table }: Omit<DiagRequest, "decode">,
    sink: SourceSink,
    identity: (view: DataView, start: number) => string,
    told: Set<string>,
  ): void {
    if (table === null) return;
    const bytes = this.#root.readNet(table.file);
    // A recording that was made before there was this step does not have the file.
    if (bytes === -ENODATA) return;
    let why = "";
    let added = 0;
    if (typeof bytes === "number") why = `${errnoText(-bytes)} (${errnoName(-bytes)})`;
    else {
      try {
        table.parse(bytes, (view, start, end) => {
          const name = identity(view, start);
          if (told.has(name)) return;
          told.add(name);
          sink.message(view, start, end, "proc");
          added++;
        });
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        why = error.message;
      }
    }
    if (why !== "") {
      this.#gap(
        label,
        `the kernel's dump may leave sockets out, and /proc/net/${table.file} cannot be compared: ${why}`,
      );
    }
    if (added > 0) {
      this.#diagnostics.note(
        `${label}: ${added} added from /proc/net/${table.file}, which the kernel's dump left out`,
      );
    }
  }

  // Returns why netlink did not answer; `null` if it did.
  #readNetlink(request: Omit<DiagRequest, "decode">, sink: SourceSink): string | null {
    const { message, unfiltered } = request;
    if (message === null) return "sock_diag has no handler for it";
    if (!unfiltered) return this.#dump(request, message, sink, false);
    const refusal = this.#dump(request, message, sink, true);
    if (refusal !== REFUSED_PROGRAM) return refusal;
    sink.restart();
    return this.#dump(request, unfiltered, sink, false);
  }

  #dump(
    request: Omit<DiagRequest, "decode">,
    message: Uint8Array,
    sink: SourceSink,
    filtered: boolean,
  ): string | null {
    const transport = this.#connect();
    if (transport === null) return "sock_diag is not available";
    try {
      const outcome = dump(transport, message, request.label, {
        message: (view, start, end) => sink.message(view, start, end, "netlink"),
        ...(sink.messages === undefined ? {} : { messages: sink.messages }),
        restart: () => sink.restart(),
      });
      if (outcome.interrupted) {
        this.#diagnostics.gap({
          kind: "interrupted",
          reason: `${request.label}: the table changed during every attempt to read it`,
          detail: { table: request.label },
        });
      }
      return null;
    } catch (error) {
      if (error instanceof NetlinkError) {
        if (filtered && error.errno === EPERM) this.#reportMarks();
        // The program is not permitted, or uses an operation that is newer than the kernel.
        if (filtered && (error.errno === EPERM || error.errno === EINVAL)) {
          this.#diagnostics.note(
            `${request.label}: filtered here, not by the kernel: ${error.message}`,
          );
          return REFUSED_PROGRAM;
        }
        // Where memory ran out, /proc may answer, but it tells less.
        failed(`dump of ${request.label}`, -error.errno);
        return error.errno === ENOENT ? NO_DIAG_MODULE : error.message;
      }
      if (error instanceof SyscallError) failed(error.call, -error.errno);
      if (error instanceof DecodeError || error instanceof SyscallError) return error.message;
      throw error;
    }
  }

  // EPERM is only for programs that test firewall marks. The kernel does not show marks to this user at all.
  #reportMarks(): void {
    if (this.#diagnostics.gaps.some(({ kind }) => kind === "marks")) return;
    this.#diagnostics.gap({
      kind: "marks",
      reason: "firewall marks are shown to CAP_NET_ADMIN only: no socket matches one; run as root",
      detail: {},
    });
  }

  #readProc(
    request: Omit<DiagRequest, "decode">,
    sink: SourceSink,
    refusal: string,
  ): SourceOutcome {
    const { label, table } = request;
    if (table === null) {
      if (request.protocol !== undefined && this.#hasNone(request.protocol)) {
        this.#diagnostics.note(`${label}: ${refusal}, and there are no such sockets`);
        return "absent";
      }
      const registered = refusal === NO_DIAG_MODULE ? request.protocol : undefined;
      this.#gap(label, refusal, registered);
      return "failed";
    }
    sink.restart();
    const bytes = this.#root.readNet(table.file);
    if (typeof bytes === "number") {
      // If the file does not exist, the kernel does not have the protocol, so nothing is missing.
      if (bytes === -ENOENT) {
        this.#diagnostics.note(`${label}: this kernel has none`);
        return "absent";
      }
      this.#gap(
        label,
        `${refusal}; /proc/net/${table.file}: ${errnoText(-bytes)} (${errnoName(-bytes)})`,
      );
      return "failed";
    }
    try {
      const emit = (view: DataView, start: number, end: number) =>
        sink.message(view, start, end, "proc");
      table.parse(bytes, emit);
      if (table.next !== undefined) {
        const more = this.#root.readNet(table.next.file);
        if (typeof more !== "number") table.next.parse(more, emit);
        else {
          this.#gap(label, `${refusal}; /proc/net/${table.next.file}: ${errnoText(-more)}`);
          return "failed";
        }
      }
      this.fromProc.set(label, refusal);
      this.#diagnostics.note(`${label}: ${refusal}; read from /proc/net/${table.file}`);
      return "read";
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#gap(label, `${refusal}; ${error.message}`);
      return "failed";
    }
  }

  #hasNone(name: string): boolean {
    return hasNoSocketsOf(this.#root.readNet("protocols"), name);
  }

  #gap(label: string, why: string, protocol?: string): void {
    this.#diagnostics.gap({
      kind: "table",
      reason: `${label} could not be read: ${why}`,
      detail: { table: label },
      ...(protocol === undefined ? {} : { protocol }),
    });
  }

  #connect(): ReturnType<OpenDiagSocket> | null {
    if (this.#transport === undefined) {
      try {
        this.#transport = this.#open();
      } catch (error) {
        if (!(error instanceof SyscallError)) throw error;
        failed(error.call, -error.errno);
        this.#diagnostics.note(`netlink: ${error.message}`);
        this.#transport = null;
      }
    }
    return this.#transport;
  }

  /** Name of an interface, or `ifN` if it no longer exists; `null` for index 0. */
  interfaceName(index: number): string | null {
    if (index === 0) return null;
    let name = this.#interfaces.get(index);
    if (name === undefined) {
      name = this.#askName(index) ?? `if${index}`;
      this.#interfaces.set(index, name);
    }
    return name;
  }

  #askName(index: number): string | null {
    const transport = this.#transport;
    if (!transport) return null;
    if (transport.interfaceName !== undefined) return transport.interfaceName(index);
    return transport.fd === undefined ? null : interfaceName(transport.fd, index);
  }

  /** The context for decoding what this source read. */
  context(
    source: SourceKind,
    netns: Netns | null,
    filter?: RowFilter,
    core?: () => Core,
  ): DecodeContext {
    const portId = () => this.#transport?.portId ?? null;
    const release = () => this.#release ??= readSysctl(this.#root, "kernel/osrelease");
    return {
      source,
      netns,
      ...(filter === undefined ? {} : { filter }),
      ...(core === undefined ? {} : { core }),
      // The port ID is known only once the socket is open.
      get ownPortId() {
        return portId();
      },
      // Asked for only when everything is to be decoded.
      get kernel() {
        return release();
      },
      interfaceName: (index) => this.interfaceName(index),
    };
  }

  /** Closes the netlink socket. */
  close(): void {
    this.#transport?.close();
    this.#transport = undefined;
  }
}
