/**
 * The section Reach: how far a socket can be reached.
 *
 * @module
 */
import type { Publication, ReachReport, SocketFile } from "../../model/explanation.ts";
import type { Scope, Socket } from "../../model/socket.ts";
import type { Role } from "../../text/color.ts";
import { absence } from "../../model/verdict.ts";
import { sanitize } from "../../text/sanitize.ts";
import { cellWidth } from "../../text/width.ts";
import { formatAddress, type Line, MANY, plain, some } from "./page.ts";

const SCOPE_TEXT: Readonly<Record<Scope, readonly [text: string, role: Role]>> = {
  loopback: ["this machine only", "good"],
  link_local: ["the local links", "notice"],
  private: ["private networks", "notice"],
  public: ["the internet, as far as firewalls let it", "warning"],
  any: ["every address of this machine; which these are could not be read", "warning"],
  multicast: ["a multicast group", "notice"],
  host: ["processes of this machine", "good"],
  container: ["inside the container's network", "notice"],
  unknown: ["nobody, or not known", "dim"],
};

/** How far a scope goes, in words. */
export function scopeSpan(scope: Scope): readonly [text: string, role: Role] {
  return SCOPE_TEXT[scope];
}

export function reachLines(reach: ReachReport, socket: Socket): Line[] {
  const { family } = socket;
  const [text, role] = SCOPE_TEXT[reach.scope];
  const lines: Line[] = [];
  const inet = family === "inet" || family === "inet6";
  const rules = !inet || reach.scope === "loopback"
    ? ""
    : reach.scope === "public"
    ? "  (their rules are not read)"
    : "  (firewall rules are not read)";
  if (family !== "unix" || reach.scope !== "unknown") {
    lines.push(plain([text, role], [rules, "dim"]));
  }
  if (reach.file !== null) lines.push(...fileLines(reach.file));
  const addresses = reach.addresses;
  if (addresses !== null && addresses.length > 0) {
    const shown = addresses.slice(0, MANY);
    const names = Math.max(...shown.map((way) => cellWidth(sanitize(way.interface))));
    const widths = Math.max(...shown.map((way) => `${way.address}/${way.prefix}`.length));
    for (const way of shown) {
      lines.push(plain(
        `${sanitize(way.interface).padEnd(names)}  ${
          `${way.address}/${way.prefix}`.padEnd(widths)
        }  `,
        [way.scope.replaceAll("_", "-"), way.scope === "public" ? "warning" : "dim"],
        ...(way.mapped ? [["  IPv4 through the IPv6 socket", "dim"] as const] : []),
        ...(way.carrier ? [] : [["  no carrier", "dim"] as const]),
      ));
    }
    if (addresses.length > shown.length) {
      lines.push(plain([`and ${addresses.length - shown.length} more`, "dim"]));
    }
  }
  // The first reason repeats the addresses of a wildcard, or the scope of a loopback or public address.
  const said = (addresses?.length ?? 0) > 0 &&
    (reach.reasons[0]?.startsWith("every ") || reach.scope === "loopback" ||
      reach.scope === "public");
  // An abstract name has no file whose permissions could keep others away.
  const abstract = "name" in socket.local && socket.local.name !== null;
  for (const reason of said ? reach.reasons.slice(1) : reach.reasons) {
    lines.push(plain([sanitize(reason), abstract ? "warning" : "dim"]));
  }
  lines.push(
    ...some(
      reach.groups,
      (group) =>
        plain(`multicast to ${group.address}, which is joined on ${sanitize(group.interface)}`),
    ),
  );
  if (reach.scope === "container") lines.push(...publishedLines(reach.published));
  return lines;
}

function publishedLines(published: readonly Publication[] | null): Line[] {
  if (published === null) {
    const verdict = { answer: "undecided", because: [] } as const;
    return [plain([absence("not_published", verdict), "notice"])];
  }
  if (published.length === 0) return [plain(absence("not_published", { answer: "no" }))];
  return published.map(({ via, address, ports: { first, last }, conditional, pid }) => {
    const ports = first === last
      ? `port ${first}`
      : first === 1 && last === 65535
      ? "every port"
      : `ports ${first} to ${last}`;
    const where = address === null
      ? `${ports} of every address`
      : first === last
      ? formatAddress(address, first)
      : `${ports} of ${address}`;
    return plain(
      [`published as ${where} by ${via}${pid === null ? "" : ` (${pid})`}`, "warning"],
      ...(conditional ? [[", for some packets only: the rule asks for more", "dim"] as const] : []),
    );
  });
}

function fileLines({ mode, uid, user, gid, group: groupName, closedFolder }: SocketFile): Line[] {
  const others = (mode & 0o002) !== 0;
  const group = (mode & 0o020) !== 0;
  return [
    plain(
      `mode ${mode.toString(8).padStart(4, "0")}, owner ${sanitize(user ?? String(uid))}, group ${
        sanitize(groupName ?? String(gid))
      }: `,
      others && closedFolder !== null
        ? `everyone who may enter ${sanitize(closedFolder)} may connect`
        : others
        ? ["every user may connect", "warning"]
        : group
        ? "its owner and the group may connect"
        : "only its owner may connect",
    ),
  ];
}
