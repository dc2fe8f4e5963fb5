/**
 * Names of containers and pods, from the files that runtimes leave. No daemon is asked.
 *
 * @module
 */
import {
  AT_FDCWD,
  close,
  DirectoryReader,
  O_DIRECTORY,
  O_RDONLY,
  tryOpenAt,
} from "../../ffi/files.ts";
import { cString } from "../../ffi/memory.ts";
import type { Container } from "../model/owner.ts";
import { readRegular } from "./regular_file.ts";
import { utf8Text } from "../text/encoding.ts";

/** What the files say of a container; `null` where none is readable or says it. */
export interface ContainerNames {
  readonly name: string | null;
  readonly pod: string | null;
  readonly podNamespace: string | null;
  readonly image: string | null;
  /** File that its output goes to. */
  readonly log: string | null;
}

const UNKNOWN: ContainerNames = {
  name: null,
  pod: null,
  podNamespace: null,
  image: null,
  log: null,
};

/** Home directories where Podman may keep the containers of a user. None for root, whose containers are elsewhere, and none when the user is unknown. */
export function homesOf(user: string | null): string[] {
  return user === null || user === "root" ? [] : [`/home/${user}`];
}

/** Reads what can be read about a container. `root` is put before every path: a fixture, or `""`. */
export function containerNames(
  container: Container,
  root = "",
  homes: readonly string[] = [],
): ContainerNames {
  const { id, runtime } = container;
  if (runtime === "lxc" || runtime === "nspawn") return { ...UNKNOWN, name: id };
  // The identifier came out of a path: it must not lead anywhere else.
  if (!/^[0-9a-zA-Z_.-]+$/.test(id) || id.startsWith(".")) return UNKNOWN;
  return kubernetesLog(id, root) ?? docker(id, root) ?? bundle(id, root) ??
    podman(id, root, homes) ?? UNKNOWN;
}

function json(path: string): Record<string, unknown> | unknown[] | null {
  const bytes = readRegular(path, 16 * 1024 * 1024);
  if (bytes === null) return null;
  try {
    const value: unknown = JSON.parse(utf8Text(bytes));
    return typeof value === "object" ? value as Record<string, unknown> : null;
  } catch {
    // Being written at this moment, or not JSON at all.
    return null;
  }
}

const string = (value: unknown): string | null =>
  typeof value === "string" && value !== "" ? value : null;

// /var/log/containers/POD_NAMESPACE_CONTAINER-ID.log: a link that every runtime of Kubernetes keeps.
function kubernetesLog(id: string, root: string): ContainerNames | null {
  const folder = `${root}/var/log/containers`;
  const fd = tryOpenAt(AT_FDCWD, cString(folder), O_RDONLY | O_DIRECTORY);
  if (fd < 0) return null;
  try {
    const reader = new DirectoryReader();
    reader.start(fd);
    while (reader.next()) {
      const entry = utf8Text(reader.name);
      const match = /^([^_]+)_([^_]+)_(.+)-([0-9a-f]{64})\.log$/.exec(entry);
      if (match === null || match[4] !== id) continue;
      return {
        ...UNKNOWN,
        name: match[3]!,
        pod: match[1]!,
        podNamespace: match[2]!,
        log: `${folder}/${entry}`,
      };
    }
    return null;
  } finally {
    close(fd);
  }
}

function docker(id: string, root: string): ContainerNames | null {
  const folder = `${root}/var/lib/docker/containers/${id}`;
  const config = json(`${folder}/config.v2.json`) as Record<string, unknown> | null;
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
function bundle(id: string, root: string): ContainerNames | null {
  const paths = [
    `${root}/run/containerd/io.containerd.runtime.v2.task/k8s.io/${id}/config.json`,
    `${root}/run/containers/storage/overlay-containers/${id}/userdata/config.json`,
    `${root}/var/lib/containers/storage/overlay-containers/${id}/userdata/config.json`,
  ];
  for (const path of paths) {
    const config = json(path) as Record<string, unknown> | null;
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
    };
  }
  return null;
}

function podman(id: string, root: string, homes: readonly string[]): ContainerNames | null {
  const stores = [
    `${root}/var/lib/containers/storage`,
    ...homes.map((home) => `${root}${home}/.local/share/containers/storage`),
  ];
  for (const store of stores) {
    const list = json(`${store}/overlay-containers/containers.json`);
    if (!Array.isArray(list)) continue;
    for (const entry of list as Record<string, unknown>[]) {
      if (entry?.id !== id) continue;
      const names = entry.names;
      return { ...UNKNOWN, name: Array.isArray(names) ? string(names[0]) : null };
    }
  }
  return null;
}
