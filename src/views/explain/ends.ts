/**
 * Several addresses of one service: how they are named, and how far each can be reached.
 *
 * @module
 */
import type { ExplainedSockets, ServiceEnd } from "../../model/explanation.ts";
import type { Socket } from "../../model/socket.ts";
import { isWildcard } from "../../model/endpoint.ts";
import type { Span } from "../../text/flow.ts";
import { type Line, localText, plain, protocolName } from "./page.ts";
import { reachLines, scopeSpan } from "./reach.ts";

/** So many addresses are named in a heading. */
const NAMED = 3;

/** The addresses of a service, for its heading. */
export function endsText({ ends, sockets }: ExplainedSockets): string {
  const name = (socket: Socket) => `${protocolName(socket)} ${localText(socket)}`;
  if (ends.length < 2) return name(sockets[0]!);
  if (ends.length <= NAMED) return ends.map((end) => name(end.sockets[0]!)).join(", ");
  return `${name(sockets[0]!)} and ${ends.length - 1} more addresses`;
}

/** How far each address can be reached. Those that are no wildcard and go equally far are told together. */
export function endsReachLines({ ends, reach, sockets }: ExplainedSockets): Line[] {
  if (ends.length < 2) return reach === null ? [] : reachLines(reach, sockets[0]!);
  const lines: Line[] = [];
  const alike = new Map<string, ServiceEnd[]>();
  for (const end of ends) {
    if (end.reach === null) continue;
    const [socket] = end.sockets as readonly [Socket];
    const { published, groups, scope } = end.reach;
    const wild = "address" in socket.local && isWildcard(socket.local.address);
    if (wild || scope === "container" || groups.length > 0 || published === null) {
      const [head, ...more] = reachLines(end.reach, socket);
      const spans: Span[] = [`${localText(socket)}  `, ...head?.spans ?? []];
      lines.push(plain(...spans), ...more.map((line) => ({ ...line, indent: "  " })));
    } else {
      const known = alike.get(scope);
      if (known === undefined) alike.set(scope, [end]);
      else known.push(end);
    }
  }
  for (const [, group] of alike) {
    lines.push(plain(
      scopeSpan(group[0]!.reach!.scope),
      `: ${group.map((end) => localText(end.sockets[0]!)).join(", ")}`,
    ));
  }
  return lines;
}
