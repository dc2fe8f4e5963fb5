/**
 * lsof mode: lists open files, and says by its exit status whether everything that was asked for was found.
 *
 * @module
 */
import { Diagnostics } from "../../diagnostics.ts";
import { Hosts } from "../../etc/hosts.ts";
import { OpenFileReader } from "../../proc/open_files.ts";
import { ProcRoot } from "../../proc/root.ts";
import { Services } from "../../etc/services.ts";
import { Users } from "../../etc/users.ts";
import { Cells } from "./layout/cells.ts";
import { writeFields } from "./layout/fields.ts";
import type { LsofNames, ProcessRow } from "./rows/row.ts";
import { writeTable } from "./layout/table.ts";
import type { Writer } from "../../text/writer.ts";
import { formatAddress } from "../../model/endpoint.ts";
import { Gatherer } from "./gather/mod.ts";
import { missing } from "./gather/missing.ts";
import { NamedFiles } from "./gather/named_files.ts";
import type { InternetProtocol, LsofLookups, LsofQuery, Repetition } from "./query.ts";
import { Selection } from "./gather/selection.ts";
import { strftime } from "./strftime.ts";

/** Names from the files of this host. */
export class HostNames implements LsofLookups {
  readonly users = new Users();
  readonly services = new Services();
  readonly hosts = new Hosts();

  service(name: string, protocol: InternetProtocol): number | null {
    return this.services.port(name, protocol);
  }

  addresses(name: string): { version: 4 | 6; address: string }[] {
    return this.hosts.addresses(name).map((bytes) => ({
      version: bytes.length === 4 ? 4 : 6,
      address: formatAddress(bytes),
    }));
  }

  user(login: string): number | null {
    return this.users.uid(login);
  }
}

/** Runs a query. Returns the exit status. Throws what the writers throw. */
export async function lsof(
  query: LsofQuery,
  names: HostNames,
  unicode: boolean,
  out: Writer,
  err: Writer,
): Promise<number> {
  const root = new ProcRoot();
  const diagnostics = new Diagnostics();
  const reader = new OpenFileReader(root);
  const selection = new Selection(query);
  const named = new NamedFiles(query, root, reader);
  for (const problem of named.problems) {
    if (query.warnings || !problem.startsWith("WARNING")) err.write(`lsof: ${problem}\n`);
  }
  for (const warning of query.warnings ? named.warnings : []) err.write(`lsof: ${warning}\n`);
  const bad = named.problems.length > 0;
  // A directory that is not one ends it; so do names none of which exists.
  if (bad && (!named.any || named.problems.some((problem) => problem.startsWith("WARNING")))) {
    err.flush();
    return query.quiet ? 0 : 1;
  }
  const cells = new Cells(query.format, shownNames(query, names), unicode);
  let everListed = false;
  for (let cycle = 1;; cycle++) {
    const rows = new Gatherer(root, selection, named, reader, diagnostics).gather();
    write(rows, query, cells, out);
    out.flush();
    const { repetition } = query;
    if (repetition === null) break;
    if (rows.length > 0) everListed = true;
    else if (repetition.whileFound) break;
    writeMarker(repetition, query, out);
    out.flush();
    if (repetition.count !== null && cycle >= repetition.count) break;
    await new Promise((resolve) => setTimeout(resolve, repetition.seconds * 1000));
  }
  // What could not be read is missing from the answer, and a script that reads the rows has to be able to know.
  for (const gap of diagnostics.gaps) err.write(`lsof: ${gap.reason}\n`);
  err.flush();
  const lines = missing(selection, named, cells);
  if (query.verbose) { for (const line of lines) out.write(`lsof: ${line}\n`); }
  out.flush();
  if (query.quiet) return 0;
  if (lines.length > 0 || bad) return 1;
  // lsof 4.95 takes the count for a command as well, which it then misses: scripts have come to expect it.
  const { repetition } = query;
  if (repetition !== null && repetition.count !== null && repetition.marker === null) return 1;
  return query.repetition?.whileFound === true && !everListed ? 1 : 0;
}

function shownNames(query: LsofQuery, { users, services, hosts }: HostNames): LsofNames {
  return {
    user: (uid) => query.numericUsers ? null : users.name(uid),
    host: (address) => query.numericHosts ? null : hosts.name(address),
    service: (port, protocol) => query.numericPorts ? null : services.name(port, protocol),
  };
}

function write(
  rows: readonly ProcessRow[],
  { format }: LsofQuery,
  cells: Cells,
  out: Writer,
): void {
  if (format.kind === "table") writeTable(rows, format, cells, out);
  else if (format.kind === "fields") writeFields(rows, format, cells, out);
  else for (const pid of new Set(rows.map(({ pid }) => pid))) out.write(`${pid}\n`);
}

function writeMarker({ marker }: Repetition, { format }: LsofQuery, out: Writer): void {
  const text = marker === null ? null : strftime(marker, new Date()) ?? "";
  if (format.kind === "fields") {
    out.write(`m${text ?? ""}${format.terminator}${format.terminator === "\0" ? "\n" : ""}`);
  } else out.write(`${text ?? "======="}\n`);
}
