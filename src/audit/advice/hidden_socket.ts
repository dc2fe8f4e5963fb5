/**
 * Finds sockets that sock_diag, /proc/net and the descriptors of processes disagree about. Software that hides sockets rarely
 * hides them from all three.
 *
 * @module
 */
import { type Finding, INTERNET_SERVICES, type Rule } from "./rule.ts";

const MESSAGES = {
  only_sock_diag: "sock_diag shows it, /proc/net does not",
  only_proc_net: "/proc/net shows it, sock_diag does not",
  only_descriptors: "a process holds it listening, and no table shows it",
} as const;

/** The rule. */
export const hiddenSocket: Rule = {
  id: "hidden-socket",
  severity: "critical",
  title: "a socket is shown by one source and not by another",
  // The gaps are those of the comparison.
  places: { tables: true },
  live: true,
  fix: "Do not trust tools on this host; look at its memory and disk from outside",
  find: ({ comparison }) =>
    (comparison?.discrepancies ?? []).map(({ kind, endpoint, inode, detail }): Finding => ({
      audited: null,
      endpoint,
      message: MESSAGES[kind],
      evidence: [
        ...(inode === null ? [] : [`inode ${inode}`]),
        ...(detail === "" ? [] : [detail]),
        "both looks were complete, and disagreed twice: it is not one that came or went meanwhile",
      ],
    })),
};

/** The rule about listeners without an owner. */
export const unheldListener: Rule = {
  id: "unheld-listener",
  severity: "low",
  title: "no visible process holds a listener",
  worst: "high",
  places: INTERNET_SERVICES,
  owner: ({ check, socket: { ownership } }) =>
    check === "internet" && (ownership === "hidden" || ownership === "unknown"),
  fix:
    "Name the kernel service that it is (NFS, WireGuard, a cluster file system); if none is, a hidden process may hold it",
  find: ({ services }) =>
    services.flatMap((audited) => {
      const { socket } = audited;
      if (audited.check !== "internet" || socket.ownership !== "kernel") return [];
      // The kernel's own sockets belong to root, and most have no inode.
      const odd = socket.uid !== 0 && socket.uid !== null;
      return [{
        audited,
        ...(odd ? { severity: "high" as const } : {}),
        message: odd
          ? "a user made it, and no process holds it"
          : "the kernel holds it, or a process that cannot be seen",
        evidence: [
          "every process could be looked into, and none has a descriptor of it",
          ...(odd ? [`user ID ${socket.uid} made it`] : []),
        ],
      }];
    }),
};
