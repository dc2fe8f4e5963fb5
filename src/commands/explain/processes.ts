/**
 * Where the owners of a socket live, and where their logs are.
 *
 * @module
 */
import type { LogFile, Logs, Place } from "../../model/explanation.ts";
import type { Bytes, Container, Process } from "../../model/owner.ts";
import { podOf, sessionOf } from "../../origin/cgroup.ts";
import { type ContainerNames, containerNames, homesOf } from "../../origin/container_names.ts";
import type { OpenFile } from "../../origin/facts.ts";
import { packageOf } from "../../origin/packages.ts";
import type { ExplainInput } from "./input.ts";
import { latin1Text } from "../../text/encoding.ts";

// One character a byte, so that different paths are different keys.
const text = (bytes: Bytes | null) => bytes === null ? "" : latin1Text(bytes);

/** Where each process lives. Processes that agree share a place. */
export function placesOf(processes: readonly Process[], input: ExplainInput): Place[] {
  const places = new Map<string, Place & { pids: number[] }>();
  for (const process of processes) {
    const { facts } = input;
    const { pid, exe } = process;
    const root = facts.rootDirectory(pid);
    const cgroup = facts.cgroup(pid);
    const cwd = facts.cwd(pid);
    const exeFate = facts.exeFate(pid);
    const key = [text(process.comm), text(exe), exeFate, text(cwd), text(root), cgroup].join("\0");
    const known = places.get(key);
    if (known !== undefined) known.pids.push(pid);
    else places.set(key, placeOf(process, { root, cgroup, cwd, exeFate }, input));
  }
  return [...places.values()];
}

function placeOf(
  process: Process,
  { root, cgroup, cwd, exeFate }: {
    readonly root: Bytes | null;
    readonly cgroup: string | null;
    readonly cwd: Bytes | null;
    readonly exeFate: Place["exeFate"];
  },
  input: ExplainInput,
): Place & { pids: number[] } {
  const { container } = process;
  const names = container === null || !input.root.isLive
    ? null
    : namesOf(process, container, input);
  const podUid = cgroup === null ? null : podOf(cgroup);
  return {
    pids: [process.pid],
    comm: process.comm,
    exe: process.exe,
    exeFate,
    package: process.exe === null || exeFate === "deleted"
      ? null
      : packageAt(process.exe, process.pid, root, input),
    cwd,
    root: root === null || text(root) === "/" ? null : root,
    cgroup,
    unit: process.unit,
    session: cgroup === null ? null : sessionOf(cgroup),
    container: container === null ? null : { ...container, name: names?.name ?? container.name },
    image: names?.image ?? null,
    pod: podUid === null && names?.pod == null
      ? null
      : { uid: podUid, name: names?.pod ?? null, namespace: names?.podNamespace ?? null },
  };
}

function namesOf({ uid }: Process, container: Container, { users }: ExplainInput): ContainerNames {
  return containerNames(container, "", homesOf(uid === null ? null : users.name(uid)));
}

// In a container, the package databases are those of its image.
function packageAt(
  exe: Bytes,
  pid: number,
  root: Bytes | null,
  input: ExplainInput,
): Place["package"] {
  if (!input.root.isLive) return null;
  const found = packageOf(text(exe), root === null ? "" : `${input.root.path}/${pid}/root`);
  return found.manager === null || !found.lookedUp
    ? null
    : { name: found.name, manager: found.manager };
}

/** Where the output of the processes goes. */
export function logsOf(processes: readonly Process[], input: ExplainInput): Logs {
  const files = new Map<
    string,
    Omit<LogFile, "owners"> & {
      readonly owners: { readonly pid: number; readonly fds: number[] }[];
    }
  >();
  const journal = new Set<string>();
  const unread: number[] = [];
  let container: string | null = null;
  for (const process of processes) {
    const { pid } = process;
    const open = input.facts.openFiles(pid);
    if (open === null) unread.push(pid);
    for (const file of open ?? []) {
      if (!looksLikeLog(file)) continue;
      // A deleted file and a new one with the same path are two files.
      const key = `${text(file.path)}\0${file.deleted}`;
      const known = files.get(key) ?? { ...file, owners: [] };
      files.set(key, known);
      const owner = known.owners.find((owner) => owner.pid === pid);
      if (owner !== undefined) owner.fds.push(file.fd);
      else known.owners.push({ pid, fds: [file.fd] });
    }
    if (process.unit !== null && [1, 2].some((fd) => input.facts.isJournal(pid, fd))) {
      journal.add(process.unit);
    }
    if (process.container !== null && input.root.isLive) {
      container ??= namesOf(process, process.container, input).log;
    }
  }
  return {
    files: [...files.values()].map(({ path, deleted, size, owners }) => ({
      path,
      deleted,
      size,
      owners,
    })),
    journal: [...journal],
    container,
    unread,
  };
}

/** True for a regular file that is open for writing and looks like a log. Standard output to a file always does. */
function looksLikeLog({ fd, path, writable }: Pick<OpenFile, "fd" | "path" | "writable">) {
  if (!writable) return false;
  if (fd === 1 || fd === 2) return true;
  const name = text(path);
  return name.startsWith("/var/log/") || /\.log([.-]\w+)*$/.test(name) || /\/logs?\//.test(name);
}
