/**
 * HostWords: what a shell can offer of the host it runs on, as commands for sh. They run nothing of Sockeye's.
 *
 * Whoever runs a process chooses its name. Only names of harmless characters are offered: a shell would run others.
 *
 * @module
 */

/** What a host has. */
export const HOST_WORDS = ["users", "processes", "pids", "ports", "targets"] as const;
/** One of {@linkcode HOST_WORDS}. */
export type HostWord = typeof HOST_WORDS[number];

/** What every shell takes for a word, and neither a pattern nor a separator. */
const HARMLESS = "grep -E '^[A-Za-z0-9_.@+-]+$' | sort -u";

const PROCESSES = "cat /proc/[0-9]*/comm 2>/dev/null";
/** Sockets without a peer; both numbers of a line are hexadecimal. */
const PORTS = String
  .raw`sed -n 's/^ *[0-9]*: [0-9A-F]*:\([0-9A-F]*\) [0-9A-F]*:0000 .*/0x\1/p' /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6 2>/dev/null | sort -u | while read -r port; do printf '%d\n' "$port"; done`;
const UNITS =
  "find /sys/fs/cgroup/system.slice -maxdepth 1 -name '*.service' 2>/dev/null | sed 's|.*/||'";

/** Prints the words, a line each. */
export const HOST_COMMANDS: Readonly<Record<HostWord, string>> = {
  users: `cut -d: -f1 /etc/passwd 2>/dev/null | ${HARMLESS}`,
  processes: `${PROCESSES} | ${HARMLESS}`,
  pids: `ls /proc | grep -E '^[0-9]+$'`,
  ports: `{ ${PORTS}; } | ${HARMLESS}`,
  targets: `{ ${PORTS}; ${PROCESSES}; ${UNITS}; } | ${HARMLESS}`,
};
