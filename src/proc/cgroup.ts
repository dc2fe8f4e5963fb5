/**
 * What a cgroup path says: the systemd unit, and the container.
 *
 * @module
 */
import type { Container } from "../model/owner.ts";

/** The path that names the process best, from /proc/PID/cgroup (cgroups(7)): the unified hierarchy, else systemd's. */
export function cgroupPath(file: string): string | null {
  let systemd: string | null = null;
  let longest: string | null = null;
  for (const line of file.split("\n")) {
    const match = /^\d+:([^:]*):(\/.*)$/.exec(line);
    if (match === null) continue;
    const [, controllers, path] = match as unknown as [string, string, string];
    if (controllers === "" && path !== "/") return path;
    if (controllers === "name=systemd") systemd = path;
    if (longest === null || path.length > longest.length) longest = path;
  }
  return systemd !== null && systemd !== "/" ? systemd : longest;
}

/** The innermost service, socket, mount or scope of a path. `null` where systemd made none of it. */
export function unitOf(path: string): string | null {
  let unit: string | null = null;
  for (const part of path.split("/")) {
    if (/^[^/]+\.(service|socket|scope|mount|swap)$/.test(part)) unit = part;
  }
  return unit;
}

const ID = "[0-9a-f]{64}";
/** Shapes of paths, most specific first. The first group is the identifier. */
const CONTAINERS: readonly (readonly [pattern: RegExp, runtime: string | null])[] = [
  [new RegExp(`/docker-(${ID})\\.scope`), "docker"],
  [new RegExp(`/docker/(${ID})`), "docker"],
  [new RegExp(`/nerdctl-(${ID})\\.scope`), "containerd"],
  [new RegExp(`cri-containerd-(${ID})\\.scope`), "containerd"],
  [new RegExp(`crio-(${ID})(?:\\.scope)?`), "cri-o"],
  [new RegExp(`libpod-(${ID})(?:\\.scope)?`), "podman"],
  [/\/lxc\.payload[./]([^/]+)/, "lxc"],
  [/\/machine\.slice\/machine-([^/]+)\.scope/, "nspawn"],
  [/\/systemd-nspawn@([^/]+)\.service/, "nspawn"],
  [/\/ecs\/[^/]+\/([^/]+)/, "ecs"],
  [new RegExp(`/kubepods[^/]*/.*/?(${ID})`), null],
  [new RegExp(`/(${ID})(?:/|$)`), null],
];

/** The container of a path; `null` for a process of the host. */
export function containerOf(path: string): Container | null {
  // The monitor of a container runs outside it, under a path that carries the same identifier.
  if (/(libpod|crio)-conmon-/.test(path)) return null;
  for (const [pattern, runtime] of CONTAINERS) {
    const match = pattern.exec(path);
    if (match !== null) return { id: match[1]!, runtime, name: null };
  }
  return null;
}
