/**
 * The SCTP tables, /proc/net/sctp/eps and assocs. They hold IPv6 addresses too, so IPv6 has no tables of its own.
 *
 * @module
 */
import { parseSctpAssociations, parseSctpEndpoints } from "../../../proc/sctp.ts";
import { writeSctpAssociation, writeSctpEndpoint } from "../rows/sctp.ts";
import type { ListingContext } from "./context.ts";
import { readNetFile } from "./net_file.ts";

/** Reads both tables. Their rows wait for the names of hosts. Returns the exit status. */
export function readSctp(context: ListingContext): number {
  const { query: { layout, numeric }, names, report, rows: rowContext, waiting } = context;
  const note = (addresses: readonly string[]) => {
    if (!numeric.hosts) { for (const address of addresses) names.note(address); }
  };
  for (const file of ["sctp/eps", "sctp/assocs"] as const) {
    const servers = file === "sctp/eps";
    const text = readNetFile(context.root, file);
    if (typeof text === "number") return report.failed(file, "AF INET (sctp)", text);
    if (!layout.all && servers !== layout.listening) continue;
    if (servers) {
      const { rows, bad } = parseSctpEndpoints(text);
      report.badLines(file, bad);
      for (const { addresses } of rows) note(addresses);
      waiting.push(() => rows.forEach((row) => writeSctpEndpoint(row, rowContext)));
    } else {
      const { rows, bad } = parseSctpAssociations(text);
      report.badLines(file, bad);
      for (const { local, remote } of rows) note([...local, ...remote]);
      waiting.push(() => rows.forEach((row) => writeSctpAssociation(row, rowContext)));
    }
  }
  return 0;
}
