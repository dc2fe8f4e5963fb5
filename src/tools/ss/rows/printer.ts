/**
 * What each family has in ss mode: a request, a table of /proc, and a printer of rows.
 *
 * @module
 */
import type { ProcTable, SourceKind } from "../../../families/family.ts";
import type { SsContext } from "../context.ts";

/** Turns the messages of one table into rows. */
export interface SsPrinter {
  /**
   * One message, from the kernel or made of a line of /proc. It is checked against the selection as far as the kernel did
   * not, then against the filter, then written. Throws DecodeError.
   */
  row(view: DataView, start: number, end: number, source: SourceKind): void;
  /** The table has ended: for families that have to see all of it first. */
  finish?(): void;
}

/** A family in ss mode: what its file in this folder exports as `ss`. */
export interface SsFamily {
  /** The dump request; `null` where netlink is not to be asked. ss sends these bytes. */
  request(context: SsContext): Uint8Array | null;
  /** The table that serves when netlink does not; `null` where the kernel has none. */
  readonly table: ProcTable | null;
  printer(context: SsContext): SsPrinter;
}
