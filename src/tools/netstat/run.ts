/**
 * Lists sockets as netstat of net-tools 2.10 does.
 *
 * @module
 */
import { sanitize } from "../../text/sanitize.ts";
import { gapLines } from "../../model/gap.ts";
import { compileEagerly } from "../../../ffi/jit.ts";
import { effectiveUserId } from "../../../ffi/process.ts";
import { AF_INET, AF_INET6 } from "../../../ffi/socket.ts";
import { Diagnostics } from "../../diagnostics.ts";
import { Source } from "../../snapshot/source.ts";
import { RowBuffer } from "../../text/row_buffer.ts";
import type { Writer } from "../../text/writer.ts";
import { CoreChoice } from "./core_choice.ts";
import type { NetstatEnvironment } from "./environment.ts";
import type { ListingContext } from "./gather/context.ts";
import { INTERNET_TABLES, readInternetTable } from "./gather/internet.ts";
import { readSctp } from "./gather/sctp.ts";
import { readUnix } from "./gather/unix.ts";
import { internetHeading, unixHeading } from "./layout.ts";
import { NameCache } from "./names.ts";
import { NetstatOwners } from "./owners.ts";
import type { NetstatProtocol, NetstatQuery } from "./query.ts";
import { STATUS_UNREADABLE, TableReport } from "./report.ts";

/** Lists the sockets; with `-c` again every second. Returns the exit status. Throws what the writers throw. */
export async function listSockets(
  query: NetstatQuery,
  environment: NetstatEnvironment,
  out: Writer,
  err: Writer,
): Promise<number> {
  // A listing that repeats pays for compiling its code at once.
  if (query.continuous) compileEagerly();
  for (;;) {
    const status = new Listing(query, environment, out, err).run();
    out.flush();
    if (!query.continuous || status !== 0) return status;
    await Bun.sleep(1000);
  }
}

/** One listing. */
class Listing {
  readonly #query: NetstatQuery;
  readonly #environment: NetstatEnvironment;
  readonly #out: Writer;
  readonly #err: Writer;
  readonly #diagnostics = new Diagnostics();
  readonly #report: TableReport;
  readonly #names: NameCache;
  readonly #row = new RowBuffer();
  readonly #context: ListingContext;
  #owners: NetstatOwners | null = null;

  constructor(query: NetstatQuery, environment: NetstatEnvironment, out: Writer, err: Writer) {
    this.#query = query;
    this.#environment = environment;
    this.#out = out;
    this.#err = err;
    this.#report = new TableReport(query, err);
    this.#names = new NameCache(query.numeric);
    this.#context = {
      query,
      root: environment.root,
      source: new Source(environment.root, this.#diagnostics),
      names: this.#names,
      rows: {
        row: this.#row,
        layout: query.layout,
        names: this.#names.forRows((inode) => this.#owners?.label(inode) ?? "-"),
      },
      report: this.#report,
      core: new CoreChoice(query, this.#row),
      out,
      waiting: [],
    };
  }

  run(): number {
    const { protocols, named, layout } = this.#query;
    try {
      if (layout.programs) this.#readOwners();
      let status = 0;
      if (!named || [...protocols].some((protocol) => protocol !== "unix")) {
        this.#row.text(internetHeading(layout));
        status = this.#internet();
        this.#writeWaiting();
      }
      if (status === 0 && this.#wants("unix")) {
        this.#row.text(unixHeading(layout));
        status = readUnix(this.#context);
      }
      this.#row.flush(this.#out);
      return status === 0 ? this.#report.absentFamilies() : status;
    } finally {
      this.#context.source.close();
      for (const line of gapLines(this.#diagnostics.gaps, false)) {
        this.#err.write(`netstat: ${sanitize(line)}\n`);
      }
      this.#err.flush();
    }
  }

  #wants(protocol: NetstatProtocol): boolean {
    return !this.#query.named || this.#query.protocols.has(protocol);
  }

  #readOwners(): void {
    this.#owners = new NetstatOwners(
      this.#environment.root,
      this.#query.allOwners,
      this.#diagnostics,
    );
    this.#context.core.setOwners(this.#owners);
    const warning = this.#owners.warning(effectiveUserId());
    if (warning !== null) {
      this.#err.write(warning);
      this.#err.flush();
    }
  }

  #internet(): number {
    const ipv4 = !this.#query.named || this.#query.ipv4;
    const ipv6 = !this.#query.named || this.#query.ipv6;
    let status = 0;
    for (const table of INTERNET_TABLES) {
      if (this.#wants(table.protocol)) {
        if (ipv4) status = readInternetTable(table, AF_INET, this.#context);
        // A kernel without IPv6 lacks these tables, which is no error.
        if (ipv6 && readInternetTable(table, AF_INET6, this.#context) === STATUS_UNREADABLE) {
          status = STATUS_UNREADABLE;
        }
      }
      // netstat lists SCTP after TCP.
      if (status === 0 && table.protocol === "tcp" && this.#wants("sctp") && ipv4) {
        status = readSctp(this.#context);
        // Numeric rows of the other tables do not wait, so these have to be written before the next table.
        if (status === 0 && this.#query.numeric.hosts) this.#writeWaiting();
      }
      if (status !== 0) break;
    }
    return status;
  }

  /** Looks the hosts up and writes the rows that waited for their names. */
  #writeWaiting(): void {
    const { waiting } = this.#context;
    this.#names.lookUp(this.#environment.lookup);
    for (const write of waiting) write();
    waiting.length = 0;
  }
}
