/**
 * The listing: sockets with their owners and their reach.
 *
 * @module
 */
import { terminalColumns, terminalHeight, terminalWidth } from "../../ffi/terminal.ts";
import { terminalProgress, withProgress } from "../text/progress.ts";
import { kept, SocketRows } from "../store/socket_rows.ts";
import { queryFilter, type SnapshotTools, takeRows } from "../snapshot/own_netns_snapshot.ts";
import { Diagnostics } from "../diagnostics.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Socket } from "../model/socket.ts";
import type { Sockets } from "../model/sockets.ts";
import { stateMask, TCP_CLOSE, TCP_LISTEN } from "../model/state.ts";
import { Users } from "../etc/users.ts";
import { ProcRoot } from "../proc/root.ts";
import type { Query } from "../query.ts";
import { type ColorChoice, useColor } from "../text/color.ts";
import type { Writer } from "../text/writer.ts";
import type { SocketForwards } from "../views/json.ts";
import type { FieldChoice, FieldFormat } from "./field_list.ts";
import { MOST_ON_SCREEN } from "./screen_limit.ts";
import { checkUsers } from "../snapshot/owner_match.ts";

/** How to show the listing, and where to record or replay it. */
interface ListFormat {
  readonly format: FieldFormat["format"];
  /** Columns, order and groups; `null` for the usual ones. */
  readonly fields: FieldChoice | null;
  readonly color: ColorChoice;
  /** True to show all details that protocols report. */
  readonly info: boolean;
  /** A row for each socket, on a terminal too. */
  readonly full: boolean;
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
  const { fields } = format;
  const screen = screenOf(format);
  const how: Shown = { netns: query.netns, info: format.info, screen };
  if (fields !== null) {
    const { asksFor, needsInfo } = await import("./field_list.ts");
    if (needsInfo(fields)) query = { ...query, info: true };
    if (asksFor("receive_buffer", fields)) query = { ...query, receiveBuffers: true };
  }
  // The control group tells whose a socket is where its owners are hidden.
  if (screen !== null || fields !== null) query = { ...query, cgroups: true };
  const isLive = format.record === null && format.replay === null;
  if (query.pids !== null && isLive) {
    const { checkPids } = await import("./nothing_matched.ts");
    checkPids(query, new ProcRoot());
  }
  const { snapshot, tools } = await withProgress(
    terminalProgress(err),
    () =>
      isLive
        ? snapshotOf(query, diagnostics, { root: new ProcRoot(), users: new Users() })
        : recordedSnapshot(query, diagnostics, format),
  );
  if (query.pids !== null && format.replay === null) {
    const { gapsOfProcesses } = await import("../snapshot/process_gaps.ts");
    const root = new ProcRoot();
    diagnostics.gapsFirst(gapsOfProcesses(query, snapshot.sockets, root));
  }
  if (fields === null) await writeUsual(snapshot, tools, how, format, out);
  else await writeChosen({ snapshot, tools }, fields, how, format, out);
  out.flush();
  const { length } = snapshot.sockets;
  if (screen !== null && length > MOST_ON_SCREEN) {
    err.write(
      `sockeye: ${length} sockets are too many to group, so each has a row; try --group-by or a filter\n`,
    );
  }
  if (length === 0 && saysNothing(format)) {
    const { nothingMatched } = await import("./nothing_matched.ts");
    const { sanitize } = await import("../text/sanitize.ts");
    const count = async (query: Query) =>
      (await snapshotOf(query, new Diagnostics(), { ...tools, counted: true })).snapshot.sockets
        .length;
    const said = await nothingMatched(query, diagnostics, tools, isLive ? count : null);
    err.write(`sockeye: ${sanitize(said)}\n`);
  }
  await report(diagnostics, format, screen !== null, err);
  return diagnostics.complete;
}

/** True for a listing that a person reads: an empty document and a count of 0 say enough. */
function saysNothing({ format, fields }: ListFormat): boolean {
  return format !== "json" && format !== "ndjson" && (fields?.groups ?? null) === null;
}

/** The terminal that services are shown on; `null` where each socket has a row: in a pipe, and with its details. */
function screenOf(
  { format, full, fields, info }: ListFormat,
): { readonly width: number; readonly height: number | null } | null {
  const other = format !== "text" || full || info ||
    fields !== null && (fields.columns ?? fields.groups) !== null;
  const width = other ? null : terminalWidth(1);
  return width === null ? null : { width, height: terminalHeight(1) };
}

/** What decides how the listing looks, beside its format. */
interface Shown {
  readonly netns: Query["netns"];
  /** True where details were asked for to be shown, and not only to be compared. */
  readonly info: boolean;
  readonly screen: ReturnType<typeof screenOf>;
}

/** With columns, an order or groups that were asked for. */
async function writeChosen(
  { snapshot, tools }: Taken,
  fields: FieldChoice,
  how: Shown,
  format: ListFormat,
  out: Writer,
): Promise<void> {
  const { asksFor, sortedSockets, writeCounts, writeFields } = await import("./field_list.ts");
  const { screenFacts } = await import("./screen_facts.ts");
  const { columns, groups } = fields;
  const forwards = asksFor("forwards", fields)
    ? await forwardsOf(snapshot.sockets, tools)
    : NO_FORWARDS;
  const source = { facts: screenFacts(tools, forwards), nowMs: snapshot.takenAtMs };
  const color = useColor(format.color, terminalColumns(1) !== null, process.env);
  const look = { format: format.format, header: format.header, color };
  if (groups !== null) {
    writeCounts(snapshot, groups, source, look, out);
    return;
  }
  const sockets = sortedSockets(snapshot.sockets, fields, source);
  if (columns !== null) writeFields(sockets, columns, source, look, out);
  else await writeUsual({ ...snapshot, sockets }, tools, how, format, out);
}

async function writeUsual(
  snapshot: Snapshot<Sockets>,
  tools: ListTools,
  how: Shown,
  format: ListFormat,
  out: Writer,
): Promise<void> {
  if (format.format === "text") return writeText(snapshot.sockets, tools, how, format, out);
  const { writeJson, writeNdjson } = await import("../views/json.ts");
  const forwards = await forwardsOf(snapshot.sockets, tools);
  (format.format === "json" ? writeJson : writeNdjson)(snapshot, out, forwards);
}

const NO_FORWARDS: SocketForwards = new Map();

/**
 * Where published ports lead, by the inode of the socket. Without a proxy among the owners of services that costs a look at their
 * names; with one, a look into every network namespace.
 */
async function forwardsOf(sockets: Sockets, { root, users }: ListTools): Promise<SocketForwards> {
  if (!root.isLive) return NO_FORWARDS;
  const { isProxy } = await import("../reach/proxies.ts");
  // Addresses are made into text when they are asked for, so the state comes first.
  const isPublished = ({ state, family, owners }: Socket) =>
    (state === "listen" || state === "close") && (family === "inet" || family === "inet6") &&
    owners.some(({ process }) => isProxy(process.comm));
  // Connections are not looked at one by one where the core has very many.
  const listed = sockets instanceof SocketRows ? sockets.listed : null;
  const published = kept(
    listed === null
      ? sockets.filter(isPublished)
      : listed.listed.inStates(stateMask(TCP_LISTEN, TCP_CLOSE))
        .map((row) => listed.listed.keep(row)).filter(isPublished),
  );
  if (published.length === 0) return NO_FORWARDS;
  const { proxyForwards } = await import("./explain/forwards.ts");
  const { Facts } = await import("../origin/facts.ts");
  const { Processes } = await import("../origin/processes.ts");
  const facts = new Facts(root, new Processes(root, users));
  return proxyForwards(published, { root, users, facts });
}

async function writeText(
  sockets: Sockets,
  tools: ListTools,
  { netns, info, screen }: Shown,
  { color, header }: ListFormat,
  out: Writer,
): Promise<void> {
  if (screen === null || sockets.length > MOST_ON_SCREEN) {
    const width = terminalWidth(1);
    const colored = useColor(color, width !== null, process.env);
    const { writeTable } = await import("../views/table.ts");
    writeTable(sockets, out, { width, color: colored, header, info, netns: netns === "all" });
    return;
  }
  const { writeScreen } = await import("../views/screen/mod.ts");
  const { screenFacts } = await import("./screen_facts.ts");
  const colored = useColor(color, true, process.env);
  const facts = screenFacts(tools, await forwardsOf(sockets, tools));
  writeScreen(kept(sockets), facts, out, { ...screen, color: colored, header });
}

// Only where there is much to list.
const coreModule = () => require("../core/gears.ts") as typeof import("../core/gears.ts");

/** What this machine or a recording is read through. */
type ListTools = SnapshotTools & { readonly root: ProcRoot; readonly users: Users };

/** A snapshot, and what it was taken with. */
interface Taken {
  readonly snapshot: Snapshot<Sockets>;
  readonly tools: ListTools;
}

async function snapshotOf(
  query: Query,
  diagnostics: Diagnostics,
  tools: ListTools,
): Promise<Taken> {
  checkUsers(query, tools.users);
  const filter = await queryFilter(query, tools.users, tools.root);
  // A filter that is tested at the end keeps facts by socket object, so each socket needs its own.
  const form = filter?.hasRest ? kept : undefined;
  // The core's arena serves one snapshot: the first, which is the one that is shown.
  const inCore = form === undefined && tools.counted !== true;
  const all = { ...tools, filter, ...(inCore ? { core: () => coreModule().theCore() } : {}) };
  if (query.netns === undefined) {
    return { snapshot: takeRows(query, diagnostics, all, form), tools };
  }
  const { takeNetnsRows } = await import("../snapshot/netns_snapshot.ts");
  return { snapshot: takeNetnsRows(query, query.netns, diagnostics, all, form), tools };
}

async function recordedSnapshot(
  query: Query,
  diagnostics: Diagnostics,
  { record, replay }: ListFormat,
): Promise<Taken> {
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
    const taken = await snapshotOf(query, diagnostics, { root, users, access });
    file.write(access, taken.snapshot);
    return taken;
  } finally {
    file.close();
  }
}

async function report(
  diagnostics: Diagnostics,
  format: ListFormat,
  onScreen: boolean,
  err: Writer,
): Promise<void> {
  if (diagnostics.gaps.length > 0 || format.verbose) {
    const { tellDiagnostics } = await import("../views/gaps.ts");
    const choice = format.color === "always" ? "auto" : format.color;
    const color = useColor(choice, terminalColumns(2) !== null, process.env);
    tellDiagnostics(diagnostics, err, { verbose: format.verbose, color, person: onScreen });
  }
  err.flush();
}
