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
  only_descriptors: "a process listens on it, but no table shows it",
} as const;

/** The rule. */
export const hiddenSocket: Rule = {
  id: "hidden-socket",
  severity: "critical",
  title: "one source shows a socket that another does not",
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
        "both sources were read completely and disagreed twice, so the socket did not just open or close",
      ],
    })),
};

/** The rule about listeners without an owner. */
export const unheldListener: Rule = {
  id: "unheld-listener",
  severity: "low",
  title: "a listener has no visible owner",
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
          ? "a user created it, but no process holds it"
          : "the kernel holds it, or a process that cannot be seen",
        evidence: [
          "every process could be read, and none has a descriptor for it",
          ...(odd ? [`user ID ${socket.uid} created it`] : []),
        ],
      }];
    }),
};
