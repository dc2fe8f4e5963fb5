/**
 * What is told where a listing is empty: what the usual view left out, and a name that nothing has.
 *
 * Loaded only then, so that it may look again.
 *
 * @module
 */
import { ESRCH } from "../../ffi/errno.ts";
import { close } from "../../ffi/files.ts";
import { tryOpenProcess } from "../../ffi/process.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { conditions } from "../filter/ast.ts";
import { needs } from "../filter/needs.ts";
import type { Process } from "../model/owner.ts";
import { ALL_STATES } from "../model/state.ts";
import { absence, decide, EVERYWHERE } from "../model/verdict.ts";
import { ContainerFinder } from "../origin/container_finder.ts";
import { Processes } from "../origin/processes.ts";
import type { Users } from "../etc/users.ts";
import type { ProcRoot } from "../proc/root.ts";
import { DescriptorScanner } from "../proc/scan.ts";
import { showsOwnPids } from "../proc/status.ts";
import { filtersByOwner, NoSuchName, type Query } from "../query.ts";
import { processIsCalled } from "../snapshot/owner_match.ts";
import { utf8Text } from "../text/encoding.ts";
import { similar } from "../text/nearest.ts";
import { plural } from "../text/plural.ts";

/** What this machine is read through. */
interface Tools {
  readonly root: ProcRoot;
  readonly users: Users;
}

/** Throws {@linkcode NoSuchName} for a process ID that no process has. Before Linux 5.3 and in a foreign /proc nothing is known. */
export function checkPids({ pids }: Query, root: ProcRoot): void {
  if (pids === null || !showsOwnPids(root)) return;
  for (const pid of pids) {
    const found = tryOpenProcess(pid);
    if (found >= 0) close(found);
    else if (found === -ESRCH) throw new NoSuchName(`--pid ${pid}: no process has this ID`);
  }
}

/**
 * The line that says why nothing is listed. `count` tells how many sockets a wider query finds; `null` where it cannot be asked. Throws {@linkcode NoSuchName} for
 * a unit or container that no process is in.
 */
export async function nothingMatched(
  query: Query,
  diagnostics: Diagnostics,
  { root, users }: Tools,
  count: ((query: Query) => Promise<number>) | null,
): Promise<string> {
  // Every socket is in a table, whoever holds it. Owners count only where they were asked about.
  const places = byOwner(query) ? EVERYWHERE : { ...EVERYWHERE, processes: () => false };
  const verdict = decide(false, places, diagnostics.gaps);
  const said = absence(query.states === null ? "no_service_matches" : "nothing_matches", verdict);
  const strange = root.isLive ? strangeName(query, root, users) : null;
  if (strange !== null) return `${said}: ${strange}`;
  if (query.states !== null || count === null) return said;
  const others = await count({ ...query, states: ALL_STATES });
  if (others === 0) return said;
  return `${said}; ${plural(others, "other socket")} ${others === 1 ? "does" : "do"}: add -a`;
}

/** A name in the query that no process has, and the nearest one that some process has. */
function strangeName(query: Query, root: ProcRoot, users: Users): string | null {
  const wanted = namesOf(query);
  if (wanted.length === 0) return null;
  const facts = new Processes(root, users);
  const containers = new ContainerFinder(users, true);
  const processes = new DescriptorScanner(root).listProcesses().map((pid) => facts.get(pid));
  for (const { kind, name } of wanted) {
    const has = bearers(kind, name, containers);
    if (processes.some(has)) continue;
    const near = similar(
      name,
      new Set(processes.flatMap((process) => named(kind, process, containers))),
    );
    const meant = near === undefined ? "" : `: did you mean ${near}?`;
    if (kind === "process") return `no process that can be seen here is called "${name}"${meant}`;
    throw new NoSuchName(
      `no process that can be seen here is in a ${kind} called "${name}"${meant}`,
    );
  }
  return null;
}

function byOwner(query: Query): boolean {
  return filtersByOwner(query) || needs(query.filter ?? null).owners;
}

interface WantedName {
  readonly kind: "process" | "unit" | "container";
  readonly name: string;
}

function namesOf({ processes, filter }: Query): WantedName[] {
  const wanted = (processes ?? []).map((name): WantedName => ({ kind: "process", name }));
  for (const condition of filter ? conditions(filter) : []) {
    const { kind } = condition;
    if (kind !== "process" && kind !== "unit" && kind !== "container") continue;
    wanted.push(...condition.patterns.map((name) => ({ kind, name })));
  }
  // A pattern is no name that somebody may have misspelt.
  return wanted.filter(({ name }) => !/[*?[\\]/.test(name));
}

function bearers(
  kind: WantedName["kind"],
  name: string,
  containers: ContainerFinder,
): (process: Process) => boolean {
  switch (kind) {
    case "process":
      return (process) => processIsCalled(process, name);
    case "unit":
      return ({ unit }) => unit === name || unit !== null && unit.replace(/\.[a-z]+$/, "") === name;
    case "container":
      return (process) => containers.isCalled(process, name);
  }
}

function named(
  kind: WantedName["kind"],
  process: Process,
  containers: ContainerFinder,
): readonly string[] {
  switch (kind) {
    case "process":
      return process.comm === null ? [] : [utf8Text(process.comm)];
    case "unit":
      return process.unit === null ? [] : [process.unit, process.unit.replace(/\.[a-z]+$/, "")];
    case "container": {
      const name = containers.names(process)?.name;
      return name == null ? [] : [name];
    }
  }
}
