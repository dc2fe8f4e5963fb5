/**
 * ListingContext: what the tables of one listing are read and written with.
 *
 * @module
 */
import type { ProcRoot } from "../../../proc/root.ts";
import type { Source } from "../../../snapshot/source.ts";
import type { Writer } from "../../../text/writer.ts";
import type { CoreChoice } from "../core_choice.ts";
import type { NameCache } from "../names.ts";
import type { NetstatQuery } from "../query.ts";
import type { TableReport } from "../report.ts";
import type { RowContext } from "../rows/internet.ts";

/** One listing. */
export interface ListingContext {
  readonly query: NetstatQuery;
  readonly root: ProcRoot;
  readonly source: Source;
  readonly names: NameCache;
  readonly rows: RowContext;
  readonly report: TableReport;
  readonly core: CoreChoice;
  readonly out: Writer;
  /** Functions that write rows. They are called once the names of all hosts are known. */
  readonly waiting: (() => void)[];
}
