/**
 * Init: writes a policy that allows exactly the services of a host, grouped and commented, to be reviewed by a person.
 *
 * @module
 */
import {
  CORE_SCHEMA,
  DEFAULT_SCALAR_STYLE_RULES,
  dump,
  SCALAR_STYLE,
  type ScalarStyleRule,
} from "js-yaml";
import { INVISIBLE, sanitize } from "../text/sanitize.ts";
import type { OwnerDocument, SnapshotDocument, SocketDocument } from "../snapshot/document.ts";
import { relevantGaps } from "./evaluate.ts";
import { inNamespace, isService, stableUnit } from "../snapshot/identity.ts";
import {
  DEFAULT_SETTINGS,
  POLICY_REACH,
  POLICY_SCHEMA,
  POLICY_TRANSPORTS,
  reachRank,
} from "./policy.ts";
import { PID, RANDOM, stablePath } from "../snapshot/stable_path.ts";
import { type AuditedSocket, auditedSocket } from "./audited_socket.ts";

/** The sockets that one entry is made of. */
interface Group {
  readonly heading: string;
  readonly members: AuditedSocket[];
}

/** Writes the policy as YAML. */
export function initialPolicy(snapshot: SnapshotDocument, unix: boolean): string {
  const check = [...DEFAULT_SETTINGS.check, ...(unix ? ["unix" as const] : [])];
  const groups = collect(snapshot, new Set(check));
  const unseen = relevantGaps(snapshot.gaps, new Set(check));
  const holders = snapshot.gaps.filter(({ kind }) => kind === "processes");
  const sorted = [...groups.values()].sort((a, b) =>
    order(a.heading, b.heading) || compareAudited(a.members[0]!, b.members[0]!)
  );
  const head = comment([
    `What may listen on ${snapshot.host.name}, as it was on ${snapshot.taken_at.slice(0, 10)}.`,
    "Whatever is not listed here is a violation.",
    "Go through it: delete what should not be there, and give each entry a reason.",
    ...[...new Set([...unseen, ...holders].map(({ reason }) => reason))]
      .map((reason) => `Not everything could be read: ${reason}.`),
  ]);
  const listeners = sorted.length === 0 ? " []\n" : `\n${entries(sorted)}`;
  return `${head}\n${yaml({ schema: POLICY_SCHEMA })}settings:\n${
    settings(check, unseen.length > 0)
  }listeners:${listeners}`;
}

/** A value as YAML 1.2. Long lines are not folded. */
function yaml(value: unknown): string {
  const text = dump(value, {
    schema: CORE_SCHEMA,
    lineWidth: -1,
    quoteStyle: "double",
    scalarStyleRules: [...Object.values(DEFAULT_SCALAR_STYLE_RULES), fewerEscapes, escapable],
  });
  // What YAML allows and a terminal should not get. All of it stands in double quotes, where it can be escaped.
  return text.replace(INVISIBLES, (character) => {
    const code = character.codePointAt(0)!;
    return code > 0xffff
      ? `\\U${code.toString(16).padStart(8, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

const INVISIBLES = new RegExp(`[${INVISIBLE}]`, "gu");

// Only between double quotes can be escaped what is not seen.
const escapable: ScalarStyleRule = (layout) => {
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f]/.test(layout.node.value) || layout.node.value.search(INVISIBLES) >= 0) {
    layout.style = SCALAR_STYLE.DOUBLE_QUOTED;
  }
};

// Text with double quotes is easier to read in single ones.
const fewerEscapes: ScalarStyleRule = (layout) => {
  const { node: { value }, style, allowedStylesMask } = layout;
  const { DOUBLE_QUOTED, SINGLE_QUOTED } = SCALAR_STYLE;
  if (
    style === DOUBLE_QUOTED && (allowedStylesMask & 1 << SINGLE_QUOTED) !== 0 &&
    value.includes('"') && !value.includes("'")
  ) layout.style = SINGLE_QUOTED;
};

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}

// By transport, then by port as a number.
function compareAudited(a: AuditedSocket, b: AuditedSocket): number {
  const [portA, portB] = [a, b].map(({ socket }) => socket.local.port ?? -1) as [number, number];
  return order(a.transport, b.transport) || portA - portB || order(a.identity.key, b.identity.key);
}

// Comments may contain text from processes. Sanitising removes line breaks, which would end the comment.
function comment(lines: readonly string[]): string {
  return lines.map((line) => `# ${sanitize(line)}\n`).join("");
}

function settings(check: readonly string[], partsUnseen: boolean): string {
  const noted = (key: string, value: string, note: string) =>
    `${yaml({ [key]: value }).trimEnd()} # ${note}\n`;
  const { undecidable, ephemeralUdp, unseenHolders, unseenParts } = DEFAULT_SETTINGS;
  return indented(
    yaml({ check }) +
      noted(
        "undecidable",
        undecidable,
        "fail or accept: a service whose owner could not be read",
      ) +
      noted(
        "ephemeral_udp",
        ephemeralUdp,
        "collapse or check: UDP clients on ports that the kernel picked",
      ) +
      noted(
        "unseen_holders",
        unseenHolders,
        "accept or undecidable: its owners match, but some processes could not be read",
      ) +
      // The first audit must agree with this file, so what could not be seen is accepted, and the note says so.
      noted(
        "unseen_parts",
        partsUnseen ? "accept" : unseenParts,
        partsUnseen
          ? "Review: some could not be read for this file: run --init again as root, or write undecidable"
          : "undecidable or accept: namespaces and tables that could not be read",
      ),
  );
}

function entries(groups: readonly Group[]): string {
  const taken = new Set<string>();
  let heading = "";
  let text = "";
  for (const { heading: own, members } of groups) {
    const lines: string[] = [];
    if (own !== heading) {
      heading = own;
      lines.push(`--- ${heading} ---`);
      if (text !== "") text += "\n";
    }
    lines.push(...remarks(members));
    text += indented(comment(lines) + yaml([entryOf(members, taken)]));
  }
  return text;
}

function remarks(members: readonly AuditedSocket[]): string[] {
  const lines: string[] = [];
  const sockets = members.map(({ socket }) => socket);
  if (sockets.some(({ ownership }) => ownership === "hidden" || ownership === "unknown")) {
    lines.push("Not every owner could be read, so any is allowed: run --init again as root.");
  }
  const open = sockets.find(({ reach: { scope } }) => scope === "any" || scope === "public");
  if (open !== undefined) {
    lines.push(`Review: reachable from everywhere (${open.reach.reasons.join("; ")}).`);
  }
  if (sockets.some(({ owners }) => owners.some(({ exe_deleted }) => exe_deleted))) {
    lines.push("Review: its program file was deleted since it was started.");
  }
  return lines;
}

function collect(snapshot: SnapshotDocument, check: ReadonlySet<string>): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const socket of snapshot.sockets) {
    if (!isService(socket)) continue;
    const audited = auditedSocket(socket, snapshot.host);
    if (!check.has(audited.check) || !isKnownTransport(audited.transport)) continue;
    const { identity, transport } = audited;
    // UDP clients are collapsed by the audit, so they need no entry.
    if (identity.ephemeral && socket.state !== "listen" && transport !== "tcp") continue;
    const group = groups.get(identity.key);
    if (group === undefined) {
      groups.set(identity.key, { heading: headingOf(socket, identity.netns), members: [audited] });
    } else {
      group.members.push(audited);
    }
  }
  return groups;
}

function isKnownTransport(transport: string): boolean {
  return (POLICY_TRANSPORTS as readonly string[]).includes(transport);
}

function headingOf(socket: SocketDocument, netns: string): string {
  const [owner] = socket.owners;
  const where = inNamespace(netns);
  if (socket.ownership === "kernel") return `held by the kernel${where}`;
  if (owner === undefined) return `owner not known${where}`;
  return `${stableUnit(owner.unit) ?? owner.exe ?? owner.comm ?? "unknown program"}${where}`;
}

function entryOf(members: readonly AuditedSocket[], taken: Set<string>): Record<string, unknown> {
  const { socket, identity, transport } = members[0]!;
  const sockets = members.map(({ socket }) => socket);
  const owners = sockets.flatMap(({ owners }) => owners);
  const { local } = socket;
  const seen = sockets.every(({ ownership }) => ownership === "owned");
  const exes = distinct(owners.map(({ exe }) => exe));
  // What its holder chose cannot be asked for: no audit would count it.
  const inContainer = identity.netns !== "host" && !identity.netns.startsWith("name:") &&
    owners.every(({ container, container_manager: by }) =>
      container !== null && (by ?? "system") === "system"
    );
  const exesCount = inContainer ||
    owners.every(({ exe_is_host_file: ours }) => ours === undefined || ours === true);
  const unitKey = unitKeyOf(owners, inContainer);
  const units = distinct(owners.map(({ unit }) => unit === null ? null : unitPattern(unit)));
  const users = distinct(owners.map(({ user, uid }) => user ?? uid));
  const reach = farthest(sockets);
  const inUnits = owners.every(({ unit }) => unit !== null);
  const fixed = !identity.ephemeral && identity.netns === "host";
  return {
    name: nameOf(members[0]!, taken),
    ...(fixed && inUnits && unitKey === "unit" && seen && transport === "tcp"
      ? { expect: "required" }
      : {}),
    transport,
    ...(typeof local.port === "number" && socket.protocol === null && local.address !== undefined
      ? { port: identity.ephemeral ? "ephemeral" : local.port }
      : {}),
    ...(socket.protocol === null ? {} : { protocol: socket.protocol }),
    ...(typeof local.address === "string" ? { address: local.address } : {}),
    ...(local.interface ? { interface: local.interface } : {}),
    ...((local.path || local.name) && !isElsewhere(members[0]!)
      ? { path: pathPattern(pathText(members[0]!)) }
      : {}),
    ...(identity.netns === "host" ? {} : { netns: netnsOf(identity.netns) }),
    ...(reach === null ? {} : { reach }),
    ...(sockets.every(({ ownership }) => ownership === "kernel") ? { kernel: true } : {}),
    ...(seen && exesCount && exes.length > 0 && owners.every(({ exe }) => exe !== null)
      ? { exe: one(exes) }
      : {}),
    ...(seen && inUnits && unitKey !== null && units.length > 0 ? { [unitKey]: one(units) } : {}),
    ...(seen && users.length > 0 && owners.every(({ uid }) => uid !== null)
      ? { user: one(users) }
      : {}),
  };
}

function unitKeyOf(owners: readonly OwnerDocument[], inContainer: boolean): string | null {
  const managers = new Set(owners.map(({ unit_manager: by }) => by ?? "system"));
  if (managers.size !== 1) return inContainer && !managers.has("user") ? "unit" : null;
  if (managers.has("user")) return "user_unit";
  return managers.has("system") || inContainer ? "unit" : null;
}

// A path in a mount namespace of its own says nothing about this host, so no entry can name it.
function isElsewhere({ socket, identity }: AuditedSocket): boolean {
  return socket.local.host_path === null && identity.netns === "host";
}

// Where the file is now counts, if that is known.
function pathText({ socket, identity, transport }: AuditedSocket): string {
  const { path, host_path: seen } = socket.local;
  return seen && seen !== path
    ? stablePath(seen, socket.owners)
    : identity.endpoint.slice(transport.length + 1);
}

// The label of a namespace as a policy has it. Policies know containers, but not their names.
function netnsOf(label: string): string {
  return label.startsWith("name:") ? label : "container";
}

/** Replaces the parts that change with every start by a star. A star in the path itself stays, and matches itself. */
function pathPattern(path: string): string {
  return path.replaceAll(PID, "*").replaceAll(RANDOM, "*");
}

function unitPattern(unit: string): string {
  return stableUnit(unit)!.replace(/-N(?=[.-])/, "-*");
}

function farthest(sockets: readonly SocketDocument[]): string | null {
  const scopes = sockets.map(({ reach }) => reach.scope);
  if (scopes.includes("unknown")) return null;
  const rank = Math.max(...scopes.map(reachRank));
  // Several scopes have the same rank, so the one that policies know is taken.
  return POLICY_REACH.find((reach) => reachRank(reach) === rank) ?? null;
}

function nameOf({ socket, identity, transport }: AuditedSocket, taken: Set<string>): string {
  const [owner] = socket.owners;
  const who = owner?.unit?.replace(/\.(service|socket|scope)$/, "") ??
    owner?.exe?.split("/").at(-1) ?? (socket.ownership === "kernel" ? "kernel" : "unknown");
  const port = identity.ephemeral ? "ephemeral" : socket.protocol ?? socket.local.port;
  const base = [who, transport, port].filter((part) => part !== null && part !== undefined).join(
    "-",
  )
    .replace(/[^\w.@-]+/g, "_");
  let name = base;
  for (let i = 2; taken.has(name); i++) name = `${base}-${i}`;
  taken.add(name);
  return name;
}

function distinct<T>(values: readonly (T | null)[]): T[] {
  return [...new Set(values.filter((value) => value !== null))].sort() as T[];
}

function one<T>(values: readonly T[]): T | readonly T[] {
  return values.length === 1 ? values[0]! : values;
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
