/**
 * Gathers TCP and UDP sockets where nothing else can be listed: the table of sockets first, then who holds them, then what
 * those are called. Files that are no sockets are not looked at, nor processes that hold none.
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
import type { InternetTable } from "./sockets.ts";

/** A process that is selected, with the sockets of it that are listed. */
interface Holder extends ProcessRow {
  readonly match: ProcessMatch;
  readonly files: InternetRow[] | SocketFiles;
}

/** Returns the processes that hold what is listed, ascending. */
export function gatherInternet(
  root: ProcRoot,
  table: InternetTable,
  identities: Identities,
  selection: Selection,
  diagnostics: Diagnostics,
): ProcessRow[] {
  if (table.size === 0) return [];
  const { query } = selection;
  const offset = socketOffset(query.format);
  const store = InternetStore.for(query, table);
  const { pids, tids, fds, inodes, length } =
    walkOwners(root, "auto", diagnostics).scan.descriptors;
  const holders = new Map<number, Holder | null>();
  let current: Holder | null = null;
  let pid = 0;
  for (let i = 0; i < length; i++) {
    const place = table.place(inodes[i]!);
    if (place < 0) continue;
    if (pids[i] !== pid) {
      pid = pids[i]!;
      const known = holders.get(pid);
      current = known === undefined ? open(pid) : known;
      if (known === undefined) holders.set(pid, current);
    }
    if (current === null) continue;
    // A thread's own table is a task's affair, unless it is all that is left of the process.
    if (tids[i] !== 0 && identities.stat(String(pid))?.state !== "Z") continue;
    const found = selection.internet(table.glance(place));
    if (found === null) continue;
    const { match } = current;
    const matched = match.primary ? match.matched | found : found;
    selection.note(matched);
    if (!selection.lists(matched)) continue;
    const { files } = current;
    if (files instanceof SocketFiles) {
      files.add(fds[i]!, place);
      continue;
    }
    const row = new InternetRow(fds[i]!, table.socket(place), offset);
    if (selection.showsFlags) row.flags = readFlags(pid, fds[i]!);
    files.push(row);
  }
  return [...holders.values()]
    .filter((holder): holder is Holder => holder !== null && holder.files.length > 0)
    .toSorted((a, b) => a.pid - b.pid);

  // null when it is not selected, or gone.
  function open(pid: number): Holder | null {
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
