/**
 * Gathers TCP and UDP sockets as gather/internet.ts does, where the core has them.
 *
 * @module
 */
import type { DescriptorTable } from "../../../proc/descriptors.ts";
import type { ProcessRow } from "../rows/row.ts";
import { CoreFiles } from "./core_files.ts";
import type { CoreSockets } from "./core_sockets.ts";
import { FileOwners } from "./file_owners.ts";
import type { Identities } from "./open_process.ts";
import type { Selection } from "./selection.ts";

/** Returns the owners of what is listed, in ascending order of their process IDs. */
export function gatherInCore(
  sockets: CoreSockets,
  table: DescriptorTable,
  identities: Identities,
  selection: Selection,
): ProcessRow[] {
  const { format } = selection.query;
  const owners = new FileOwners(identities, selection, () => new CoreFiles(sockets, format));
  sockets.setDescriptors(table);
  for (let row = sockets.next(0); row < table.length;) {
    const owner = owners.get(table.pid(row));
    if (owner === null) row = sockets.skip(row);
    else if (table.tid(row) !== 0 && !owners.hasExited(owner.pid)) row++;
    else {
      const from = sockets.files;
      row = sockets.take(row);
      owner.files.add(from, sockets.files);
    }
    row = sockets.next(row);
  }
  if (sockets.files > 0) selection.foundInternet(sockets.states);
  return owners.rows();
}
