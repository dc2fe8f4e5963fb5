/**
 * Finds listeners that an unrelated program has inherited. It keeps the port when the real owner is restarted.
 *
 * @module
 */
import type { OwnerDocument } from "../../snapshot/document.ts";
import type { AuditedSocket } from "../audited_socket.ts";
import { holder, holders } from "../holders.ts";
import { program } from "../../snapshot/identity.ts";
import { type Rule, SERVICES, unreadProgram } from "./rule.ts";

/** Programs whose purpose is to start others with a socket. */
const ACTIVATORS: ReadonlySet<string> = new Set([
  "systemd",
  "init",
  "launchd",
  "inetd",
  "xinetd",
  "s6-tcpserver",
  "s6-ipcserver",
  "s6-supervise",
  "runsv",
  "tcpserver",
  "dockerd",
  "containerd-shim",
  "supervisord",
  "circusd",
  "sshd",
  "start_server",
]);

/** The rule. */
export const inheritedListener: Rule = {
  id: "inherited-listener",
  severity: "medium",
  title: "a listener was inherited by an unrelated program",
  places: SERVICES,
  fix:
    "Open the socket with SOCK_CLOEXEC, or close it in the child; restart the child to free the port",
  owner: isListener,
  unknown: (audited) => isListener(audited) ? unreadProgram(audited) : null,
  find: ({ services }) =>
    services.flatMap((audited) => {
      const { socket } = audited;
      if (!isListener(audited)) return [];
      const groups = heirs(socket.owners);
      if (groups.length === 0) return [];
      const parents = [...new Set(groups.map(({ parent }) => parent))];
      return [{
        audited,
        message: `${holders(groups.flatMap(({ children }) => children))} inherited the socket of ${
          holders(parents)
        }`,
        evidence: groups.slice(0, PROGRAMS).flatMap(evidenceOf),
      }];
    }),
};

/** Of so many programs it is told how they came to the socket. */
const PROGRAMS = 5;

interface Heirs {
  readonly parent: OwnerDocument;
  readonly children: OwnerDocument[];
}

function evidenceOf({ parent, children }: Heirs): string[] {
  const child = children[0]!;
  const lives = children.length === 1 ? `${holder(child)} lives` : "they live";
  return [
    `${holders(children)} ${children.length === 1 ? "runs" : "run"} ${program(child)}, ${
      children.length === 1 ? "its" : "their"
    } parent ${holder(parent)} runs ${program(parent)}`,
    `both hold it: descriptors ${child.fds.join(", ")} and ${parent.fds.join(", ")}`,
    `while ${lives}, ${program(parent)} cannot be restarted on this address`,
  ];
}

/** Owners that run another program than their parent, which has the socket too. Children alike of one parent are together. */
function heirs(owners: readonly OwnerDocument[]): Heirs[] {
  const byPid = new Map(owners.map((owner) => [owner.pid, owner]));
  const heirs = new Map<string, Heirs>();
  for (const child of owners) {
    const parent = byPid.get(child.ppid ?? 0);
    if (parent === undefined || parent === child || isActivator(parent)) continue;
    if (child.exe === null || parent.exe === null || child.exe === parent.exe) continue;
    const key = `${parent.pid} ${child.exe}`;
    const known = heirs.get(key);
    if (known === undefined) heirs.set(key, { parent, children: [child] });
    else known.children.push(child);
  }
  return [...heirs.values()];
}

function isListener({ socket, check }: AuditedSocket): boolean {
  return socket.state === "listen" || check === "internet";
}

function isActivator({ pid, comm, exe }: OwnerDocument): boolean {
  const file = exe?.slice(exe.lastIndexOf("/") + 1) ?? "";
  return pid === 1 || ACTIVATORS.has(comm ?? "") || ACTIVATORS.has(file);
}
