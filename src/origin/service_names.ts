/**
 * ServiceNames: what a process belongs to, as a person calls it: its container or pod by name, else its unit.
 *
 * @module
 */
import type { Users } from "../etc/users.ts";
import type { Process } from "../model/owner.ts";
import type { ProcRoot } from "../proc/root.ts";
import { containerOf, unitOf } from "./cgroup.ts";
import { CgroupPaths } from "./cgroup_paths.ts";
import { ContainerFinder } from "./container_finder.ts";

/** As many digits of an ID as runtimes print. */
const SHORT_ID = 12;

/** Looks names up when they are asked for. */
export class ServiceNames {
  readonly #containers: ContainerFinder;
  readonly #groups: CgroupPaths;

  constructor(root: ProcRoot, users: Users) {
    this.#containers = new ContainerFinder(users, root.isLive);
    this.#groups = new CgroupPaths(root);
  }

  /** That of a process; `null` if it is in no container and in no unit. */
  of(process: Process): string | null {
    const { container, unit } = process;
    if (container === null) return unit === null ? null : shortUnit(unit);
    const names = this.#containers.names(process);
    if (names?.pod != null) return names.name === null ? names.pod : `${names.pod}/${names.name}`;
    return names?.name ?? container.name ?? shortId(container.id);
  }

  /** The container of a process, by name or else by ID; `null` for a process of the host. */
  containerOf(process: Process): string | null {
    const { container } = process;
    if (container === null) return null;
    return this.#containers.names(process)?.name ?? container.name ?? shortId(container.id);
  }

  /** That of a control group, by its identifier; `null` for a group that is gone or not seen from here. */
  ofGroup(id: bigint): string | null {
    const path = this.#groups.path(id);
    if (path === null) return null;
    const container = containerOf(path);
    if (container !== null) return container.name ?? shortId(container.id);
    const unit = unitOf(path);
    return unit === null ? null : shortUnit(unit);
  }
}

// Most units are services.
function shortUnit(unit: string): string {
  return unit.endsWith(".service") ? unit.slice(0, -".service".length) : unit;
}

function shortId(id: string): string {
  return /^[0-9a-f]{64}$/.test(id) ? id.slice(0, SHORT_ID) : id;
}
