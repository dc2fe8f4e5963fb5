/**
 * Gathers TCP and UDP sockets where nothing else can be listed: first the sockets, then their owners, then the names of the
 * owners. Other files are not looked at, nor are processes without such a socket.
 *
 * @module
 */
import type { Diagnostics } from "../../../diagnostics.ts";
import { walkOwners } from "../../../join/owners.ts";
import { parseDescriptorInfo } from "../../../proc/fdinfo.ts";
import type { ProcRoot } from "../../../proc/root.ts";
import type { ProcessRow } from "../rows/row.ts";
import { SocketFiles } from "../layout/socket_files.ts";
import { socketOffset } from "../rows/socket.ts";
import { InternetRow } from "./internet_row.ts";
import { InternetStore } from "./internet_store.ts";
import type { Identities } from "./open_process.ts";
import type { ProcessMatch, Selection } from "./selection.ts";
import type { InternetSockets } from "./internet_sockets.ts";

/** A selected process, with those of its sockets that are listed. */
interface Owner extends ProcessRow {
  readonly match: ProcessMatch;
  readonly files: InternetRow[] | SocketFiles;
}

/** Returns the owners of what is listed, in ascending order of their process IDs. */
export function gatherInternet(
  root: ProcRoot,
  sockets: InternetSockets,
  identities: Identities,
  selection: Selection,
  diagnostics: Diagnostics,
): ProcessRow[] {
  if (sockets.size === 0) return [];
  const { query } = selection;
  const offset = socketOffset(query.format);
  const store = InternetStore.for(query, sockets);
  const table = walkOwners(root, "auto", diagnostics).scan.descriptors;
  const owners = new Map<number, Owner | null>();
  let current: Owner | null = null;
  let pid = 0;
  for (let i = 0; i < table.length; i++) {
    const number = sockets.number(table.inode(i));
    if (number < 0) continue;
    if (table.pid(i) !== pid) {
      pid = table.pid(i);
      const known = owners.get(pid);
      current = known === undefined ? open(pid) : known;
      if (known === undefined) owners.set(pid, current);
    }
    if (current === null) continue;
    // Files of a thread's own table are those of a task. They count where the main thread has exited.
    if (table.tid(i) !== 0 && identities.stat(String(pid))?.state !== "Z") continue;
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
  return [...owners.values()]
    .filter((owner): owner is Owner => owner !== null && owner.files.length > 0)
    .toSorted((a, b) => a.pid - b.pid);

  // null for a process that is not selected, or has ended.
  function open(pid: number): Owner | null {
    const identity = identities.of(pid);
    const match = identity === null ? null : selection.process(identity);
    if (identity === null || match === null || match.excluded) return null;
    const files = store === null ? [] : new SocketFiles(store);
    return { ...identity, taskCommand: null, match, files };
  }

  function readFlags(pid: number, fd: number): number | null {
    return parseDescriptorInfo(root.text(`${pid}/fdinfo/${fd}`) ?? "").flags;
  }
}
