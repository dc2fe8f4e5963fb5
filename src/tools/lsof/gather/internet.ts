/**
 * Gathers TCP and UDP sockets where nothing else can be listed: first the sockets, then their owners, then the names of the
 * owners. Other files are not looked at, nor are processes without such a socket.
 *
 * @module
 */
import type { Diagnostics } from "../../../diagnostics.ts";
import { walkOwners } from "../../../join/owners.ts";
import type { DescriptorTable } from "../../../proc/descriptors.ts";
import { parseDescriptorInfo } from "../../../proc/fdinfo.ts";
import type { ProcRoot } from "../../../proc/root.ts";
import type { ProcessRow } from "../rows/row.ts";
import { SocketFiles } from "../layout/socket_files.ts";
import { socketOffset } from "../rows/socket.ts";
import { FileOwners } from "./file_owners.ts";
import { InternetRow } from "./internet_row.ts";
import { InternetStore } from "./internet_store.ts";
import type { Identities } from "./open_process.ts";
import type { InternetSockets } from "./internet_sockets.ts";
import type { Selection } from "./selection.ts";
import type { SocketTables } from "./sockets.ts";

// Loaded where there is much to list.
const coreInternet = () => require("./core_internet.ts") as typeof import("./core_internet.ts");

/** Returns the owners of what is listed, in ascending order of their process IDs. */
export function gatherInternet(
  root: ProcRoot,
  tables: SocketTables,
  identities: Identities,
  selection: Selection,
  diagnostics: Diagnostics,
): ProcessRow[] {
  const { internet: sockets, inCore } = tables;
  if (sockets.size === 0 && inCore === null) return [];
  const table = walkOwners(root, "auto", diagnostics).scan.descriptors;
  return inCore === null
    ? gatherRecords(root, sockets, table, identities, selection)
    : coreInternet().gatherInCore(inCore, table, identities, selection);
}

/** As {@linkcode gatherInternet}, of a table of descriptors. */
export function gatherRecords(
  root: ProcRoot,
  sockets: InternetSockets,
  table: DescriptorTable,
  identities: Identities,
  selection: Selection,
): ProcessRow[] {
  const { query } = selection;
  const offset = socketOffset(query.format);
  const store = InternetStore.for(query, sockets);
  const owners = new FileOwners<InternetRow[] | SocketFiles>(
    identities,
    selection,
    () => store === null ? [] : new SocketFiles(store),
  );
  let current: ReturnType<typeof owners.get> = null;
  let pid = 0;
  for (let i = 0; i < table.length; i++) {
    const number = sockets.number(table.inode(i));
    if (number < 0) continue;
    if (table.pid(i) !== pid) {
      pid = table.pid(i);
      current = owners.get(pid);
    }
    if (current === null) continue;
    if (table.tid(i) !== 0 && !owners.hasExited(pid)) continue;
    const found = selection.internet(sockets.at(number));
    if (found === null) continue;
    const { match } = current;
    const matched = match.primary ? match.matched | found : found;
    selection.note(matched);
    if (!selection.lists(matched)) continue;
    const { files } = current;
    if (files instanceof SocketFiles) {
      files.add(table.fd(i), number);
      continue;
    }
    const row = new InternetRow(table.fd(i), sockets.keep(number), offset);
    if (selection.showsFlags) row.flags = readFlags(pid, table.fd(i));
    files.push(row);
  }
  return owners.rows();

  function readFlags(pid: number, fd: number): number | null {
    return parseDescriptorInfo(root.text(`${pid}/fdinfo/${fd}`) ?? "").flags;
  }
}
