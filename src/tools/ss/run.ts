/**
 * Shows the selected tables in the order of ss.
 *
 * @module
 */
import { SyscallError } from "../../../ffi/errno.ts";
import { terminalColumns } from "../../../ffi/terminal.ts";
import { type SsTableEntry, TABLES_FIRST, TABLES_LAST } from "./rows/families.ts";
import type { InetMessage } from "../../families/inet/message.ts";
import { Diagnostics } from "../../diagnostics.ts";
import { sanitize } from "../../text/sanitize.ts";
import { gapLines } from "../../model/gap.ts";
import { DecodeError } from "../../model/decode_error.ts";
import { attemptDump } from "../../netlink/dump.ts";
import { NetlinkError } from "../../netlink/error.ts";
import { SsTable } from "./layout/table.ts";
import type { Writer } from "../../text/writer.ts";
import { INTERRUPTED, type Loaded, SsRun } from "./context.ts";
import { SsFiles } from "./files.ts";
import { INET_FIRST, INET_LAST, InetReader } from "./inet_reader.ts";
import type { SsPlan } from "./plan.ts";

/** Runs a plan. Returns the exit status. Throws what the writers throw. */
export async function runSs(plan: SsPlan, out: Writer, err: Writer): Promise<number> {
  out.flush();
  const files = new SsFiles(plan.environment);
  // From here on each call that fails counts, also those of the search for owners.
  const diagnostics = new Diagnostics();
  const loaded = await load(plan, files);
  const table = new SsTable(out, { shown: shownColumns(plan), ...screenOf(plan) });
  if (plan.header) table.header();
  const run = new SsRun(plan, files, table, loaded, diagnostics);
  let status = 0;
  try {
    if (plan.events) {
      const { follow } = await import("./events.ts");
      status = follow(run, table, err);
    } else if (plan.kill) {
      const { Killer } = await import("./kill.ts");
      const killer = new Killer();
      try {
        const close = (protocol: number) => (message: InetMessage) =>
          killer.close(message, protocol);
        // The kernel closes internet sockets only.
        const inet = new InetReader(run, plan, close, err);
        for (const source of [...INET_FIRST, ...INET_LAST]) inet.show(source);
      } finally {
        killer.end();
      }
    } else {
      const inet = new InetReader(run, plan, null, err);
      for (const entry of TABLES_FIRST) await showFamily(entry, run);
      for (const source of INET_FIRST) inet.show(source);
      for (const entry of TABLES_LAST) await showFamily(entry, run);
      for (const source of INET_LAST) inet.show(source);
    }
    table.render();
    status = reportFaults(run, err) || status;
  } finally {
    run.close();
  }
  err.flush();
  return status;
}

/**
 * Tells what could not be read or decoded. Returns the exit status of the latter: 0 if all could. What could not be read from one
 * source may have come from another, and does not change the status of ss either.
 */
function reportFaults({ faults: { count, first }, diagnostics }: SsRun, err: Writer): number {
  for (const line of gapLines(diagnostics.gaps, false)) err.write(`ss: ${sanitize(line)}\n`);
  if (first === null) return 0;
  const more = count === 1 ? "" : ` (and ${count - 1} more faults)`;
  err.write(`ss: some sockets may be missing: ${first.message}${more}\n`);
  return 1;
}

async function load({ options }: SsPlan, files: SsFiles): Promise<Loaded> {
  let owners: Loaded["owners"] = null;
  // -T alone shows no column of processes, so they are not read, although ss does read them.
  if (options.processes) {
    const { SsOwners } = await import("./owners.ts");
    owners = new SsOwners(files.root, options);
  }
  let hosts: Loaded["hosts"] = null;
  if (options.resolve) {
    const { HostNames } = await import("./names/hosts.ts");
    hosts = new HostNames();
  }
  return { owners, hosts };
}

/** Which columns are shown. Netid and State are left out when they could have one value only. */
function shownColumns({ options, selection, queues }: SsPlan): boolean[] {
  const several = (mask: number) => (mask & mask - 1) !== 0;
  return [
    several(selection.tables),
    several(selection.states),
    queues,
    queues,
    true,
    true,
    true,
    true,
    options.processes,
    true,
  ];
}

/** The width of the screen: that of the terminal, else the value of COLUMNS. */
function screenOf({ environment }: SsPlan): { screen: number | null; terminal: boolean } {
  const columns = terminalColumns(1);
  const terminal = columns !== null;
  if (columns) return { screen: columns, terminal };
  const given = /^\s*\+?(\d{1,9})/.exec(environment.COLUMNS ?? "");
  return { screen: given !== null && Number(given[1]) > 0 ? Number(given[1]) : null, terminal };
}

async function showFamily(entry: SsTableEntry, run: SsRun): Promise<void> {
  const { selection, files } = run;
  if ((selection.tables & entry.tables) === 0 || !selection.family(entry.family)) return;
  const { ss } = await entry.load();
  const redirected = files.redirected(entry.variable ?? "PROC_ROOT");
  const request = redirected ? null : ss.request(run);
  if (request !== null && run.connection !== null) {
    const printer = ss.printer(run);
    try {
      const { interrupted } = attemptDump(run.connection, request, "ss", {
        message: (view, start, end) => run.decode(() => printer.row(view, start, end, "netlink")),
      });
      if (interrupted) run.missing(INTERRUPTED);
      printer.finish?.();
      return;
    } catch (error) {
      if (error instanceof DecodeError) {
        // The reply itself is broken. What came before is shown, so the file in /proc would show it twice.
        run.decode(() => {
          throw error;
        });
        printer.finish?.();
        return;
      }
      if (!(error instanceof NetlinkError || error instanceof SyscallError)) throw error;
      run.failed(error);
    }
  }
  if (ss.table === null || entry.variable === null) return;
  const bytes = run.readTable(entry.variable);
  if (typeof bytes === "number") return;
  const printer = ss.printer(run);
  const { table } = ss;
  run.decode(() => table.parse(bytes, (view, start, end) => printer.row(view, start, end, "proc")));
  printer.finish?.();
}
