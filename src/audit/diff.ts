/**
 * Diff: what differs between two snapshots, service by service.
 *
 * Sockets that share an identity, such as those of workers on one port, are one service. Their number is not compared.
 *
 * @module
 */
import {
  decide,
  decideAny,
  mayHide,
  namespacesOf,
  type Places,
  type Verdict,
} from "../model/verdict.ts";
import type {
  GapDocument,
  HostDocument,
  OwnerDocument,
  SnapshotDocument,
  SocketDocument,
} from "../snapshot/document.ts";
import {
  containerText,
  endpointText,
  identify,
  type Identity,
  isService,
  program,
  shortId,
  stableUnit,
  transportText,
  userText,
} from "../snapshot/identity.ts";

/** Name and version of the format of `diff --json`. */
const DIFF_SCHEMA = "sockeye.diff/1";

/** The fields of a service that are compared, in the order in which they are shown. */
export const DIFF_FIELDS = [
  "reach",
  "v6only",
  "mode",
  "exe",
  "user",
  "unit",
  "container",
] as const;
type DiffField = typeof DIFF_FIELDS[number];
/** Fields that come from owners, so they are unknown if the owners are. */
const OWNER_FIELDS: readonly DiffField[] = ["exe", "user", "unit", "container"];

/** A service in one snapshot. Lists are sorted and without repetition. */
export interface Service {
  readonly key: string;
  readonly id: string;
  readonly netns: string;
  /** `tcp 0.0.0.0:22`, with the port even if the kernel picked it. */
  readonly endpoint: string;
  readonly values: Readonly<Record<DiffField, readonly string[]>>;
  /** False if not everything is known about its owners. */
  readonly ownersKnown: boolean;
  /** Fields of the socket itself that could not be found out. */
  readonly unknown: readonly DiffField[];
  /** True if some processes could not be read, one of which may be another owner. */
  readonly mayHaveMore: boolean;
  /** Namespace and endpoint with what the key leaves out: process IDs in paths, and ports that the kernel picked. */
  readonly places: readonly string[];
}

/** One difference. `undecided`: there may be one, but one side did not see enough. */
export interface Difference {
  readonly kind: "appeared" | "vanished" | "changed" | "undecided";
  readonly id: string;
  readonly key: string;
  readonly endpoint: string;
  readonly netns: string;
  readonly before: Service["values"] | null;
  readonly after: Service["values"] | null;
  /** What changed, or what could not be compared. */
  readonly fields: readonly DiffField[];
  /** Why it is undecided. */
  readonly reason: string | null;
}

/** The whole comparison. */
export interface Comparison {
  /** Whether anything differs. */
  readonly verdict: Verdict;
  readonly differences: readonly Difference[];
  /** How many services both sides have. */
  readonly compared: number;
  /** How many UDP sockets on ports that the kernel picked were left out: clients that wait for an answer. */
  readonly ephemeralUdp: { readonly before: number; readonly after: number };
}

/** Compares two snapshots. Differences are sorted by namespace and endpoint. */
export function compare(before: SnapshotDocument, after: SnapshotDocument): Comparison {
  const left = new Side(before);
  const right = new Side(after);
  const differences: Difference[] = [];
  let compared = 0;
  const both = (old: Service, now: Service) => {
    compared++;
    const difference = changes(old, now);
    if (difference !== null) differences.push(difference);
  };
  for (const [key, old] of left.services) {
    const now = right.services.get(key);
    if (now !== undefined) both(old, now);
  }
  compareRest(left, right, both, differences);
  differences.sort((a, b) => order(a.key, b.key) || order(a.endpoint, b.endpoint));
  return {
    verdict: verdictOf(differences, [...before.gaps, ...after.gaps]),
    differences,
    compared,
    ephemeralUdp: { before: left.ephemeralUdp, after: right.ephemeralUdp },
  };
}

/**
 * Where a service could be that one side has and the other lacks. vsock, XDP and TIPC sockets are compared where both sides
 * show them. Owners that were not seen are a matter of each service.
 */
const PLACES: Places = {
  tables: (label) => !/^(netlink|vsock|xdp|tipc)/.test(label),
  namespaces: true,
  containers: true,
};

function verdictOf(
  differences: readonly Difference[],
  gaps: readonly GapDocument[],
): Verdict {
  const open = differences.flatMap(({ kind, reason }) =>
    kind === "undecided" ? [reason ?? "too little was read"] : []
  );
  return decideAny([
    decide(differences.length > open.length, PLACES, gaps),
    open.length > 0 ? { answer: "undecided", because: open } : { answer: "no" },
  ]);
}

// Pairs services without a partner of the same key. First by place: a process ID in a path is only recognised while the
// process runs, and a port that the kernel picked may not have changed. Then by program, whatever its port.
function compareRest(
  left: Side,
  right: Side,
  both: (old: Service, now: Service) => void,
  differences: Difference[],
): void {
  const unpaired = (side: Side, other: Side) => [
    ...[...side.services.values()].filter(({ key }) => !other.services.has(key)),
    ...side.picked,
  ];
  let olds = unpaired(left, right);
  const rest = new Set(unpaired(right, left));
  for (const names of [({ places }: Service) => places, ({ key }: Service) => [key]]) {
    const byName = new Map<string, Service[]>();
    for (const now of rest) {
      for (const name of names(now)) {
        const list = byName.get(name);
        if (list === undefined) byName.set(name, [now]);
        else list.push(now);
      }
    }
    olds = olds.filter((old) => {
      for (const name of names(old)) {
        const now = byName.get(name)?.find((candidate) => rest.has(candidate));
        if (now === undefined) continue;
        rest.delete(now);
        both(old, now);
        return false;
      }
      return true;
    });
  }
  for (const old of olds) differences.push(left.gone(old, "vanished", right));
  for (const now of rest) differences.push(right.gone(now, "appeared", left));
}

/** The services of a snapshot as they are compared, without UDP clients. */
export function servicesOf(document: SnapshotDocument): Service[] {
  const side = new Side(document);
  return [...side.services.values(), ...side.picked];
}

/** One snapshot, grouped into services. */
class Side {
  readonly services = new Map<string, Service>();
  /** Listeners whose port the kernel picked, one entry per port. */
  readonly picked: Service[] = [];
  ephemeralUdp = 0;
  readonly #document: SnapshotDocument;

  constructor(document: SnapshotDocument) {
    this.#document = document;
    const groups = new Map<string, { identity: Identity; sockets: SocketDocument[] }>();
    for (const socket of document.sockets) {
      if (!isService(socket)) continue;
      const identity = identify(socket, document.host);
      if (identity.ephemeral && socket.state !== "listen") {
        this.ephemeralUdp++;
        continue;
      }
      const name = identity.ephemeral ? `${identity.netns} ${identity.endpoint}` : identity.key;
      const group = groups.get(name);
      if (group === undefined) groups.set(name, { identity, sockets: [socket] });
      else group.sockets.push(socket);
    }
    const has = (kind: string) => document.gaps.some((gap) => gap.kind === kind);
    const unseen = {
      processes: has("processes"),
      interfaces: has("interfaces") || has("reads"),
      containers: has("containers"),
    };
    for (const { identity, sockets } of groups.values()) {
      const service = makeService(identity, sockets, unseen);
      if (identity.ephemeral) this.picked.push(service);
      else this.services.set(identity.key, service);
    }
  }

  /** The difference for a service that the other side lacks. It is undecided if that side may have missed the service. */
  gone(service: Service, kind: "appeared" | "vanished", other: Side): Difference {
    const reason = this.#whyMisplaced() ?? other.#whyMisplaced() ?? other.#whyUnseen(service);
    const values = service.values;
    return {
      kind: reason === null ? kind : "undecided",
      id: service.id,
      key: service.key,
      endpoint: service.endpoint,
      netns: service.netns,
      before: kind === "vanished" ? values : null,
      after: kind === "appeared" ? values : null,
      fields: [],
      reason,
    };
  }

  /** Why a service of one network namespace may be told as one of another; `null` if it is not. */
  #whyMisplaced(): string | null {
    const { host, gaps } = this.#document;
    if (host.netns !== null) return null;
    const gap = gaps.find(({ kind }) => kind === "netns");
    return gap === undefined
      ? null
      : `which network namespace is the host's is not known: ${gap.reason}`;
  }

  #whyUnseen(service: Service): string | null {
    const [kind] = service.endpoint.split(/[ -]/) as [string];
    const places: Places = {
      tables: (label) => label.startsWith(kind),
      namespaces: namespacesOf(service.netns),
      // A container without its name is called by its runtime.
      ...service.netns.startsWith("container:") ? { containers: true as const } : {},
    };
    const gap = this.#document.gaps.find((gap) => mayHide(gap, places));
    return gap === undefined ? null : `the other side is incomplete: ${gap.reason}`;
  }
}

function makeService(
  { key, netns, endpoint }: Identity,
  sockets: readonly SocketDocument[],
  unseen: {
    readonly processes: boolean;
    readonly interfaces: boolean;
    readonly containers: boolean;
  },
): Service {
  const owners = sockets.flatMap((socket) => socket.owners);
  const distinct = (values: readonly (string | null)[]) =>
    [...new Set(values.filter((value) => value !== null))].sort();
  return {
    key,
    id: shortId(key),
    netns,
    endpoint,
    values: {
      reach: distinct(sockets.map((socket) => socket.reach.scope)),
      v6only: distinct(sockets.map(({ v6only }) => v6only === null ? null : String(v6only))),
      mode: distinct(sockets.map(({ local }) => local.mode ?? null)),
      exe: owners.length > 0
        ? distinct(owners.map(program))
        : distinct(sockets.map(({ ownership }) => `(${ownership})`)),
      user: distinct(owners.map(userText)),
      unit: distinct(owners.map(({ unit }) => stableUnit(unit))),
      container: distinct(owners.map(containerText)),
    },
    ownersKnown:
      sockets.every(({ ownership }) => ownership !== "hidden" && ownership !== "unknown") &&
      owners.every(isWhole),
    unknown: [
      // Without a gap it is unknown because no interface is up, which is a fact like others.
      ...unseen.interfaces && sockets.some(({ reach }) => reach.scope === "unknown")
        ? ["reach" as const]
        : [],
      // The file of a path that leads nowhere has no mode, and says so.
      ...sockets.some(({ local: { path, mode, host_path: found } }) =>
          path && mode === undefined && found === undefined
        )
        ? ["mode" as const]
        : [],
      ...unseen.containers && owners.some(({ container }) => container?.name === null)
        ? ["container" as const]
        : [],
      // /proc does not tell it.
      ...sockets.some(({ family, v6only }) => family === "inet6" && v6only === null)
        ? ["v6only" as const]
        : [],
    ],
    mayHaveMore: unseen.processes,
    places: distinct(
      sockets.map((socket) => `${netns} ${transportText(socket)} ${endpointText(socket)}`),
    ),
  };
}

/** True if everything that is compared is known of an owner. */
function isWhole({ exe, uid, unread }: OwnerDocument): boolean {
  return exe !== null && uid !== null && unread?.cgroup === undefined &&
    unread?.passwd === undefined;
}

/** True if one side shows less than the other and may have missed an owner, who could explain the rest. */
function isPartOf(part: Service, whole: Service, field: DiffField): boolean {
  return part.mayHaveMore &&
    part.values[field].every((value) => whole.values[field].includes(value));
}

function changes(old: Service, now: Service): Difference | null {
  const isUnknown = (field: DiffField) =>
    old.unknown.includes(field) || now.unknown.includes(field);
  const differing = DIFF_FIELDS.filter((field) => {
    const [a, b] = [old.values[field], now.values[field]];
    // Which source was asked is no difference.
    if (field === "v6only" && (isUnknown(field) || a.length === 0 || b.length === 0)) return false;
    return a.join("\0") !== b.join("\0");
  });
  const known = old.ownersKnown && now.ownersKnown;
  const certain = differing.filter((field) =>
    OWNER_FIELDS.includes(field)
      ? known && !isUnknown(field) && !isPartOf(old, now, field) && !isPartOf(now, old, field)
      : !isUnknown(field)
  );
  const open = differing.filter(isUnknown);
  if (certain.length === 0 && known && differing.length === 0) return null;
  const common = {
    id: now.id,
    key: now.key,
    endpoint: now.endpoint,
    netns: now.netns,
    before: old.values,
    after: now.values,
  };
  if (certain.length > 0) return { kind: "changed", ...common, fields: certain, reason: null };
  const side = (older: boolean, newer: boolean) =>
    older && newer ? "both sides" : older ? "the older side" : "the newer side";
  const lacking = ({ unknown }: Service) => open.some((field) => unknown.includes(field));
  // What is known of nobody's holders cannot be told to be the same.
  if (known && differing.length === open.length) {
    const what = open.map((field) => UNKNOWN_TEXT[field] ?? field).join(" and ");
    const reason = `${what} is not known on ${side(lacking(old), lacking(now))}`;
    return { kind: "undecided", ...common, fields: open, reason };
  }
  const oldLacks = known ? old.mayHaveMore : !old.ownersKnown;
  const nowLacks = known ? now.mayHaveMore : !now.ownersKnown;
  return {
    kind: "undecided",
    ...common,
    fields: OWNER_FIELDS,
    reason: `not every owner is known on ${side(oldLacks, nowLacks)}`,
  };
}

const UNKNOWN_TEXT: Partial<Record<DiffField, string>> = {
  reach: "how far it reaches",
  mode: "the mode of its file",
  container: "the name of its container",
};

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sideJson(document: SnapshotDocument): { host: HostDocument; [key: string]: unknown } {
  const { host, taken_at, complete, gaps } = document;
  return { host, taken_at, complete, gaps };
}

/** The comparison as data. The schema is in schema/diff-1.json. */
export function diffJson(
  before: SnapshotDocument,
  after: SnapshotDocument,
  comparison: Comparison,
): Record<string, unknown> {
  const { differences, compared, ephemeralUdp } = comparison;
  return {
    schema: DIFF_SCHEMA,
    old: sideJson(before),
    new: sideJson(after),
    same: comparison.verdict.answer === "no",
    undecided: comparison.verdict.answer === "undecided",
    because: comparison.verdict.answer === "undecided" ? comparison.verdict.because : [],
    compared,
    not_compared: { ephemeral_udp: ephemeralUdp },
    differences,
  };
}
