/**
 * The unix table. /proc/net/unix has what unix_diag does not: reference counts and flags.
 *
 * @module
 */
import { parseUnixTable } from "../../../proc/net_unix.ts";
import { wantsUnix, writeUnix } from "../rows/unix.ts";
import type { ListingContext } from "./context.ts";
import { readNetFile } from "./net_file.ts";

/** Reads the table and writes its rows. Returns the exit status. */
export function readUnix({ query, root, report, rows }: ListingContext): number {
  const text = readNetFile(root, "unix");
  if (typeof text === "number") return report.failed("unix", "AF UNIX", text);
  for (const row of parseUnixTable(text)) {
    if (wantsUnix(row, query.layout)) writeUnix(row, rows);
  }
  return 0;
}
