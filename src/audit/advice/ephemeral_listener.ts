/**
 * Finds listeners on ports that the kernel may also give to clients.
 *
 * @module
 */
import { hasPort } from "../../model/port_range.ts";
import { INTERNET_SERVICES, type Rule } from "./rule.ts";

/** The rule. */
export const ephemeralListener: Rule = {
  id: "ephemeral-listener",
  severity: "low",
  title: "a service listens on a port of the ephemeral range",
  places: INTERNET_SERVICES,
  fix:
    "Give it a port below the range, or reserve it in net.ipv4.ip_local_reserved_ports, so that no client can take it",
  find: ({ document, services, reserved }) =>
    services.flatMap((audited) => {
      const { socket, identity } = audited;
      if (!identity.ephemeral || socket.state !== "listen") return [];
      const port = socket.local.port!;
      // Each namespace has its own list of reserved ports, and only the host's was read.
      const isReserved = hasPort(reserved, port);
      if (isReserved && identity.netns === "host") return [];
      const range = document.host.ephemeral_ports;
      return [{
        audited,
        message: "a client may hold this port when the service starts the next time",
        evidence: [
          range === null
            ? "the kernel's usual range is 32768 to 60999"
            : `net.ipv4.ip_local_port_range is ${range.first} to ${range.last}`,
        ],
      }];
    }),
};
