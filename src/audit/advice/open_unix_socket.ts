/**
 * Finds unix sockets of root daemons that everyone may connect to.
 *
 * @module
 */
import type { Rule } from "./rule.ts";

/** Sockets that are meant for everyone: the daemon checks who connects. */
const MEANT_FOR_ALL =
  /^(\/var)?\/run\/(dbus\/system_bus_socket|systemd\/(journal\/(socket|stdout|dev-log)|notify|io\.systemd\.\S+|userdb\/\S+|resolve\/\S+|machine\/\S+)|nscd\/socket|udev\/control|rpcbind\.sock|avahi-daemon\/socket|pcscd\/pcscd\.comm|acpid\.socket|cups\/cups\.sock|sssd\/\S+|uuidd\/request|polkit\/\S+)$|^\/dev\/log$/;

/** The rule. */
export const openUnixSocket: Rule = {
  id: "open-unix-socket",
  severity: "medium",
  title: "everyone may connect to a unix socket of root",
  places: { tables: (label) => label.startsWith("unix"), namespaces: true },
  fix:
    "Take the permission from others (chmod o-w, or SocketMode= of the unit), or let the daemon check who calls (SO_PEERCRED)",
  owner: ({ check, socket: { state, local } }) =>
    check === "unix" && state === "listen" &&
    (local.path ? local.open_to_others === true && !MEANT_FOR_ALL.test(local.path) : !!local.name),
  unknown({ check, socket: { state, owners, local } }) {
    const { path, open_to_others: open, host_path: place } = local;
    if (check !== "unix" || state !== "listen" || !path || open !== undefined) return null;
    // Its file is gone, or nobody of interest holds it.
    if (place === null || !owners.some(({ uid }) => uid === 0)) return null;
    return MEANT_FOR_ALL.test(path) ? null : `who may connect to ${path}`;
  },
  find: ({ services }) =>
    services.flatMap((audited) => {
      const { socket } = audited;
      if (audited.check !== "unix" || socket.state !== "listen") return [];
      if (!socket.owners.some(({ uid }) => uid === 0)) return [];
      const { local } = socket;
      const { path, name, mode, open_to_others: open } = local;
      if (path && open === true) {
        const place = local.host_path ?? path;
        if (MEANT_FOR_ALL.test(place)) return [];
        return [{
          audited,
          message: "every user of this host may connect to a daemon of root",
          evidence: [`${place} has mode ${mode}, and every folder on the way lets others pass`],
        }];
      }
      if (!path && name) {
        return [{
          audited,
          severity: "low" as const,
          message:
            "an abstract name has no permissions: every user of the network namespace may connect",
          evidence: [`@${name} belongs to a process of root`],
          fix: "Use a path with permissions, or let the daemon check who calls (SO_PEERCRED)",
        }];
      }
      return [];
    }),
};
