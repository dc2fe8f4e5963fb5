/**
 * Bearers: the processes that a target names: by ID, by name, by unit, by container.
 *
 * @module
 */
import type { Users } from "../../etc/users.ts";
import type { Process } from "../../model/owner.ts";
import { ContainerFinder } from "../../origin/container_finder.ts";
import type { ProcRoot } from "../../proc/root.ts";
import { processIsCalled } from "../../snapshot/owner_match.ts";
import type { Target } from "./target.ts";

/** True for a target that names processes, and the sockets that they hold. */
export function namesProcesses({ kind }: Target): boolean {
  return kind === "pid" || kind === "process" || kind === "unit" || kind === "container";
}

/** See the module. */
export class Bearers {
  readonly #containers: ContainerFinder;

  constructor(users: Users, root: ProcRoot) {
    this.#containers = new ContainerFinder(users, root.isLive);
  }

  /** True if the target names the process. */
  bears(process: Process, target: Target): boolean {
    switch (target.kind) {
      case "pid":
        return process.pid === target.pid;
      case "process":
        return processIsCalled(process, target.name);
      case "unit":
        return process.unit === target.unit;
      case "container":
        return this.#containers.isCalled(process, target.container);
      default:
        return false;
    }
  }
}
