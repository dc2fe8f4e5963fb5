/**
 * ExplainInput: everything that is read from the host to make explanations.
 *
 * @module
 */
import type { Diagnostics } from "../../diagnostics.ts";
import { Users } from "../../etc/users.ts";
import { FAMILY_NAMES } from "../../families/mod.ts";
import type { Socket } from "../../model/socket.ts";
import { ALL_STATES } from "../../model/state.ts";
import { Facts } from "../../origin/facts.ts";
import { Processes } from "../../origin/processes.ts";
import { type MulticastGroup, readMulticastGroups } from "../../proc/igmp.ts";
import type { ProcRoot } from "../../proc/root.ts";
import { counterIn } from "../../proc/snmp.ts";
import { latin1Text } from "../../text/encoding.ts";
import type { NetnsChoice, Query } from "../../query.ts";
import { type PortSettings, readPortSettings } from "../../reach/settings.ts";
import { type DnatRules, LIVE_RULES, readDnatRules } from "../../reach/dnat.ts";
import { readVirtualServices, type VirtualServices } from "../../reach/ipvs.ts";
import { SocketFiles } from "../../reach/socket_file.ts";
import { type InterfaceTable, readInterfaces, UnreadInterfaces } from "../../reach/interfaces.ts";
import type { FoundNetns } from "../../snapshot/namespaces.ts";
import { DescriptorScanner } from "../../proc/scan.ts";
import { type Around, takeNetnsSnapshot } from "../../snapshot/netns_snapshot.ts";
import { Bearers, namesProcesses } from "./bearers.ts";
import { ProcessNet } from "../../snapshot/process_net.ts";
import type { Target } from "./target.ts";

/** What was read inside one network namespace, besides its sockets. */
export interface NetnsFacts {
  readonly found: FoundNetns;
  readonly interfaces: InterfaceTable | UnreadInterfaces;
  readonly groups: readonly MulticastGroup[];
  readonly ports: PortSettings;
  /** How often a connection found a full accept queue there. Kernel: ListenOverflows. `null` if it could not be read. */
  readonly listenOverflows: number | null;
  /** What forwards ports there; `null` where no target is a port, and for recordings. */
  readonly forwarding: Forwarding | null;
}

/** What forwards ports of a network namespace without any process. */
interface Forwarding {
  /** `null` where they may not be read. */
  readonly rules: DnatRules | null;
  readonly virtual: VirtualServices;
}

/** See the module. */
export interface ExplainInput {
  readonly root: ProcRoot;
  /** Where the sockets were looked for. */
  readonly choice: NetnsChoice | "own" | Around;
  /** True if only sockets on the ports of the targets were read. */
  readonly portsOnly: boolean;
  readonly sockets: readonly Socket[];
  readonly namespaces: ReadonlyMap<number, NetnsFacts>;
  readonly facts: Facts;
  readonly users: Users;
  readonly groups: Users;
  readonly diagnostics: Diagnostics;
  readonly files: SocketFiles;
  readonly bearers: Bearers;
  /** The DNAT rules of the namespace that this program runs in, read once. `null` where they may not be read. */
  hostRules(): DnatRules | null;
}

function readListenOverflows(root: ProcRoot): number | null {
  const bytes = root.readNet("netstat");
  return typeof bytes === "number"
    ? null
    : counterIn(latin1Text(bytes), "TcpExt", "ListenOverflows");
}

const UNKNOWN_PORTS: PortSettings = { ephemeral: null, reserved: [], unprivilegedStart: null };

/** Reads the sockets that targets may ask about, their owners, and the settings of their namespaces. */
export function takeInput(
  targets: readonly Target[],
  netns: NetnsChoice | undefined,
  diagnostics: Diagnostics,
  root: ProcRoot,
): ExplainInput {
  const namespaces = new Map<number, NetnsFacts>();
  const users = new Users();
  const processes = new Processes(root, users);
  const facts = new Facts(root, processes);
  const bearers = new Bearers(users, root);
  // Their sockets may be of other network namespaces than ours.
  const named = netns === undefined && root.isLive ? pidsNamed(targets, facts, bearers, root) : [];
  const query = { ...queryFor(targets), receiveBuffers: true };
  const choice = netns ?? (named.length > 0 ? { around: named } : "own");
  let hostRules: DnatRules | null | undefined;
  const ownRules = () => hostRules === undefined ? hostRules = readDnatRules(root) : hostRules;
  const asked = targets.flatMap((target) => target.kind === "port" ? [target.port] : []);
  const forwards = root.isLive && asked.length > 0;
  const snapshot = takeNetnsSnapshot(
    query,
    choice,
    diagnostics,
    { root, users, processes },
    (found, inside, known) => {
      // Settings and interfaces are told only inside.
      const entered = !(inside instanceof ProcessNet);
      const interfaces = known ??
        (entered
          ? readInterfaces(root, found.netns.inode)
          : new UnreadInterfaces("it may not be entered"));
      if (entered && known === null && interfaces instanceof UnreadInterfaces) {
        diagnostics.gap(interfaces.gap(found.netns.inode));
      }
      namespaces.set(found.netns.inode, {
        found,
        interfaces,
        groups: readMulticastGroups(inside),
        ports: entered ? readPortSettings(root) : UNKNOWN_PORTS,
        listenOverflows: readListenOverflows(inside),
        forwarding: !forwards ? null : {
          rules: entered ? readDnatRules(root, LIVE_RULES, asked) : null,
          virtual: entered ? readVirtualServices(root) : readVirtualServices(inside, null),
        },
      });
    },
  );
  return {
    root,
    choice,
    portsOnly: query.ports !== null,
    sockets: snapshot.sockets,
    namespaces,
    facts,
    users,
    // group(5) begins like passwd(5): name, password, number.
    groups: new Users("/etc/group"),
    diagnostics,
    files: new SocketFiles(root),
    bearers,
    hostRules: ownRules,
  };
}

/** A target with the name of its interface where an index was given: names are what sockets have. */
export function withInterfaceName<T extends Target>(target: T, { namespaces }: ExplainInput): T {
  if (target.kind !== "port" || target.interface === null || !/^\d+$/.test(target.interface)) {
    return target;
  }
  const index = Number(target.interface);
  for (const { interfaces } of namespaces.values()) {
    if (interfaces instanceof UnreadInterfaces) continue;
    const link = interfaces.links.find((one) => one.index === index);
    if (link !== undefined) return { ...target, interface: link.name };
  }
  return target;
}

function pidsNamed(
  targets: readonly Target[],
  facts: Facts,
  bearers: Bearers,
  root: ProcRoot,
): number[] {
  const pids = new Set<number>();
  for (const target of targets) {
    for (const pid of candidates(target, root)) {
      if (bearers.bears(facts.get(pid), target)) pids.add(pid);
    }
  }
  return [...pids];
}

/** The processes that a target may name: one, none, or any. */
export function candidates(target: Target, root: ProcRoot): readonly number[] {
  if (target.kind === "pid") return [target.pid];
  return namesProcesses(target) ? new DescriptorScanner(root).listProcesses() : [];
}

/** The query for everything that these targets may ask about. */
export function queryFor(targets: readonly Target[]): Query {
  const ports = targets.flatMap((target) => target.kind === "port" ? [target.port] : []);
  // Of port 0, the kernel picks among all.
  const portsOnly = ports.length === targets.length && !ports.includes(0);
  return {
    families: new Set(targets.flatMap(familiesOf)),
    transports: new Set(["tcp", "udp", "udplite", "raw", "icmp", "mptcp", "sctp", "dccp"]),
    states: ALL_STATES,
    ports: portsOnly ? ports.map((port) => ({ first: port, last: port })) : null,
    pids: null,
    processes: null,
    users: null,
  };
}

// Families that cannot match are not read, so failing to read them makes no answer incomplete.
function familiesOf(target: Target): readonly Socket["family"][] {
  const { kind } = target;
  return kind === "port"
    ? target.anyFamily ? ["inet", "inet6", "vsock"] : ["inet", "inet6"]
    : kind === "unix" || kind === "abstract"
    ? ["unix"]
    : FAMILY_NAMES;
}
