/**
 * Names of containers and pods, from the files that runtimes leave. No daemon is asked.
 *
 * @module
 */
import { Refusal } from "../files/refusal.ts";
import { UntrustedTree } from "../files/untrusted_tree.ts";
import type { Container } from "../model/owner.ts";
import { utf8Text } from "../text/encoding.ts";

/** What the files say of a container; `null` where none is readable or says it. */
export interface ContainerNames {
  readonly name: string | null;
  readonly pod: string | null;
  readonly podNamespace: string | null;
  readonly image: string | null;
  /** File that its output goes to. */
  readonly log: string | null;
  /** What was there and could not be read, where that may be why nothing is known: a path, and the reason. */
  readonly unread: string | null;
}

const UNKNOWN: ContainerNames = {
  name: null,
  pod: null,
  podNamespace: null,
  image: null,
  log: null,
  unread: null,
};

/** A home directory, and whose it is. */
interface Home {
  readonly directory: string;
  readonly uid: number;
}

/** Home directories where Podman may keep the containers of a user. None for root, whose containers are elsewhere, and none when the user is unknown. */
export function homesOf(user: string | null, uid: number | null): Home[] {
  // The name comes out of a table and becomes part of a path.
  const known = user !== null && user !== "root" && uid !== null && !/^\.{0,2}$|\//.test(user);
  return known ? [{ directory: `/home/${user}`, uid }] : [];
}

/** Larger files are none of a runtime's: a list of a thousand containers has a sixteenth of it. */
const FILE_LIMIT = 16 * 1024 * 1024;
const LOG_LIMIT = 100_000;

/** Files of runtimes, which root and we ourselves may have written, and what was refused. */
class RuntimeFiles {
  readonly tree: UntrustedTree;
  unread: string | null = null;

  constructor(tree: UntrustedTree) {
    this.tree = tree;
  }

  /** Notes what was there and could not be read. */
  refused(what: string, { why, text }: Refusal): null {
    if (why !== "absent") this.unread ??= `${what} ${text}`;
    return null;
  }

  /** A JSON file of root's, of our own, or of this user; `null` if there is none. */
  json(path: string, uid?: number): Record<string, unknown> | unknown[] | null {
    const owners = [0, process.geteuid!(), ...(uid === undefined ? [] : [uid])];
    const bytes = this.tree.read(path, { limit: FILE_LIMIT, owners });
    if (bytes instanceof Refusal) return this.refused(path, bytes);
    try {
      const value: unknown = JSON.parse(utf8Text(bytes));
      return typeof value === "object" ? value as Record<string, unknown> : null;
    } catch {
      // Being written at this moment, or not JSON at all.
      this.unread ??= `${path} is not JSON`;
      return null;
    }
  }
}

/** Reads what can be read about a container. `root` is put before every path: a fixture, or `""`. */
export function containerNames(
  container: Container,
  root = "",
  homes: readonly Home[] = [],
): ContainerNames {
  const { id, runtime } = container;
  if (runtime === "lxc" || runtime === "nspawn") return { ...UNKNOWN, name: id };
  // The identifier came out of a path: it must not lead anywhere else.
  if (!/^[0-9a-zA-Z_.-]+$/.test(id) || id.startsWith(".")) return UNKNOWN;
  const tree = UntrustedTree.open(root);
  if (tree instanceof Refusal) return { ...UNKNOWN, unread: `${root || "/"} ${tree.text}` };
  try {
    const files = new RuntimeFiles(tree);
    return kubernetesLog(id, files) ?? docker(id, files) ?? bundle(id, files) ??
      podman(id, files, homes) ?? { ...UNKNOWN, unread: files.unread };
  } finally {
    tree.close();
  }
}

const string = (value: unknown): string | null =>
  typeof value === "string" && value !== "" ? value : null;

// /var/log/containers/POD_NAMESPACE_CONTAINER-ID.log: a link that every runtime of Kubernetes keeps.
function kubernetesLog(id: string, files: RuntimeFiles): ContainerNames | null {
  const folder = "/var/log/containers";
  let found: ContainerNames | null = null;
  const end = files.tree.list(folder, LOG_LIMIT, (name) => {
    const entry = utf8Text(name);
    const match = /^([^_]+)_([^_]+)_(.+)-([0-9a-f]{64})\.log$/.exec(entry);
    if (match === null || match[4] !== id) return false;
    found = {
      ...UNKNOWN,
      name: match[3]!,
      pod: match[1]!,
      podNamespace: match[2]!,
      log: `${folder}/${entry}`,
    };
    return true;
  });
  if (end === "limit") files.unread ??= `${folder} has more than ${LOG_LIMIT} entries`;
  return end instanceof Refusal ? files.refused(folder, end) : found;
}

function docker(id: string, files: RuntimeFiles): ContainerNames | null {
  const folder = `/var/lib/docker/containers/${id}`;
  const config = files.json(`${folder}/config.v2.json`) as Record<string, unknown> | null;
  if (config === null) return null;
  const { Name, LogPath, Config } = config;
  const image = string((Config as Record<string, unknown> | null | undefined)?.Image);
  return {
    ...UNKNOWN,
    name: string(Name)?.replace(/^\//, "") ?? null,
    image,
    log: string(LogPath),
  };
}

// The bundle of containerd's and CRI-O's containers: annotations that the kubelet asked for.
function bundle(id: string, files: RuntimeFiles): ContainerNames | null {
  const paths = [
    `/run/containerd/io.containerd.runtime.v2.task/k8s.io/${id}/config.json`,
    `/run/containers/storage/overlay-containers/${id}/userdata/config.json`,
    `/var/lib/containers/storage/overlay-containers/${id}/userdata/config.json`,
  ];
  for (const path of paths) {
    const config = files.json(path) as Record<string, unknown> | null;
    const notes = config?.annotations as Record<string, unknown> | undefined;
    if (notes === undefined || notes === null) continue;
    const note = (...keys: string[]) =>
      keys.map((key) => string(notes[key])).find((value) => value !== null) ?? null;
    const name = note("io.kubernetes.cri.container-name", "io.kubernetes.container.name");
    if (name === null) continue;
    return {
      name,
      pod: note("io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name"),
      podNamespace: note("io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace"),
      image: note("io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName"),
      log: note("io.kubernetes.cri-o.LogPath"),
      unread: null,
    };
  }
  return null;
}

function podman(
  id: string,
  files: RuntimeFiles,
  homes: readonly Home[],
): ContainerNames | null {
  const system: { store: string; uid?: number } = { store: "/var/lib/containers/storage" };
  const stores = [
    system,
    ...homes.map(({ directory, uid }) => ({
      store: `${directory}/.local/share/containers/storage`,
      uid,
    })),
  ];
  for (const { store, uid } of stores) {
    const list = files.json(`${store}/overlay-containers/containers.json`, uid);
    if (!Array.isArray(list)) continue;
    for (const entry of list as Record<string, unknown>[]) {
      if (entry?.id !== id) continue;
      const names = entry.names;
      return { ...UNKNOWN, name: Array.isArray(names) ? string(names[0]) : null };
    }
  }
  return null;
}
