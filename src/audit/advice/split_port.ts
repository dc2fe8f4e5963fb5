/**
 * Finds ports where another program answers over IPv6 than over IPv4.
 *
 * @module
 */
import { program, userText } from "../../snapshot/identity.ts";
import type { AuditedSocket } from "../audited_socket.ts";
import { INTERNET_SERVICES, type Rule } from "./rule.ts";

/** The rule. */
export const splitPort: Rule = {
  id: "split-port",
  severity: "medium",
  title: "the same port has different owners over IPv4 and IPv6",
  places: INTERNET_SERVICES,
  fix: "Find out which one clients are meant to reach, and give the other one another port",
  owner: ({ socket: { family, local, protocol } }) =>
    (family === "inet" || family === "inet6") && typeof local.port === "number" &&
    protocol === null,
  find: ({ services }) => {
    const ports = new Map<string, { inet: AuditedSocket[]; inet6: AuditedSocket[] }>();
    for (const audited of services) {
      const { socket, identity, transport } = audited;
      const { port } = socket.local;
      if (socket.family !== "inet" && socket.family !== "inet6") continue;
      if (typeof port !== "number" || socket.protocol !== null || socket.owners.length === 0) {
        continue;
      }
      // Unrelated UDP clients may happen to use the same port.
      if (identity.ephemeral && socket.state !== "listen") continue;
      const key = `${socket.netns?.inode} ${transport} ${port}`;
      let at = ports.get(key);
      if (at === undefined) ports.set(key, at = { inet: [], inet6: [] });
      at[socket.family].push(audited);
    }
    return [...ports.values()].flatMap(({ inet, inet6 }) => {
      const [four, six] = [who(inet), who(inet6)];
      if (four.length === 0 || six.length === 0) return [];
      if (four.some((one) => six.includes(one))) return [];
      return [{
        audited: inet6[0]!,
        message: "who answers depends on the version of IP",
        evidence: [
          `IPv4 (${places(inet)}): ${four.join(", ")}`,
          `IPv6 (${places(inet6)}): ${six.join(", ")}`,
        ],
      }];
    });
  },
};

function who(services: readonly AuditedSocket[]): string[] {
  const owners = services.flatMap(({ socket }) => socket.owners);
  return [...new Set(owners.map((owner) => `${program(owner)} of ${userText(owner) ?? "?"}`))]
    .sort();
}

function places(services: readonly AuditedSocket[]): string {
  return [...new Set(services.map(({ identity }) => identity.endpoint))].sort().join(", ");
}
