/**
 * Finds UDP sockets whose process reads too slowly, so that datagrams are lost.
 *
 * @module
 */
import { isFull } from "../../model/fault.ts";
import { plural } from "../../text/plural.ts";
import type { AuditedSocket } from "../audited_socket.ts";
import { type Finding, INTERNET_SERVICES, type Rule } from "./rule.ts";

/** Some datagrams are lost in any burst. So many since the socket was made are worth a look. */
const MANY = 100;

/** The rule. */
export const datagramDrops: Rule = {
  id: "datagram-drops",
  severity: "medium",
  title: "a service loses datagrams",
  worst: "high",
  places: INTERNET_SERVICES,
  fix:
    "Find out why the program reads too slowly; raise its SO_RCVBUF and net.core.rmem_max only for short bursts",
  unknown(audited) {
    if (!takesDatagrams(audited)) return null;
    const { receive_buffer: buffer, drops } = audited.socket;
    const isKnown = drops != null && buffer != null &&
      (buffer.limit !== null || buffer.length === 0);
    return isKnown ? null : `how much ${audited.identity.endpoint} drops`;
  },
  find: ({ services }) =>
    services.flatMap((audited): Finding[] => {
      if (!takesDatagrams(audited)) return [];
      const { receive_buffer: buffer, drops } = audited.socket;
      const dropped = drops ?? 0;
      const full = buffer?.limit != null && isFull(buffer.length, buffer.limit);
      if (!full && dropped < MANY) return [];
      return [{
        audited,
        ...(full ? { severity: "high" as const } : {}),
        message: full
          ? "its receive buffer is full: further datagrams are dropped"
          : "it dropped datagrams that its process did not read in time",
        evidence: [
          ...(drops == null
            ? []
            : [`${plural(dropped, "datagram")} dropped since the socket was made`]),
          ...(buffer == null ? [] : [
            `${buffer.length} bytes of its receive buffer are in use${
              buffer.limit === null ? "" : `, ${buffer.limit} may be`
            }`,
          ]),
        ],
      }];
    }),
};

function takesDatagrams({ transport }: AuditedSocket): boolean {
  return transport === "udp" || transport === "udplite";
}
