/**
 * What a cgroup path says: the systemd unit and session, the container, the pod.
 *
 * @module
 */
import type { Container, Manager } from "../model/owner.ts";

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
    if (isUnit(part)) unit = part;
  }
  return unit;
}

/** Who chose the name that {@linkcode unitOf} gives; `null` without one. */
export function unitManagerOf(path: string): Manager | null {
  const parts = partsOf(path);
  const unit = parts.findLastIndex(isUnit);
  return unit < 0 ? null : managerAt(parts, unit);
}

/** Who chose the identifier that {@linkcode containerOf} gives; `null` without one. */
export function containerManagerOf(path: string): Manager | null {
  const parts = partsOf(path);
  const at = containerIndex(parts);
  return at < 0 ? null : managerAt(parts, at);
}

// Slices are made by service managers, and plain groups outside of units by root. What is below a unit or a container was
// handed over to it.
function managerAt(parts: readonly string[], index: number): Manager {
  if (parts[0] === "user.slice") return "user";
  const above = parts.slice(0, index);
  return above.some(isUnit) || containerIndex(above) >= 0 ? "delegated" : "system";
}

function isUnit(part: string): boolean {
  return /^[^/]+\.(service|socket|scope|mount|swap)$/.test(part);
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "");
}

/** The login session of a path (loginctl(1) lists them); `null` where there is none. */
export function sessionOf(path: string): string | null {
  return /\/session-([^/]+)\.scope(?:\/|$)/.exec(path)?.[1] ?? null;
}

/** The Kubernetes pod of a path, by its UID; `null` where there is none. */
export function podOf(path: string): string | null {
  // systemd slices cannot hold a dash that does not nest, so the UID is written with underscores there. Static pods have the
  // hash of their manifest instead.
  const match = /kubepods.*[/-]pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})/
    .exec(path);
  return match === null ? null : match[1]!.replaceAll("_", "-");
}

const ID = /^[0-9a-f]{64}$/;
/** Names of cgroups that runtimes make under systemd, and their forms for the plain driver. */
const PREFIXED: readonly (readonly [pattern: RegExp, runtime: string])[] = [
  [/^docker-([0-9a-f]{64})\.scope$/, "docker"],
  [/^nerdctl-([0-9a-f]{64})\.scope$/, "containerd"],
  [/(?:^|:)cri-containerd[-:]([0-9a-f]{64})(?:\.scope)?$/, "containerd"],
  [/^crio-([0-9a-f]{64})(?:\.scope)?$/, "cri-o"],
  [/^libpod-(?:payload-)?([0-9a-f]{64})(?:\.scope)?$/, "podman"],
  [/^lxc\.payload\.(.+)$/, "lxc"],
  [/^systemd-nspawn@(.+)\.service$/, "nspawn"],
];

/** The container of a path; `null` for a process of the host. Of containers in containers it is the innermost. */
export function containerOf(path: string): Container | null {
  const parts = partsOf(path);
  const at = containerIndex(parts);
  return at < 0 ? null : containerAt(parts[at]!, parts.slice(0, at));
}

function containerIndex(parts: readonly string[]): number {
  for (let i = parts.length - 1; i >= 0; i--) {
    const part = parts[i]!;
    // The monitor of a container runs outside it, under a name that carries the same identifier.
    if (/^(libpod-conmon|crio-conmon|lxc\.monitor)[-.]/.test(part)) return -1;
    if (containerAt(part, parts.slice(0, i)) !== null) return i;
  }
  return -1;
}

function containerAt(part: string, above: readonly string[]): Container | null {
  for (const [pattern, runtime] of PREFIXED) {
    const match = pattern.exec(part);
    if (match !== null) return container(unescapeUnit(match[1]!), runtime);
  }
  const parent = above.at(-1);
  if (parent === "lxc" || parent === "lxc.payload") return container(part, "lxc");
  const machine = /^machine-(.+)\.scope$/.exec(part);
  if (machine !== null) {
    const name = unescapeUnit(machine[1]!);
    // A virtual machine is no container: its process runs on the host.
    if (/^qemu-\d+-/.test(name)) return null;
    return name.startsWith("lxc-") ? container(name, "lxc") : container(name, "nspawn");
  }
  // /ecs/TASK/ID, /ecs/CLUSTER/TASK/ID; on Fargate the ID is TASK-NUMBER.
  const ecs = above.lastIndexOf("ecs");
  if (ecs >= 0 && above.length > ecs + 1) {
    if (ID.test(part) || /^[0-9a-f]{32}-\d+$/.test(part)) return container(part, "ecs");
  }
  if (!ID.test(part)) return null;
  return container(
    part,
    parent === "docker" ? "docker" : parent === "libpod_parent" ? "podman" : null,
  );
}

function container(id: string, runtime: string | null): Container {
  return { id, runtime, name: null };
}

// systemd.unit(5): bytes that a unit name cannot hold are written \xNN; a plain dash stands for a slash only in paths.
function unescapeUnit(text: string): string {
  return text.replace(
    /\\x([0-9a-f]{2})/g,
    (_, digits: string) => String.fromCharCode(parseInt(digits, 16)),
  );
}
