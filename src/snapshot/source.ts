/**
 * Source: reads one table, from netlink where the kernel answers and from /proc where it does not.
 *
 * @module
 */
import { EINVAL, ENOENT, EPERM, errnoName, errnoText, SyscallError } from "../../ffi/errno.ts";
import { interfaceName } from "../../ffi/socket.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type { DecodeContext, DiagRequest, RowFilter, SourceKind } from "../families/family.ts";
import { DecodeError } from "../model/decode_error.ts";
import type { Netns } from "../model/socket.ts";
import { Connection, NETLINK_SOCK_DIAG, type NetlinkSocket } from "../netlink/connection.ts";
import { dump } from "../netlink/dump.ts";
import { NetlinkError } from "../netlink/error.ts";
import { parseProtocols } from "../proc/protocols.ts";
import type { ProcRoot } from "../proc/root.ts";

/** Receives the messages of one table. */
export interface SourceSink {
  /** One message of the request's family; the range is valid during the call only. */
  message(view: DataView, start: number, end: number, source: SourceKind): void;
  /** What came so far for this request is void: the table is read anew. */
  restart(): void;
}

/** What became of a table: `absent` is a protocol that this kernel does not have. */
export type SourceOutcome = "read" | "absent" | "failed";

/** A netlink socket, and what else is asked of it: a recording has no descriptor, but knows names. */
export interface DiagSocket extends NetlinkSocket {
  readonly fd?: number;
  /** Name of an interface in the socket's namespace; `null` when there is none. Absent: the descriptor is asked. */
  interfaceName?(index: number): string | null;
}

/** Opens the netlink socket; a test or a recording gives its own. Throws SyscallError. */
export type OpenDiagSocket = () => DiagSocket;

const openKernel: OpenDiagSocket = () => new Connection(NETLINK_SOCK_DIAG);

const REFUSED_PROGRAM = "the kernel refuses the filter program";

/** The tables of one network namespace. */
export class Source {
  readonly #root: ProcRoot;
  readonly #diagnostics: Diagnostics;
  readonly #open: OpenDiagSocket;
  #transport: ReturnType<OpenDiagSocket> | null | undefined;
  readonly #interfaces = new Map<number, string>();

  constructor(root: ProcRoot, diagnostics: Diagnostics, open: OpenDiagSocket = openKernel) {
    this.#root = root;
    this.#diagnostics = diagnostics;
    this.#open = open;
  }

  /** Reads a whole table. Problems go to the diagnostics: a note where another source served, a gap where none did. */
  read(request: Omit<DiagRequest, "decode">, sink: SourceSink): SourceOutcome {
    const refusal = this.#readNetlink(request, sink);
    return refusal === null ? "read" : this.#readProc(request, sink, refusal);
  }

  // Returns why netlink did not answer; `null` when it did.
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
        // An operation that is newer than the kernel.
        if (filtered && (error.errno === EPERM || error.errno === EINVAL)) {
          this.#diagnostics.note(
            `${request.label}: filtered here, not by the kernel: ${error.message}`,
          );
          return REFUSED_PROGRAM;
        }
        return error.errno === ENOENT ? "the kernel has no diag module for it" : error.message;
      }
      if (error instanceof DecodeError || error instanceof SyscallError) return error.message;
      throw error;
    }
  }

  // Of all programs the kernel refuses only those that look at marks, and keeps the marks of rows to itself as well.
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
      this.#gap(label, refusal);
      return "failed";
    }
    sink.restart();
    const bytes = this.#root.readNet(table.file);
    if (typeof bytes === "number") {
      // Without the file the kernel has no such protocol, so nothing is missing.
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
      this.#diagnostics.note(`${label}: ${refusal}; read from /proc/net/${table.file}`);
      return "read";
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#gap(label, `${refusal}; ${error.message}`);
      return "failed";
    }
  }

  // True when /proc/net/protocols says that no such socket exists. One that it does not count may exist.
  #hasNone(name: string): boolean {
    const bytes = this.#root.readNet("protocols");
    if (typeof bytes === "number") return false;
    const protocol = parseProtocols(bytes).get(name);
    return protocol === undefined || protocol.counted && protocol.sockets === 0;
  }

  #gap(label: string, why: string): void {
    this.#diagnostics.gap({
      kind: "table",
      reason: `${label} could not be read: ${why}`,
      detail: { table: label },
    });
  }

  #connect(): ReturnType<OpenDiagSocket> | null {
    if (this.#transport === undefined) {
      try {
        this.#transport = this.#open();
      } catch (error) {
        if (!(error instanceof SyscallError)) throw error;
        this.#diagnostics.note(`netlink: ${error.message}`);
        this.#transport = null;
      }
    }
    return this.#transport;
  }

  /** Name of an interface, `ifN` where it has none any more; `null` for index 0. */
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

  /** A context for decoding what this source gave. */
  context(source: SourceKind, netns: Netns | null, filter?: RowFilter): DecodeContext {
    const portId = () => this.#transport?.portId ?? null;
    return {
      source,
      netns,
      ...(filter === undefined ? {} : { filter }),
      // Known only once the socket is open.
      get ownPortId() {
        return portId();
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
