/**
 * TableReport: what netstat says of tables that do not exist or cannot be read, and the exit status that follows.
 *
 * @module
 */
import { EACCES, ENOENT, errnoText } from "../../../ffi/errno.ts";
import type { Writer } from "../../text/writer.ts";
import type { NetstatQuery } from "./query.ts";

const STATUS_UNSUPPORTED = 1;
/** Exit status when a table exists and cannot be read: -1. */
export const STATUS_UNREADABLE = 255;

/** Families that only old kernels have, in the order that netstat names them. */
const OLD_FAMILIES = ["IPX", "AX25", "X25", "NETROM", "ROSE"] as const;

/** Writes messages about the tables of one listing. */
export class TableReport {
  readonly #query: NetstatQuery;
  readonly #err: Writer;

  constructor(query: NetstatQuery, err: Writer) {
    this.#query = query;
    this.#err = err;
  }

  /**
   * Says that a table does not exist, if netstat would, and returns the exit status. `implied`: this table was not asked for
   * by its name.
   */
  absent(what: string, implied = this.#query.protocolsImplied): number {
    const { named, verbose } = this.#query;
    if (implied) return 0;
    if (named || verbose) {
      this.#err.write(`netstat: no support for \`${what}' on this system.\n`);
      this.#err.flush();
    }
    return named ? STATUS_UNSUPPORTED : 0;
  }

  /** The same for families that Linux no longer has, or that net-tools was built without. */
  absentFamilies(): number {
    const { absent, named } = this.#query;
    for (const family of OLD_FAMILIES) {
      if (named && !absent.includes(family)) continue;
      const status = this.absent(`AF ${family}`, false);
      if (status !== 0) return status;
    }
    if (!absent.includes("BLUETOOTH")) return 0;
    this.#err.write("netstat: feature `AF BLUETOOTH' not supported.\n");
    return STATUS_UNSUPPORTED;
  }

  /** Says that reading a file in /proc/net failed. `what` names its table; `error` is the negated errno. */
  failed(file: string, what: string, error: number): number {
    if (error === -ENOENT || error === -EACCES) return this.absent(what);
    this.#err.write(`netstat: /proc/net/${file}: ${errnoText(-error)}\n`);
    return STATUS_UNREADABLE;
  }

  /** Says how many lines of a file in /proc/net could not be parsed. */
  badLines(file: string, count: number): void {
    if (count > 0) {
      this.#err.write(`netstat: ${count} lines of /proc/net/${file} are not understood\n`);
    }
  }
}
