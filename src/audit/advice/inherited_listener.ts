/**
 * Finds listeners that an unrelated program has inherited. It keeps the port when the real owner is restarted.
 *
 * @module
 */
import type { OwnerDocument } from "../../snapshot/document.ts";
import type { AuditedSocket } from "../audited_socket.ts";
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
      return socket.owners.flatMap((child) => {
        const parent = parentOf(child, socket.owners);
        if (parent === undefined || isActivator(parent)) return [];
        if (child.exe === null || parent.exe === null || child.exe === parent.exe) return [];
        return [{
          audited,
          message: `${name(child)} inherited the socket of ${name(parent)}`,
          evidence: [
            `${name(child)} runs ${program(child)}, its parent ${name(parent)} runs ${
              program(parent)
            }`,
            `both hold it: descriptors ${child.fds.join(", ")} and ${parent.fds.join(", ")}`,
            `while ${name(child)} lives, ${program(parent)} cannot be started anew on this address`,
          ],
        }];
      });
    }),
};

function isListener({ socket, check }: AuditedSocket): boolean {
  return socket.state === "listen" || check === "internet";
}

function parentOf(
  child: OwnerDocument,
  owners: readonly OwnerDocument[],
): OwnerDocument | undefined {
  return owners.find(({ pid }) => pid === child.ppid && pid !== child.pid);
}

function isActivator({ pid, comm, exe }: OwnerDocument): boolean {
  const file = exe?.slice(exe.lastIndexOf("/") + 1) ?? "";
  return pid === 1 || ACTIVATORS.has(comm ?? "") || ACTIVATORS.has(file);
}

function name({ comm, pid }: OwnerDocument): string {
  return `${comm ?? "?"}(${pid})`;
}
