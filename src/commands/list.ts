/**
 * The listing: sockets, their owners, their reach.
 *
 * @module
 */
import { terminalColumns } from "../../ffi/terminal.ts";
import { type Access, LIVE } from "../collect/access.ts";
import type { ListFilter } from "../collect/filter.ts";
import { kept, SocketRows } from "../collect/rows.ts";
import { collectRows } from "../collect/sockets.ts";
import { Source } from "../collect/source.ts";
import { Diagnostics } from "../diagnostics.ts";
import { attachOwners } from "../join/attach.ts";
import { walkOwners } from "../join/owners.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Netns, Socket } from "../model/socket.ts";
import type { Sockets } from "../model/sockets.ts";
import { NETLINK_ROUTE, NETLINK_SOCK_DIAG } from "../netlink/connection.ts";
import { currentNetns, readHost } from "../proc/host.ts";
import { Processes } from "../proc/process.ts";
import { ProcRoot } from "../proc/root.ts";
import { Users } from "../proc/users.ts";
import type { Query } from "../query.ts";
import { fillReach } from "../reach/bind.ts";
import { readSurroundings, type Surroundings } from "../reach/surroundings.ts";
import { type ColorChoice, useColor } from "../views/text/color.ts";
import { paint } from "../views/text/color.ts";
import type { Writer } from "../views/text/writer.ts";
import { inOrder } from "./order.ts";
import { checkUsers } from "./owner_match.ts";
import { selectSockets } from "./select.ts";

/** How the listing is to look. */
export interface ListFormat {
  readonly format: "text" | "json" | "ndjson";
  readonly color: ColorChoice;
  readonly header: boolean;
  readonly verbose: boolean;
  /** Path of a file to be made, for what was read; `null` for none. */
  readonly record: string | null;
  /** Path of a file to read instead of this machine; `null` for none. */
  readonly replay: string | null;
}

/** Where requests that close sockets are kept: see {@linkcode DiagRequest.destroy}. */
export interface CloseRequests {
  /** Called in each namespace before it is read. */
  enter(netns: Netns | null): void;
  /** Called for each socket that the kernel could be asked to close. */
  add(socket: Socket, request: Uint8Array): void;
}

/** What a snapshot is taken with. */
export interface SnapshotTools {
  readonly root?: ProcRoot;
  readonly users?: Users;
  /** The query's filter at work: see {@linkcode listFilter}. */
  readonly filter?: ListFilter | null;
  /** Where everything else than files of /proc comes from. Absent: this machine. */
  readonly access?: Access;
  /** Absent: nothing will be closed. */
  readonly closing?: CloseRequests;
}

/** The query's filter, ready to be asked; `null` without one. Its code is loaded only then. */
export async function listFilter(query: Query, users: Users): Promise<ListFilter | null> {
  if (!query.filter) return null;
  const { ListFilter } = await import("../collect/filter.ts");
  return new ListFilter(query.filter, (uid) => users.name(uid));
}

/** Takes a snapshot of the sockets that the query asks for. A query with a filter needs that among its tools. */
export function takeSnapshot(
  query: Query,
  diagnostics: Diagnostics,
  tools: SnapshotTools = {},
): Snapshot {
  const snapshot = takeRows(query, diagnostics, tools, kept);
  return { ...snapshot, sockets: kept(snapshot.sockets) };
}

/**
 * As {@linkcode takeSnapshot}, for who looks at each socket once.
 *
 * @param form Makes of the sockets as they were read the form that everything after works on.
 */
export function takeRows(
  query: Query,
  diagnostics: Diagnostics,
  tools: SnapshotTools = {},
  form: (rows: SocketRows) => Sockets = (rows) => rows,
): Snapshot<Sockets> {
  const { root = new ProcRoot(), users = new Users(), filter = null, access = LIVE, closing } =
    tools;
  const inode = currentNetns(root);
  const netns = inode === null ? null : { inode, name: null };
  const source = new Source(root, diagnostics, () => access.open(NETLINK_SOCK_DIAG));
  const rows = SocketRows.empty();
  const takenAtMs = access.now();
  try {
    closing?.enter(netns);
    collectRows(rows, query, source, netns, { filter: filter?.forRows(root, netns), closing });
  } finally {
    source.close();
  }
  const sockets = selectSockets(form(rows), query, filter, users, {
    owners(some) {
      // After the dump, which is what gives a socket its cookie.
      const walk = access.owners(() =>
        walkOwners(root, query.owners ?? "auto", diagnostics, { cookies: true })
      );
      attachOwners(some, root, new Processes(root, users), diagnostics, walk);
    },
    reach(some) {
      // Two small dumps, made by the first answer that depends on them.
      let surroundings: Surroundings | null | undefined = root.isLive ? undefined : null;
      fillReach(some, () => {
        if (surroundings === undefined) {
          surroundings = readSurroundings(root, inode, () => access.open(NETLINK_ROUTE));
        }
        return surroundings;
      });
    },
  });
  return { host: readHost(root), takenAtMs, gaps: diagnostics.gaps, sockets: inOrder(sockets) };
}

/** Lists sockets on `out`, and on `err` what is missing. Returns whether nothing is. Throws what the writers throw. */
export async function list(
  query: Query,
  format: ListFormat,
  out: Writer,
  err: Writer,
): Promise<boolean> {
  const diagnostics = new Diagnostics();
  const snapshot = format.record === null && format.replay === null
    ? await snapshotOf(query, diagnostics, { users: new Users() })
    : await recordedSnapshot(query, diagnostics, format);
  if (format.format === "text") {
    const { writeTable } = await import("../views/table.ts");
    const columns = terminalColumns(1);
    writeTable(snapshot.sockets, out, {
      // 0: a terminal that does not know its size, such as a serial line.
      width: columns === 0 ? 80 : columns,
      color: useColor(format.color, columns !== null, process.env),
      header: format.header,
    });
  } else {
    const { writeJson, writeNdjson } = await import("../views/json.ts");
    (format.format === "json" ? writeJson : writeNdjson)(snapshot, out);
  }
  out.flush();
  report(diagnostics, format, err);
  return diagnostics.complete;
}

async function snapshotOf(
  query: Query,
  diagnostics: Diagnostics,
  tools: SnapshotTools & { readonly users: Users },
): Promise<Snapshot<Sockets>> {
  checkUsers(query, tools.users);
  const filter = await listFilter(query, tools.users);
  const all = { ...tools, filter };
  // What a filter asks for at the end is kept by socket.
  const form = filter?.hasRest ? kept : undefined;
  if (query.netns === undefined) return takeRows(query, diagnostics, all, form);
  const { takeNetnsRows } = await import("./netns_snapshot.ts");
  return takeNetnsRows(query, query.netns, diagnostics, all, form);
}

async function recordedSnapshot(
  query: Query,
  diagnostics: Diagnostics,
  { record, replay }: ListFormat,
): Promise<Snapshot<Sockets>> {
  const { openRecording, RecordingFile } = await import("./recording.ts");
  if (replay !== null) {
    const access = openRecording(replay);
    const { root, users } = access;
    return snapshotOf(query, diagnostics, { root, users, access });
  }
  const file = new RecordingFile(record!);
  try {
    const { Recorder } = await import("../collect/record.ts");
    const access = new Recorder();
    const { root, users } = access;
    const snapshot = await snapshotOf(query, diagnostics, { root, users, access });
    file.write(access, snapshot);
    return snapshot;
  } finally {
    file.close();
  }
}

function report(diagnostics: Diagnostics, format: ListFormat, err: Writer): void {
  const color = useColor(
    format.color === "always" ? "auto" : format.color,
    terminalColumns(2) !== null,
    process.env,
  );
  for (const gap of diagnostics.gaps) {
    err.write(`${paint("sockeye:", "dim", color)} ${gap.reason}\n`);
  }
  if (format.verbose) { for (const note of diagnostics.notes) err.write(`sockeye: ${note}\n`); }
  err.flush();
}
