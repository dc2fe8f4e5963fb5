/**
 * Matches one entry of a policy with one socket, and judges the socket by it.
 *
 * @module
 */
import { hasPort } from "../model/port_range.ts";
import { isWildcard, mappedIpv4 } from "../model/endpoint.ts";
import type { Manager } from "../model/owner.ts";
import type { OwnerDocument } from "../snapshot/document.ts";
import { stableUnit, userText } from "../snapshot/identity.ts";
import { fitsAny } from "./pattern.ts";
import { type PolicyEntry, type PolicySettings, reachRank } from "./policy.ts";
import type { Verdict } from "./report.ts";
import type { AuditedSocket } from "./audited_socket.ts";
import { holders, HolderSentences } from "./holders.ts";

/** What an entry says about a socket. */
export interface Match {
  readonly entry: PolicyEntry;
  /** Why the entry does not match the socket. Empty if it does. */
  readonly misses: readonly string[];
  /** `surplus` if the entry does not match. */
  readonly verdict: Verdict;
  /** Why the verdict is not `ok`, each in one sentence. */
  readonly reasons: readonly string[];
}

/** Verdicts from best to worst, to find the nearest entry. One entry cannot forbid what another may allow. */
const NEARNESS: readonly Verdict[] = [
  "ok",
  "undecidable",
  "expired",
  "too_exposed",
  "wrong_owner",
  "missing",
  "surplus",
];

/** Compares two matches of one socket. Negative if `a` is nearer. */
export function compareMatches(a: Match, b: Match): number {
  return NEARNESS.indexOf(a.verdict) - NEARNESS.indexOf(b.verdict) ||
    a.misses.length - b.misses.length || a.entry.line - b.entry.line;
}

/** Matches and judges a socket. `today` is a day such as 2026-12-31; `unseen` is the reason of a gap about processes. */
export function matchEntry(
  entry: PolicyEntry,
  audited: AuditedSocket,
  settings: PolicySettings,
  today: string,
  unseen: string | null,
): Match {
  const misses = whereMisses(entry, audited);
  if (misses.length > 0) return { entry, misses, verdict: "surplus", reasons: [] };
  return judgeEntry(entry, audited, settings, today, unseen);
}

/** Judges a socket by an entry that {@linkcode speaksOf} it. */
export function judgeEntry(
  entry: PolicyEntry,
  audited: AuditedSocket,
  settings: PolicySettings,
  today: string,
  unseen: string | null,
): Match {
  const wrong: string[] = [];
  const exposed: string[] = [];
  const unknown: string[] = [];
  judgeFamily(entry, audited, unknown);
  judgeReach(entry, audited, exposed, unknown);
  judgeOwners(entry, audited, wrong, unknown, unseen);
  if (asksForOwner(entry) && unseen !== null && settings.unseenHolders === "undecidable") {
    unknown.push(`there may be another owner: ${unseen}`);
  }
  const expired = entry.expires !== null && entry.expires < today
    ? [`the entry expired on ${entry.expires}`]
    : [];
  const verdict: Verdict = wrong.length > 0
    ? "wrong_owner"
    : exposed.length > 0
    ? "too_exposed"
    : expired.length > 0
    ? "expired"
    : unknown.length > 0
    ? "undecidable"
    : "ok";
  return { entry, misses: [], verdict, reasons: [...wrong, ...exposed, ...expired, ...unknown] };
}

function asksForOwner(entry: PolicyEntry): boolean {
  const { exes, units, userUnits, users, container, kernel } = entry;
  return kernel || exes !== null || units !== null || userUnits !== null || users !== null ||
    container !== null;
}

/** One condition for an entry to match a socket. */
interface Criterion {
  readonly key: string;
  fits(entry: PolicyEntry, audited: AuditedSocket): boolean;
  /** What the entry wants, for a socket that does not meet it. */
  wants(entry: PolicyEntry): string;
  has(audited: AuditedSocket): string;
}

const either = (values: readonly (string | number)[]) => values.join(" or ");

/** In the order in which they are shown. A key that an entry leaves out fits every socket. */
const CRITERIA: readonly Criterion[] = [
  {
    key: "transport",
    fits: ({ transports }, { transport }) =>
      transports === null || (transports as readonly string[]).includes(transport),
    wants: ({ transports }) => either(transports!),
    has: ({ transport }) => transport,
  },
  {
    key: "port",
    fits: (entry, audited) => entry.ports === null || portFits(entry, audited),
    wants: ({ ports, ephemeral }) =>
      either([
        ...ports!.map(({ first, last }) => first === last ? `${first}` : `${first}-${last}`),
        ...(ephemeral ? ["ephemeral"] : []),
      ]),
    has: ({ socket }) => String(socket.local.port ?? "none"),
  },
  {
    key: "netns",
    fits: ({ netns }, { identity }) => netnsFits(netns, identity.netns),
    wants: ({ netns }) => netns,
    has: ({ identity }) => identity.netns,
  },
  {
    key: "interface",
    fits: ({ interfaces }, { socket }) =>
      interfaces === null || interfaces.includes(socket.local.interface ?? ""),
    wants: ({ interfaces }) => either(interfaces!),
    has: ({ socket }) => socket.local.interface ?? "none",
  },
  {
    key: "protocol",
    fits: ({ protocols }, { socket }) =>
      protocols === null || protocols.includes(socket.protocol ?? -1),
    wants: ({ protocols }) => either(protocols!),
    has: ({ socket }) => String(socket.protocol ?? "none"),
  },
  {
    key: "path",
    fits: ({ paths }, audited) => paths === null || fitsAny(paths, pathOf(audited)),
    wants: ({ paths }) => either(paths!),
    has: (audited) =>
      pathOf(audited) ||
      (audited.socket.local.path
        ? `no path of this host (it says ${audited.socket.local.path})`
        : "none"),
  },
  {
    key: "address",
    fits: ({ addresses }, audited) => addresses === null || addressFits(addresses, audited),
    wants: ({ addresses }) => either(addresses!),
    has: ({ socket }) => socket.local.address ?? "none",
  },
  {
    key: "family",
    fits: ({ family }, audited) => family === null || familyFits(family, audited),
    wants: ({ family }) => family!,
    has: familyText,
  },
];

/** True if an entry matches a socket. This is the hot path, so no text is made. */
export function speaksOf(entry: PolicyEntry, audited: AuditedSocket): boolean {
  for (const criterion of CRITERIA) if (!criterion.fits(entry, audited)) return false;
  return true;
}

function whereMisses(entry: PolicyEntry, audited: AuditedSocket): string[] {
  return CRITERIA.filter((criterion) => !criterion.fits(entry, audited)).map((criterion) =>
    `${criterion.key} is ${criterion.has(audited)}, the entry wants ${criterion.wants(entry)}`
  );
}

function portFits({ ports, ephemeral }: PolicyEntry, { socket, identity }: AuditedSocket): boolean {
  const { port } = socket.local;
  if (typeof port !== "number") return false;
  if (ephemeral && identity.ephemeral) return true;
  return hasPort(ports!, port);
}

function netnsFits(wanted: string, label: string): boolean {
  switch (wanted) {
    case "any":
      return true;
    case "host":
      return label === "host";
    case "container":
      return label !== "host";
    default:
      return label === wanted;
  }
}

// A process chooses what it calls its socket. The path counts if it leads to the socket: on this host, or, in another network
// namespace, as its process sees it. Snapshots of earlier versions do not say.
function pathOf({ socket: { local }, identity }: AuditedSocket): string {
  const { path, name, host_path: seen } = local;
  if (!path) return name ? `@${name}` : "";
  if (seen === undefined || seen === null && identity.netns !== "host") return path;
  return seen ?? "";
}

// A socket on a wildcard address serves each address. That it serves more than the entry allows is too much exposure, but not
// another service.
function addressFits(addresses: readonly string[], { socket: { local } }: AuditedSocket): boolean {
  const address = local.address ?? "";
  return addresses.includes(address) || isWildcard(address) || addresses.some(isWildcard);
}

function familyFits(wanted: "inet" | "inet6" | "dual", { socket }: AuditedSocket): boolean {
  switch (wanted) {
    case "inet":
      return socket.family === "inet" || socket.family === "inet6" && takesIpv4(socket) !== false;
    case "inet6":
      return socket.family === "inet6";
    case "dual":
      return socket.family === "inet6" && takesIpv4(socket) !== false;
  }
}

/** Whether an IPv6 socket accepts IPv4 too; `null` if the source does not say. */
function takesIpv4({ local, v6only }: AuditedSocket["socket"]): boolean | null {
  if (mappedIpv4(local.address ?? "") !== null) return true;
  if (local.address !== "::") return false;
  return v6only === null ? null : !v6only;
}

function familyText({ socket }: AuditedSocket): string {
  return socket.family === "inet6" && takesIpv4(socket) === true ? "dual" : socket.family;
}

function judgeFamily({ family }: PolicyEntry, { socket }: AuditedSocket, unknown: string[]): void {
  if (family === null || family === "inet6" || socket.family !== "inet6") return;
  if (takesIpv4(socket) === null) {
    unknown.push("whether the socket takes IPv4 too is not known: sock_diag did not answer");
  }
}

function judgeReach(
  entry: PolicyEntry,
  { socket }: AuditedSocket,
  exposed: string[],
  unknown: string[],
): void {
  const address = socket.local.address ?? "";
  const { addresses, reach } = entry;
  if (
    addresses !== null && isWildcard(address) && !addresses.includes(address) &&
    !addresses.some(isWildcard)
  ) {
    exposed.push(`bound to every address, the entry allows ${addresses.join(" and ")}`);
  }
  if (reach === null) return;
  const rank = reachRank(socket.reach.scope);
  if (rank < 0) unknown.push(`how far it reaches is not known: ${socket.reach.reasons.join("; ")}`);
  else if (rank > reachRank(reach)) {
    const why = socket.reach.reasons.length > 0 ? ` (${socket.reach.reasons.join("; ")})` : "";
    exposed.push(`reach is ${socket.reach.scope}${why}, the entry allows ${reach} at most`);
  }
}

function judgeOwners(
  entry: PolicyEntry,
  { socket }: AuditedSocket,
  wrong: string[],
  unknown: string[],
  unseen: string | null,
): void {
  if (!asksForOwner(entry)) return;
  switch (socket.ownership) {
    case "owned":
      break;
    case "hidden":
    case "unknown":
      unknown.push(`its owner is hidden${unseen === null ? "" : `: ${unseen}`}`);
      return;
    default:
      if (!entry.kernel) wrong.push("the kernel holds it, not a process");
      // A user's socket that only io_uring keeps, or that is on its way between processes, looks like this, too.
      else if (socket.uid !== null && socket.uid !== 0) {
        wrong.push(`user ${socket.uid} made it, the entry allows the kernel`);
      }
      return;
  }
  if (entry.kernel) {
    wrong.push(`held by ${holders(socket.owners)}, the entry allows the kernel`);
    return;
  }
  const wrongHolders = new HolderSentences();
  const unknownHolders = new HolderSentences();
  for (const owner of socket.owners) judgeOwner(entry, owner, wrongHolders, unknownHolders);
  wrong.push(...wrongHolders.texts());
  unknown.push(...unknownHolders.texts());
}

function judgeOwner(
  entry: PolicyEntry,
  owner: OwnerDocument,
  wrong: HolderSentences,
  unknown: HolderSentences,
): void {
  judgeProgram(entry, owner, wrong, unknown);
  judgeUnit(entry, owner, wrong, unknown);
  if (entry.users !== null) judgeUser(entry.users, owner, wrong, unknown);
  if (entry.container !== null) judgeContainer(entry.container, owner, wrong, unknown);
}

function judgeUser(
  users: readonly string[],
  owner: OwnerDocument,
  wrong: HolderSentences,
  unknown: HolderSentences,
): void {
  const { uid, user } = owner;
  if (uid === null) unknown.add("the user of ", owner, " could not be read");
  else if (users.includes(String(uid)) || users.includes(user ?? "")) return;
  else if (user === null && owner.unread?.passwd !== undefined) {
    unknown.add(`the name of user ${uid} of `, owner, " could not be read");
  } else {
    wrong.add("held by ", owner, ` of ${userText(owner)}, the entry allows ${users.join(", ")}`);
  }
}

// What a container calls its programs and units counts where an entry is about containers, and root put the process into it.
function tellsForItself({ container, netns }: PolicyEntry, owner: OwnerDocument): boolean {
  return owner.container !== null && isBySystem(owner.container_manager) &&
    (container !== null || netns === "container" || netns.startsWith("name:"));
}

// Snapshots of earlier versions do not say who chose a name.
function isBySystem(manager: Manager | null | undefined): boolean {
  return manager === undefined || manager === "system";
}

function judgeProgram(
  entry: PolicyEntry,
  owner: OwnerDocument,
  wrong: HolderSentences,
  unknown: HolderSentences,
): void {
  const { exes } = entry;
  if (exes === null) return;
  const { exe, exe_is_host_file: ours } = owner;
  if (exe === null) unknown.add("the program of ", owner, " could not be read");
  else if (!fitsAny(exes, exe)) {
    wrong.add("held by ", owner, ` running ${exe}, the entry allows ${exes.join(", ")}`);
  } else if (ours === false && !tellsForItself(entry, owner)) {
    wrong.add(
      "held by ",
      owner,
      ` running a file that it sees as ${exe}, which is not the one of this host`,
    );
  } else if (ours === null && !tellsForItself(entry, owner)) {
    unknown.add("the program of ", owner, ` could not be compared with this host's ${exe}`);
  }
}

function judgeUnit(
  entry: PolicyEntry,
  owner: OwnerDocument,
  wrong: HolderSentences,
  unknown: HolderSentences,
): void {
  const { units, userUnits } = entry;
  if (units === null && userUnits === null) return;
  if (owner.unread?.cgroup !== undefined) {
    unknown.add("the unit of ", owner, " could not be read");
    return;
  }
  const { unit, unit_manager: manager } = owner;
  if (unit !== null) {
    if (manager === "user") {
      if (userUnits !== null && unitFits(userUnits, unit)) return;
    } else if (units !== null && unitFits(units, unit)) {
      if (isBySystem(manager) || tellsForItself(entry, owner)) return;
    }
  }
  const allowed = [
    ...(units ?? []),
    ...(userUnits ?? []).map((pattern) => `${pattern} of a user`),
  ].join(", ");
  const whose = manager === "user"
    ? " of a user (below user.slice)"
    : manager === "delegated"
    ? ", which another unit or a container named"
    : "";
  wrong.add("held by ", owner, ` in ${unit ?? "no unit"}${whose}, the entry allows ${allowed}`);
}

function unitFits(units: readonly string[], unit: string): boolean {
  return fitsAny(units, unit) || fitsAny(units, stableUnit(unit)!);
}

function judgeContainer(
  wanted: NonNullable<PolicyEntry["container"]>,
  owner: OwnerDocument,
  wrong: HolderSentences,
  unknown: HolderSentences,
): void {
  if (owner.container === null && owner.unread?.cgroup !== undefined) {
    unknown.add("the container of ", owner, " could not be read");
    return;
  }
  if (owner.container === null) {
    wrong.add("held by ", owner, " in no container");
    return;
  }
  if (!isBySystem(owner.container_manager)) {
    const where = owner.container_manager === "user"
      ? "below user.slice, where users name groups as they like"
      : "below another unit or container, which can name groups as it likes";
    wrong.add("held by ", owner, ` in what looks like a container ${where}`);
    return;
  }
  for (const key of ["name", "image", "runtime"] as const) {
    const patterns = wanted[key];
    if (patterns === null) continue;
    const value = owner.container[key] ?? null;
    if (value === null) {
      unknown.add(`the ${key} of the container of `, owner, " could not be read");
    } else if (!fitsAny(patterns, value)) {
      wrong.add(
        "held by ",
        owner,
        ` in a container of ${key} ${value}, the entry allows ${patterns.join(", ")}`,
      );
    }
  }
}
