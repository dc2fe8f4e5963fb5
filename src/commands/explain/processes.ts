/**
 * Where the owners of a socket live, and where their logs are.
 *
 * @module
 */
import type { LogFile, Logs, Place } from "../../model/explanation.ts";
import type { Bytes, Container, Process } from "../../model/owner.ts";
import { podOf, sessionOf } from "../../origin/cgroup.ts";
import { type ContainerNames, containerNames, homesOf } from "../../origin/container_names.ts";
import { seesOurFiles } from "../../files/mount_table.ts";
import type { OpenFile } from "../../origin/facts.ts";
import { runsHostFile } from "../../snapshot/program_files.ts";
import { PackageAllowance, packageOf } from "../../origin/packages.ts";
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
    const { fate: exeFate, unread } = facts.exeFate(pid);
    const exeIsHostFile = isHostFile(process, input);
    const key = [
      exeIsHostFile,
      text(process.comm),
      text(exe),
      exe === null && process.zombie,
      exeFate,
      text(cwd),
      text(root),
      cgroup,
    ].join("\0");
    const known = places.get(key);
    if (known !== undefined) known.pids.push(pid);
    else {
      const facts = { root, cgroup, cwd, exeFate, exeIsHostFile, unread };
      places.set(key, placeOf(process, facts, input));
    }
  }
  return [...places.values()];
}

function placeOf(
  process: Process,
  { root, cgroup, cwd, exeFate, exeIsHostFile, unread }: {
    readonly root: Bytes | null;
    readonly cgroup: string | null;
    readonly cwd: Bytes | null;
    readonly exeFate: Place["exeFate"];
    readonly exeIsHostFile: boolean | null;
    readonly unread: string | null;
  },
  input: ExplainInput,
): Place & { pids: number[] } {
  const { container } = process;
  const names = container === null || !input.root.isLive
    ? null
    : namesOf(process, container, input);
  const { exe } = process;
  // The package of a path says nothing of another file that a user has mounted there.
  const isStrange = exeIsHostFile === false && container === null && isHostRoot(root);
  const owned = exe === null || exeFate === "deleted" || !input.root.isLive
    ? null
    : isStrange
    ? { package: null, unread: "the package of the program: this host has another file there" }
    : packageAt(exe, process, root, input);
  const podUid = cgroup === null ? null : podOf(cgroup);
  return {
    pids: [process.pid],
    comm: process.comm,
    exe,
    zombie: process.exe === null && process.zombie === true,
    exeFate,
    exeIsHostFile,
    package: owned?.package ?? null,
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
    unread: [...input.facts.unread(process.pid), unread, owned?.unread, names?.unread]
      .filter((reason) => typeof reason === "string"),
  };
}

function isHostFile({ pid, exe, exeDeleted, container }: Process, input: ExplainInput) {
  if (exe === null || !input.root.isLive) return null;
  const program = {
    pid: input.facts.living(pid),
    exe,
    deleted: exeDeleted,
    inContainer: container !== null,
  };
  return runsHostFile(program, input.root);
}

const isHostRoot = (root: Bytes | null) => root === null || text(root) === "/";

/** The container of a process, with its name and its image where the runtime's files tell them. */
export function containerAt(
  process: Process,
  input: Pick<ExplainInput, "root" | "users">,
): Pick<Place, "container" | "image"> {
  const { container } = process;
  if (container === null || !input.root.isLive) return { container, image: null };
  const { name, image } = namesOf(process, container, input);
  return { container: { ...container, name: name ?? container.name }, image };
}

function namesOf(
  { uid }: Process,
  container: Container,
  { users }: Pick<ExplainInput, "users">,
): ContainerNames {
  return containerNames(container, "", homesOf(uid === null ? null : users.name(uid), uid));
}

const packages = new WeakMap<
  ExplainInput,
  {
    readonly allowance: PackageAllowance;
    readonly answers: Map<string, ReturnType<typeof packageOf>>;
  }
>();

// In a container, the package databases are those of its image, whose users are its own. Elsewhere they are root's: a process
// that has mounted another one for itself is not believed.
function packageAt(
  exe: Bytes,
  { pid, container }: Process,
  root: Bytes | null,
  input: ExplainInput,
): { readonly package: Place["package"]; readonly unread: string | null } {
  let known = packages.get(input);
  if (known === undefined) {
    packages.set(input, known = { allowance: new PackageAllowance(), answers: new Map() });
  }
  // Processes that see the files that we see share an answer.
  const tree = root === null || seesOurFiles(pid) ? "" : `${input.root.path}/${pid}/root`;
  const key = `${tree}\0${text(exe)}`;
  let answer = known.answers.get(key);
  if (answer === undefined) {
    const isOfHost = container === null && isHostRoot(root);
    const owners = isOfHost ? [0, process.geteuid!()] : undefined;
    known.answers.set(key, answer = packageOf(text(exe), tree, owners, known.allowance));
  }
  const { name, manager, lookedUp, unread } = answer;
  return {
    package: manager === null || !lookedUp ? null : { name, manager },
    unread: unread === undefined ? null : `the package of the program: ${unread}`,
  };
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
    const mayLog = process.unit !== null && input.facts.environmentUnread(pid);
    if (open === null || !open.whole || mayLog) unread.push(pid);
    for (const file of open?.files ?? []) {
      if (!looksLikeLog(file)) continue;
      // A deleted file and a new one with the same path are two files.
      const key = `${text(file.path)}\0${file.deleted}`;
      const known = files.get(key) ?? { ...file, owners: [] };
      files.set(key, known);
      // The descriptors of a process come one after another.
      const owner = known.owners.at(-1);
      if (owner?.pid === pid) owner.fds.push(file.fd);
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
