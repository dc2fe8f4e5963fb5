/**
 * netstat: sockets in the words of net-tools 2.10.
 *
 * Sources are sock_diag where its bytes say what the tables of /proc say, and /proc elsewhere: the timers of TCP, the user
 * of a half-open connection, raw sockets, unix sockets, SCTP.
 *
 * @module
 */
import { EACCES, ENOENT, errnoText } from "../../../ffi/errno.ts";
import { compileEagerly } from "../../../ffi/jit.ts";
import { effectiveUserId } from "../../../ffi/process.ts";
import { AF_INET, AF_INET6 } from "../../../ffi/socket.ts";
import { Source } from "../../snapshot/source.ts";
import { Diagnostics } from "../../diagnostics.ts";
import { InetMessage } from "../../families/inet/message.ts";
import { inetProcTable } from "../../families/inet/proc.ts";
import { dumpRequest } from "../../families/inet/request.ts";
import { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE } from "../../families/inet/uapi.ts";
import {
  ALL_STATES,
  stateMask,
  TCP_BOUND_INACTIVE,
  TCP_LISTEN,
  TCP_NEW_SYN_RECV,
} from "../../model/state.ts";
import { parseUnixTable } from "../../proc/net_unix.ts";
import { parseSctpAssociations, parseSctpEndpoints } from "../../proc/sctp.ts";
import type { RowContext, RowFormat, TimerFacts } from "./rows/internet.ts";
import { internetHeading, type NetstatLayout, unixHeading } from "./layout.ts";
import { writeSctpAssociation, writeSctpEndpoint } from "./rows/sctp.ts";
import { tcpRows } from "./rows/tcp.ts";
import { rawRows, udpRows } from "./rows/udp.ts";
import { wantsUnix, writeUnix } from "./rows/unix.ts";
import { RowBuffer } from "../../text/row_buffer.ts";
import type { Writer } from "../../text/writer.ts";
import { KeptMessages } from "./kept_messages.ts";
import { NamesForRun, type NumericChoice } from "./names.ts";
import { NetstatOwners } from "./owners.ts";
import type { NetstatEnvironment, NetstatProtocol } from "./environment.ts";
import { latin1Text } from "../../text/encoding.ts";

/** What was asked. */
export interface NetstatRequest {
  readonly layout: NetstatLayout;
  readonly numeric: NumericChoice;
  /** Tables that were asked for, by name or with their family. */
  readonly protocols: ReadonlySet<NetstatProtocol>;
  readonly ipv4: boolean;
  readonly ipv6: boolean;
  /** Families asked for that Linux no longer has, or that net-tools was built without. */
  readonly absent: readonly string[];
  /** False when nothing was named: then every table is shown, and it is no error to lack one. */
  readonly named: boolean;
  /** True when the internet tables come from a family and none was named: it is no error to lack one either. */
  readonly protocolsImplied: boolean;
  readonly verbose: boolean;
  readonly continuous: boolean;
  readonly allOwners: boolean;
}

/** Families that only old kernels have, in the order they are told of. */
export const OLD_FAMILIES = ["IPX", "AX25", "X25", "NETROM", "ROSE"] as const;

/** Rows of a table are held back until it ends, because it may have to be read anew. From so many bytes on they go then. */
const FLUSH_AT = 1024 * 1024;

/** Exit status when a table is there and cannot be read: -1. */
const STATUS_UNREADABLE = 255;

interface InternetTable {
  readonly protocol: "tcp" | "udp" | "udplite" | "raw";
  readonly label: string;
  /** `null`: sock_diag is not asked. */
  readonly ipProtocol: number | null;
  readonly rows: RowFormat;
}

const TABLES: readonly InternetTable[] = [
  { protocol: "tcp", label: "tcp", ipProtocol: IPPROTO_TCP, rows: tcpRows },
  { protocol: "udp", label: "udp", ipProtocol: IPPROTO_UDP, rows: udpRows },
  { protocol: "udplite", label: "udpl", ipProtocol: IPPROTO_UDPLITE, rows: udpRows },
  // raw_diag tells a port that was given to connect(2), /proc does not.
  { protocol: "raw", label: "raw", ipProtocol: null, rows: rawRows },
];

/** States that a dump is asked for: not what is merely bound, which /proc does not list. */
const LISTED = ALL_STATES & ~stateMask(TCP_BOUND_INACTIVE, TCP_NEW_SYN_RECV);

/** Lists the sockets; again every second when that was asked. Returns the exit status. Throws what the writers throw. */
export async function netstat(
  request: NetstatRequest,
  environment: NetstatEnvironment,
  out: Writer,
  err: Writer,
): Promise<number> {
  // What runs on is worth compiling at once.
  if (request.continuous) compileEagerly();
  for (;;) {
    const status = new Pass(request, environment, out, err).run();
    out.flush();
    if (!request.continuous || status !== 0) return status;
    await Bun.sleep(1000);
  }
}

/** One listing. */
class Pass {
  readonly #request: NetstatRequest;
  readonly #environment: NetstatEnvironment;
  readonly #out: Writer;
  readonly #err: Writer;
  readonly #diagnostics = new Diagnostics();
  readonly #source: Source;
  readonly #names: NamesForRun;
  readonly #row = new RowBuffer();
  readonly #context: RowContext;
  /** What writes the rows of a table, once the names of their hosts are known. */
  readonly #waiting: (() => void)[] = [];
  #owners: NetstatOwners | null = null;

  constructor(request: NetstatRequest, environment: NetstatEnvironment, out: Writer, err: Writer) {
    this.#request = request;
    this.#environment = environment;
    this.#out = out;
    this.#err = err;
    this.#names = new NamesForRun(request.numeric);
    this.#context = {
      row: this.#row,
      layout: request.layout,
      names: this.#names.forRows((inode) => this.#owners?.label(inode) ?? "-"),
    };
    this.#source = new Source(environment.root, this.#diagnostics);
  }

  run(): number {
    const { protocols, named } = this.#request;
    try {
      if (this.#request.layout.programs) this.#readOwners();
      let status = 0;
      if (!named || [...protocols].some((protocol) => protocol !== "unix")) {
        this.#row.text(internetHeading(this.#request.layout));
        status = this.#internet();
        this.#nameHosts();
      }
      if (status === 0 && this.#wants("unix")) status = this.#unix();
      this.#row.flush(this.#out);
      return status === 0 ? this.#oldFamilies() : status;
    } finally {
      this.#source.close();
      for (const gap of this.#diagnostics.gaps) this.#err.write(`netstat: ${gap.reason}\n`);
      this.#err.flush();
    }
  }

  #wants(protocol: NetstatProtocol): boolean {
    return !this.#request.named || this.#request.protocols.has(protocol);
  }

  #readOwners(): void {
    this.#owners = new NetstatOwners(
      this.#environment.root,
      this.#request.allOwners,
      this.#diagnostics,
    );
    const warning = this.#owners.warning(effectiveUserId());
    if (warning !== null) {
      this.#err.write(warning);
      this.#err.flush();
    }
  }

  #internet(): number {
    const ipv4 = !this.#request.named || this.#request.ipv4;
    const ipv6 = !this.#request.named || this.#request.ipv6;
    let status = 0;
    for (const table of TABLES) {
      if (this.#wants(table.protocol)) {
        if (ipv4) status = this.#internetTable(table, AF_INET);
        if (ipv6) {
          const second = this.#internetTable(table, AF_INET6);
          if (second === STATUS_UNREADABLE) status = second;
        }
      }
      if (status === 0 && table.protocol === "tcp" && this.#wants("sctp") && ipv4) {
        status = this.#sctp();
      }
      if (status !== 0) break;
    }
    return status;
  }

  /** Makes the rows that waited for the names of their hosts. */
  #nameHosts(): void {
    this.#names.lookUp(this.#environment.lookup);
    for (const write of this.#waiting) write();
    this.#waiting.length = 0;
  }

  #internetTable(table: InternetTable, family: number): number {
    const { layout } = this.#request;
    const six = family === AF_INET6;
    const procTable = inetProcTable(six ? `${table.protocol}6` : table.protocol, family);
    const message = new InetMessage();
    const mark = this.#row.length;
    const kept = this.#request.numeric.hosts ? null : new KeptMessages();
    const label = six ? `${table.label}6` : table.label;
    const outcome = this.#source.read({
      label: procTable.file,
      message: this.#dumpRequest(table, family),
      table: procTable,
    }, {
      message: (view, start, end, source) => {
        message.at(view, start, end);
        if (!table.rows.wants(message, layout)) return;
        const facts = source === "proc" ? procTable : NO_TIMER;
        if (kept === null) {
          table.rows.write(message, label, facts, this.#context);
        } else {
          this.#names.note(message.source);
          this.#names.note(message.destination);
          kept.push(message, facts);
        }
      },
      restart: () => {
        this.#row.length = mark;
        kept?.clear();
      },
    });
    if (kept !== null) {
      this.#waiting.push(() =>
        kept.forEach((message, facts) => table.rows.write(message, label, facts, this.#context))
      );
    } else if (this.#row.length >= FLUSH_AT) {
      this.#row.flush(this.#out);
    }
    if (outcome === "absent") {
      return six ? 0 : this.#lacks(`AF INET (${table.protocol})`);
    }
    return outcome === "failed" ? STATUS_UNREADABLE : 0;
  }

  // null: read from /proc.
  #dumpRequest(table: InternetTable, family: number): Uint8Array | null {
    const { layout } = this.#request;
    if (table.ipProtocol === null || !this.#environment.root.isLive) return null;
    let states = LISTED;
    if (table.protocol === "tcp") {
      const serversOnly = layout.listening && !layout.all;
      // Listeners have no timer and a user of their own; for the others sock_diag merges retransmits and probes, and does
      // not know the user of a half-open connection.
      if (!serversOnly && (layout.timers || layout.extended)) return null;
      if (serversOnly) states = stateMask(TCP_LISTEN);
      else if (!layout.all) states &= ~stateMask(TCP_LISTEN);
    }
    return dumpRequest({ family, protocol: table.ipProtocol, states });
  }

  #sctp(): number {
    const { layout } = this.#request;
    for (const file of ["sctp/eps", "sctp/assocs"] as const) {
      const servers = file === "sctp/eps";
      const text = this.#readText(file);
      if (typeof text === "number") {
        if (text !== -ENOENT && text !== -EACCES) return this.#unreadable(file, text);
        return this.#lacks("AF INET (sctp)");
      }
      if (!layout.all && servers !== layout.listening) continue;
      if (servers) {
        const { rows, bad } = parseSctpEndpoints(text);
        this.#badLines(file, bad);
        for (const { addresses } of rows) this.#noteAll(addresses);
        this.#waiting.push(() => rows.forEach((row) => writeSctpEndpoint(row, this.#context)));
      } else {
        const { rows, bad } = parseSctpAssociations(text);
        this.#badLines(file, bad);
        for (const { local, remote } of rows) this.#noteAll([...local, ...remote]);
        this.#waiting.push(() => rows.forEach((row) => writeSctpAssociation(row, this.#context)));
      }
    }
    // Numeric rows of the other tables do not wait, so these may not either.
    if (this.#request.numeric.hosts) this.#nameHosts();
    return 0;
  }

  #noteAll(addresses: readonly string[]): void {
    if (this.#request.numeric.hosts) return;
    for (const address of addresses) this.#names.note(address);
  }

  #unix(): number {
    const { layout } = this.#request;
    this.#row.text(unixHeading(layout));
    const text = this.#readText("unix");
    if (typeof text === "number") {
      if (text !== -ENOENT && text !== -EACCES) return this.#unreadable("unix", text);
      return this.#lacks("AF UNIX");
    }
    for (const row of parseUnixTable(text)) {
      if (wantsUnix(row, layout)) writeUnix(row, this.#context);
    }
    return 0;
  }

  #oldFamilies(): number {
    const { absent, named } = this.#request;
    for (const family of OLD_FAMILIES) {
      if (named && !absent.includes(family)) continue;
      const status = this.#lacks(`AF ${family}`, false);
      if (status !== 0) return status;
    }
    if (!absent.includes("BLUETOOTH")) return 0;
    this.#err.write("netstat: feature `AF BLUETOOTH' not supported.\n");
    return 1;
  }

  /** Tells that a table does not exist, where that is worth telling. Returns the status that it means. */
  #lacks(what: string, implied = this.#request.protocolsImplied): number {
    const { named, verbose } = this.#request;
    if (implied) return 0;
    if (named || verbose) {
      this.#err.write(`netstat: no support for \`${what}' on this system.\n`);
      this.#err.flush();
    }
    return named ? 1 : 0;
  }

  #unreadable(file: string, negatedErrno: number): number {
    this.#err.write(`netstat: /proc/net/${file}: ${errnoText(-negatedErrno)}\n`);
    return STATUS_UNREADABLE;
  }

  #badLines(file: string, count: number): void {
    if (count > 0) {
      this.#err.write(`netstat: ${count} lines of /proc/net/${file} are not understood\n`);
    }
  }

  #readText(file: string): string | number {
    const bytes = this.#environment.root.readNet(file);
    return typeof bytes === "number" ? bytes : latin1Text(bytes);
  }
}

const NO_TIMER: TimerFacts = { retransmits: 0, probes: 0 };
