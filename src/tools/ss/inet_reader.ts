/**
 * The internet tables of ss mode: from netlink, from the request of before 2012, from /proc, in this order, as ss goes.
 *
 * @module
 */
import { ENOENT, EOPNOTSUPP, SyscallError } from "../../../ffi/errno.ts";
import { leaveUncompiled } from "../../../ffi/jit.ts";
import { AF_INET, AF_INET6 } from "../../../ffi/socket.ts";
import { HAS_SECOND_GEAR } from "../../core/worth.ts";
import type { InetMessage } from "../../families/inet/message.ts";
import { InetPrinter, type InetPrinterOptions, legacyRequest, ssRequest } from "./rows/inet/mod.ts";
import { tcpStates } from "../../families/inet/request.ts";
import * as uapi from "../../families/inet/uapi.ts";
import { TABLE } from "./selection.ts";
import { DecodeError } from "../../model/decode_error.ts";
import { type StateMask, stateMask, TCP_BOUND_INACTIVE } from "../../model/state.ts";
import { attemptDump } from "../../netlink/dump.ts";
import { NetlinkError } from "../../netlink/error.ts";
import { INTERRUPTED, type SsRun } from "./context.ts";
import type { SsPlan } from "./plan.ts";
import type { Writer } from "../../text/writer.ts";
import { PortNames } from "./names/ports.ts";
import { knowsBoundSockets } from "../../families/inet/bound_sockets.ts";
import { dumpTcp, type TcpSink } from "./tcp_dump.ts";

// What most runs do without is loaded when it is called for.
const bytecodeModule = () =>
  require("../../families/inet/bytecode.ts") as typeof import("../../families/inet/bytecode.ts");
const procModule = () =>
  require("../../families/inet/proc.ts") as typeof import("../../families/inet/proc.ts");
const recordedModule = () => require("./read_dump.ts") as typeof import("./read_dump.ts");

/** A table, and where to find it. */
interface Source {
  readonly table: number;
  readonly protocol: number;
  /** The protocol that services are looked up for from here on; `null` leaves it as it was. */
  readonly services: "tcp" | "udp" | "raw" | null;
  /** Variables of the files for IPv4 and IPv6; `null` where /proc has none. */
  readonly files: readonly [string, string] | null;
}

const RAW: Source = {
  table: TABLE.raw,
  protocol: uapi.IPPROTO_RAW,
  services: "raw",
  files: ["PROC_NET_RAW", "PROC_NET_RAW6"],
};
const UDP: Source = {
  table: TABLE.udp,
  protocol: uapi.IPPROTO_UDP,
  services: "udp",
  files: ["PROC_NET_UDP", "PROC_NET_UDP6"],
};
const TCP: Source = {
  table: TABLE.tcp,
  protocol: uapi.IPPROTO_TCP,
  services: "tcp",
  files: ["PROC_NET_TCP", "PROC_NET_TCP6"],
};
const DCCP: Source = {
  table: TABLE.dccp,
  protocol: uapi.IPPROTO_DCCP,
  services: null,
  files: null,
};
const SCTP: Source = {
  table: TABLE.sctp,
  protocol: uapi.IPPROTO_SCTP,
  services: null,
  files: null,
};
const MPTCP: Source = {
  table: TABLE.mptcp,
  protocol: uapi.IPPROTO_MPTCP,
  services: null,
  files: null,
};

/** Tables in the order of ss: these come before the families without ports, and the one below comes after them. */
export const INET_FIRST: readonly Source[] = [RAW, UDP, TCP, DCCP, SCTP];
export const INET_LAST: readonly Source[] = [MPTCP];

const BOUND = stateMask(TCP_BOUND_INACTIVE);

/** Reads internet tables and writes their rows. */
export class InetReader {
  readonly #run: SsRun;
  readonly #plan: SsPlan;
  readonly #bytecode: Uint8Array | null;
  readonly #names: PortNames;
  readonly #close: ((protocol: number) => (message: InetMessage) => boolean) | null;
  readonly #err: Writer;

  /** `close`: what `-K` does to each row. */
  constructor(
    run: SsRun,
    plan: SsPlan,
    close: ((protocol: number) => (message: InetMessage) => boolean) | null,
    err: Writer,
  ) {
    this.#err = err;
    this.#run = run;
    this.#plan = plan;
    this.#bytecode = plan.filter === null
      ? null
      : bytecodeModule().compile(plan.filter, "ss").program;
    this.#names = new PortNames(run);
    this.#close = close;
  }

  /** Writes the rows of a table, if it was chosen. */
  show(source: Source): void {
    const { selection } = this.#run;
    if ((selection.tables & source.table) === 0) return;
    if (!selection.family(AF_INET) && !selection.family(AF_INET6)) return;
    if (source.services !== null) this.#names.protocol = source.services;
    const { environment } = this.#plan;
    if (source === TCP && environment.TCPDIAG_FILE !== undefined) {
      // Sockets that come from a file cannot be closed.
      if (this.#close === null) this.#recorded(environment.TCPDIAG_FILE);
      return;
    }
    const variable = source.files?.[0] ?? "PROC_ROOT";
    if (!this.#run.files.redirected(variable) && this.#netlink(source)) return;
    // /proc has no cookies, so it does not name a socket for certain.
    if (source.files !== null && this.#close === null) this.#proc(source, source.files);
  }

  #printer(protocol: number, closing: boolean): InetPrinter {
    const choice: InetPrinterOptions = {
      protocol,
      names: this.#names,
      close: closing && this.#close !== null ? this.#close(protocol) : null,
      filtered: this.#plan.filter !== null,
    };
    return new InetPrinter(this.#run, choice);
  }

  /** Returns whether the kernel answered. */
  #netlink(source: Source): boolean {
    const { options, selection, files } = this.#run;
    const { protocol } = source;
    const bytecode = this.#bytecode;
    const printer = this.#printer(protocol, true);
    if (HAS_SECOND_GEAR && printer.isPlain && (!options.processes || this.#run.writesOwners)) {
      leaveUncompiled();
    }
    const sink: TcpSink = {
      message: (view, start, end) =>
        this.#run.decode(() => printer.row(view, start, end, "netlink")),
      messages: (view, start, end) => printer.rows(view, start, end),
    };
    const states = source === TCP ? tcpStates(selection.states) : selection.states;
    const compat = (states: StateMask, sink: TcpSink) => {
      const legacy = legacyRequest(protocol, states, options, bytecode);
      return legacy !== null && this.#dump(legacy, sink);
    };
    const one = (family: number, states: StateMask, sink: TcpSink) =>
      this.#dump(ssRequest(family, protocol, states, options, bytecode), sink);
    const { preferredFamily } = selection;
    let answered: boolean;
    if (preferredFamily === AF_INET || preferredFamily === AF_INET6) {
      answered = one(preferredFamily, states, sink);
    } else if (source === TCP && this.#close === null) {
      const filtered = bytecode !== null;
      const boundKnown = !filtered && (states & BOUND) !== 0 && knowsBoundSockets(files.root);
      answered = dumpTcp({ one, both: compat }, states, { filtered, boundKnown }, sink);
    } else answered = one(AF_INET, states, sink) && one(AF_INET6, states, sink);
    // The older request brings both families, so nothing is left to ask for, and each row is looked at.
    return answered || compat(states, { message: sink.message });
  }

  #dump(request: Uint8Array, sink: TcpSink): boolean {
    const { connection } = this.#run;
    if (connection === null) return false;
    try {
      const { interrupted } = attemptDump(connection, request, "ss", sink);
      if (interrupted) this.#run.missing(INTERRUPTED);
      return true;
    } catch (error) {
      if (error instanceof KillRefused) {
        this.#err.write(`ss: ${error.message}\n`);
        return true;
      }
      if (error instanceof DecodeError) {
        // The reply itself is broken, and part of it is shown already: no other source is asked.
        this.#run.decode(() => {
          throw error;
        });
        return true;
      }
      if (!(error instanceof NetlinkError || error instanceof SyscallError)) throw error;
      this.#run.failed(error);
      return false;
    }
  }

  #proc(source: Source, files: readonly [string, string]): void {
    const printer = this.#printer(source === RAW ? 0 : source.protocol, false);
    for (const [i, family] of [AF_INET, AF_INET6].entries()) {
      if (!this.#run.selection.family(family)) continue;
      const bytes = this.#run.readTable(files[i]!);
      if (typeof bytes === "number") {
        // A kernel without IPv6 has no second file; without the first there is nothing to show.
        if (family === AF_INET) return;
        continue;
      }
      this.#run.decode(() =>
        procModule().inetProcTable(files[i]!.slice("PROC_NET_".length).toLowerCase(), family).parse(
          bytes,
          (view, start, end) => {
            printer.row(view, start, end, "proc");
          },
        )
      );
    }
  }

  #recorded(path: string): void {
    const printer = this.#printer(uapi.IPPROTO_TCP, false);
    const fault = recordedModule().readDump(
      path,
      (view, start, end) => printer.recordedRow(view, start, end),
    );
    if (fault !== null) this.#err.write(`ss: TCPDIAG_FILE: ${fault}\n`);
  }
}

/** The kernel refused to close a socket, for a reason that will hold for the next ones too. */
export class KillRefused extends Error {
  override readonly name = "KillRefused";
}

/** True for an answer that means "not this socket", and not "something is wrong". */
export function isHarmless(error: unknown): boolean {
  return error instanceof NetlinkError && (error.errno === EOPNOTSUPP || error.errno === ENOENT);
}
