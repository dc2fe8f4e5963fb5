/**
 * What the screen looks up of processes: their parents, units and containers. Loaded only where a screen is made.
 *
 * @module
 */
import type { Users } from "../etc/users.ts";
import { Processes } from "../origin/processes.ts";
import { ServiceNames } from "../origin/service_names.ts";
import type { ProcRoot } from "../proc/root.ts";
import type { SocketForwards } from "../views/json.ts";
import type { ScreenFacts } from "../views/screen/mod.ts";

/** Looks facts up through the same files as the snapshot. */
export function screenFacts(
  { root, users }: { readonly root: ProcRoot; readonly users: Users },
  forwards: SocketForwards = new Map(),
): ScreenFacts {
  const processes = new Processes(root, users);
  const names = new ServiceNames(root, users);
  return {
    process: (pid) => processes.get(pid),
    serviceOf: (process) => names.of(process),
    containerOf: (process) => names.containerOf(process),
    serviceOfGroup: (id) => root.isLive ? names.ofGroup(id) : null,
    forwardsOf: ({ inode }) =>
      forwards.size === 0 || inode === null ? [] : forwards.get(inode) ?? [],
    userName: (uid) => users.name(uid),
  };
}
