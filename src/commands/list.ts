/**
 * The listing: sockets with their owners and their reach.
 *
 * @module
 */
import { terminalColumns, terminalWidth } from "../../ffi/terminal.ts";
import { kept } from "../store/socket_rows.ts";
import { queryFilter, type SnapshotTools, takeRows } from "../snapshot/own_netns_snapshot.ts";
import { Diagnostics } from "../diagnostics.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Sockets } from "../model/sockets.ts";
import { Users } from "../etc/users.ts";
import { ProcRoot } from "../proc/root.ts";
import type { Query } from "../query.ts";
import { type ColorChoice, useColor } from "../text/color.ts";
import type { Writer } from "../text/writer.ts";
import { checkUsers } from "../snapshot/owner_match.ts";

/** How to show the listing, and where to record or replay it. */
interface ListFormat {
  readonly format: "text" | "json" | "ndjson";
  readonly color: ColorChoice;
  readonly header: boolean;
  readonly verbose: boolean;
  /** Path of a recording to write; `null` for none. */
  readonly record: string | null;
  /** Path of a recording to read instead of this machine; `null` for none. */
  readonly replay: string | null;
}

/** Writes the listing to `out` and the gaps to `err`. Returns true if there is no gap. Throws what the writers throw. */
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
  if (query.pids !== null && format.replay === null) {
    const { gapsOfProcesses } = await import("../snapshot/process_gaps.ts");
    const root = new ProcRoot();
    for (const gap of gapsOfProcesses(query, snapshot.sockets, root)) diagnostics.gap(gap);
  }
  if (format.format === "text") {
    const { writeTable } = await import("../views/table.ts");
    const width = terminalWidth(1);
    writeTable(snapshot.sockets, out, {
      width,
      color: useColor(format.color, width !== null, process.env),
      header: format.header,
    });
  } else {
    const { writeJson, writeNdjson } = await import("../views/json.ts");
    (format.format === "json" ? writeJson : writeNdjson)(snapshot, out);
  }
  out.flush();
  await report(diagnostics, format, err);
  return diagnostics.complete;
}

async function snapshotOf(
  query: Query,
  diagnostics: Diagnostics,
  tools: SnapshotTools & { readonly users: Users },
): Promise<Snapshot<Sockets>> {
  checkUsers(query, tools.users);
  const filter = await queryFilter(query, tools.users, tools.root);
  const all = { ...tools, filter };
  // A filter that is tested at the end keeps facts by socket object, so each socket needs its own.
  const form = filter?.hasRest ? kept : undefined;
  if (query.netns === undefined) return takeRows(query, diagnostics, all, form);
  const { takeNetnsRows } = await import("../snapshot/netns_snapshot.ts");
  return takeNetnsRows(query, query.netns, diagnostics, all, form);
}

async function recordedSnapshot(
  query: Query,
  diagnostics: Diagnostics,
  { record, replay }: ListFormat,
): Promise<Snapshot<Sockets>> {
  const { openRecording, RecordingFile } = await import("../snapshot/recording/file.ts");
  if (replay !== null) {
    const access = openRecording(replay);
    const { root, users } = access;
    return snapshotOf(query, diagnostics, { root, users, access });
  }
  const file = new RecordingFile(record!);
  try {
    const { Recorder } = await import("../snapshot/recording/recorder.ts");
    const access = new Recorder();
    const { root, users } = access;
    const snapshot = await snapshotOf(query, diagnostics, { root, users, access });
    file.write(access, snapshot);
    return snapshot;
  } finally {
    file.close();
  }
}

async function report(diagnostics: Diagnostics, format: ListFormat, err: Writer): Promise<void> {
  const { gaps } = diagnostics;
  if (gaps.length > 0) {
    const { tellGaps } = await import("../views/gaps.ts");
    const choice = format.color === "always" ? "auto" : format.color;
    const color = useColor(choice, terminalColumns(2) !== null, process.env);
    tellGaps(gaps, err, { verbose: format.verbose, color });
  }
  if (format.verbose) { for (const note of diagnostics.notes) err.write(`sockeye: ${note}\n`); }
  err.flush();
}
