/**
 * Forwards: where a published port leads, from the side of the machine that publishes it.
 *
 * @module
 */
import { Diagnostics } from "../../diagnostics.ts";
import { Refusal } from "../../files/refusal.ts";
import { statBelow } from "../../files/untrusted_tree.ts";
import { parseAddress } from "../../model/endpoint.ts";
import type { Explanation } from "../../model/explanation.ts";
import type { Forward } from "../../model/forward.ts";
import type { Process } from "../../model/owner.ts";
import { hasPort } from "../../model/port_range.ts";
import type { Socket } from "../../model/socket.ts";
import { insidePidNamespace } from "../../proc/ns.ts";
import { DescriptorScanner } from "../../proc/scan.ts";
import { covers, sameAddress } from "../../reach/covers.ts";
import type { DnatRule } from "../../reach/nat_rule.ts";
import { type InterfaceTable, readInterfaces, UnreadInterfaces } from "../../reach/interfaces.ts";
import type { VirtualServices } from "../../reach/ipvs.ts";
import { hasChildInside, isProxy, parseProxies, slirpTarget } from "../../reach/proxies.ts";
import { takeNetnsSnapshot } from "../../snapshot/netns_snapshot.ts";
import { ProcessNet } from "../../snapshot/process_net.ts";
import { utf8Text } from "../../text/encoding.ts";
import type { ExplainInput } from "./input.ts";
import { isServer } from "./match.ts";
import { containerAt } from "./processes.ts";
import type { PortTarget } from "./target.ts";

/** Where a forward leads, before anybody has looked who is there. */
type Draft =
  & Pick<
    Forward,
    "via" | "pid" | "protocol" | "hostAddress" | "conditional" | "address" | "port"
  >
  & {
    /** Inode of the network namespace that it leads to; `null` if it is found by the address. */
    readonly netns: number | null;
    /** The port of this machine that is forwarded. */
    readonly hostPort: number;
  };

/** What it takes to follow a proxy. */
type ForwardInput = Pick<ExplainInput, "root" | "facts" | "users">;

/** Where the port of a target is forwarded to. `servers`: the sockets that were found on it. */
export function forwardsOf(
  target: PortTarget,
  servers: readonly Socket[],
  input: ExplainInput,
): Pick<Explanation, "forwards" | "forwardsUnread"> {
  if (!input.root.isLive) return { forwards: [], forwardsUnread: true };
  const asked = [...input.namespaces.values()]
    // Processes that other targets name may live elsewhere, which this target does not ask about.
    .filter(({ found }) => found.own || input.choice !== "own" && !isAround(input.choice));
  const drafts = [
    ...fromProxies(target, servers, input),
    ...asked.flatMap(({ found, forwarding }) => [
      ...fromRules(target, forwarding?.rules?.rules ?? [], found.netns.inode),
      ...fromVirtualServices(target, forwarding?.virtual.services ?? []),
    ]),
  ];
  return {
    forwards: drafts.length === 0 ? [] : resolve(drafts, input),
    forwardsUnread: asked.length === 0 ||
      asked.some(({ forwarding }) =>
        forwarding?.rules?.complete !== true || !forwarding.virtual.complete ||
        forwarding.rules.rules.some((rule) => mayBe(target, rule))
      ),
  };
}

const isAround = (choice: ExplainInput["choice"]) =>
  typeof choice === "object" && "around" in choice;

/** Whether a rule may be about a port for a reason that is not understood, such as a set of ports. */
function mayBe({ transport }: PortTarget, { ports, protocol, more }: DnatRule): boolean {
  return ports === null && more &&
    (transport === null || protocol === null || protocol === transport);
}

/**
 * Where the proxies among the owners of sockets forward their ports to, by the inode of the socket. All other namespaces are looked
 * into for who is there, once for all sockets; where no owner is a proxy, nothing is read.
 */
export function proxyForwards(
  sockets: readonly Socket[],
  input: ForwardInput,
): Map<number, readonly Forward[]> {
  const found = new Map<number, readonly Forward[]>();
  const drafts: { readonly inode: number; readonly draft: Draft }[] = [];
  for (const socket of sockets) {
    const { inode, local, owners } = socket;
    if (inode === null || !("address" in local)) continue;
    for (const { process } of owners) {
      if (!isProxy(process.comm)) continue;
      for (const draft of draftsOf(process, socket, local.port, input)) {
        drafts.push({ inode, draft });
      }
    }
  }
  if (drafts.length === 0) return found;
  const resolved = resolve(drafts.map(({ draft }) => draft), input, false);
  for (const [i, { inode }] of drafts.entries()) {
    found.set(inode, [...found.get(inode) ?? [], resolved[i]!]);
  }
  return found;
}

function fromProxies(target: PortTarget, servers: readonly Socket[], input: ExplainInput): Draft[] {
  const { facts } = input;
  const owners = new Map(
    servers.flatMap((socket) =>
      socket.owners.map(({ process }) => [process.pid, { process, socket }])
    ),
  );
  return [...owners.values()].flatMap(({ process, socket }): Draft[] => {
    // Of a fork that has not called exec since, the arguments are those of the one above.
    const { pid, ppid } = process;
    if (ppid !== null && owners.has(ppid) && facts.sameImage(pid, ppid) === true) return [];
    return draftsOf(process, socket, target.port, input);
  });
}

/** Where a process forwards a port to, if it is a proxy. */
function draftsOf(
  process: Process,
  { transport }: Socket,
  hostPort: number,
  input: ForwardInput,
): Draft[] {
  const { root, facts } = input;
  const found: Draft[] = [];
  const draft = { pid: process.pid, protocol: transport, conditional: false, hostPort };
  const { cmdline } = process;
  for (const proxy of cmdline === null ? [] : parseProxies(cmdline)) {
    if (proxy.hostPort !== hostPort || proxy.protocol !== transport) continue;
    const { via, hostAddress, address, port, netns } = proxy;
    const inode = netns === null
      ? null
      : "pid" in netns
      ? facts.netns(netns.pid)
      : inodeAt(netns.path);
    // Without an address, the namespace is all that can be looked for.
    if (address === null && inode === null) continue;
    found.push({ ...draft, via, hostAddress, address, port, netns: inode });
  }
  const slirp = cmdline === null ? null : slirpTarget(cmdline);
  const slirpNetns = slirp === null ? null : facts.netns(slirp);
  if (slirpNetns !== null) {
    found.push({ ...draft, via: "slirp4netns", ...INTO, netns: slirpNetns });
  }
  const kind = process.comm === null ? null : hasChildInside(utf8Text(process.comm));
  const inside = kind === null ? null : childInside(process, input);
  if (kind !== null && inside !== null) {
    found.push({ ...draft, via: kind, ...INTO, netns: inside });
  }
  return found;

  function inodeAt(path: string): number | null {
    // The path is a stranger's: it is not followed onto what may not answer.
    const status = statBelow(`${root.path}/self/root`, path);
    return status instanceof Refusal ? null : status.inode;
  }
}

const INTO = { hostAddress: null, address: null, port: null } as const;

/** The network namespace of a child that lives in another one than its parent. */
function childInside({ pid }: Process, { root, facts }: ForwardInput): number | null {
  const own = facts.netns(pid);
  for (const other of new DescriptorScanner(root).listProcesses()) {
    if (facts.get(other).ppid !== pid) continue;
    const netns = facts.netns(other);
    if (netns !== null && own !== null && netns !== own) return netns;
  }
  return null;
}

function fromRules(
  { port, transport, address }: PortTarget,
  rules: readonly DnatRule[],
  netns: number,
): Draft[] {
  return rules.flatMap((rule): Draft[] => {
    const { ports, protocol, toAddress, toPort } = rule;
    if (toAddress === null && toPort === port) return [];
    if (transport !== null && protocol !== null && protocol !== transport) return [];
    // A rule without ports is about everything, and says nothing of this one.
    if (ports === null || !hasPort(ports, port)) return [];
    if (address !== null && rule.address !== null && !sameAddress(address, rule.address)) return [];
    return [{
      via: rule.via,
      pid: null,
      protocol,
      hostAddress: rule.address,
      conditional: rule.more,
      address: toAddress,
      port: toPort ?? port,
      // A redirected packet stays on the machine.
      netns: toAddress === null ? netns : null,
      hostPort: port,
    }];
  });
}

function fromVirtualServices(
  { port, transport, address }: PortTarget,
  services: VirtualServices["services"],
): Draft[] {
  return services.flatMap((service): Draft[] => {
    if (service.port !== port || transport !== null && service.protocol !== transport) return [];
    if (address !== null && !sameAddress(address, service.address)) return [];
    return service.servers.map((server): Draft => ({
      via: "ipvs",
      pid: null,
      protocol: service.protocol,
      hostAddress: service.address,
      conditional: false,
      address: server.address,
      port: server.port,
      netns: null,
      hostPort: port,
    }));
  });
}

/** Looks into all namespaces for who is at the other ends. `once`: what is the same is told once. */
function resolve(drafts: readonly Draft[], input: ForwardInput, once = true): Forward[] {
  const { root } = input;
  const unsure = drafts.some(({ port }) => port === null);
  const ports = new Set(drafts.flatMap(({ port }) => port === null ? [] : [port]));
  const interfaces = new Map<number, InterfaceTable>();
  const own = new Set<number>();
  const diagnostics = new Diagnostics();
  const { sockets } = takeNetnsSnapshot(
    {
      families: new Set(["inet", "inet6"] as const),
      transports: new Set(["tcp", "udp", "sctp"] as const),
      // Services: for connections the kernel would walk those of all namespaces, in each of them.
      states: null,
      ports: unsure ? null : [...ports].map((port) => ({ first: port, last: port })),
      pids: null,
      processes: null,
      users: null,
    },
    "all",
    diagnostics,
    { root },
    ({ netns, own: isOwn }, inside) => {
      if (inside instanceof ProcessNet) return;
      const table = readInterfaces(root, netns.inode);
      if (!(table instanceof UnreadInterfaces)) interfaces.set(netns.inode, table);
      if (isOwn) own.add(netns.inode);
    },
  );
  const named = (inode: number) => ({ inode, name: input.facts.netnsName(inode) });
  const complete = insidePidNamespace(root) === false &&
    diagnostics.gaps.every(({ kind }) => kind !== "netns" && kind !== "interfaces");
  const seen = new Set<string>();
  return drafts.flatMap(({ hostPort, ...draft }): Forward[] => {
    const { address, port, netns } = draft;
    const key = [draft.via, draft.pid, draft.hostAddress, address, port, netns].join();
    if (once && seen.has(key)) return [];
    seen.add(key);
    const nobody = { processes: [], container: null, image: null };
    const inside = netns !== null
      ? [netns]
      : [...interfaces].filter(([, table]) =>
        table.addresses.some((one) => address !== null && sameAddress(one.address, address))
      ).map(([inode]) => inode);
    if (inside.length === 0) {
      const tables = [...own].flatMap((inode) => interfaces.get(inode) ?? []);
      return [{ ...draft, ...nobody, netns: null, fate: fateOfMissing(address, tables, complete) }];
    }
    const there = sockets.filter((socket) =>
      socket.netns !== null && inside.includes(socket.netns.inode) && isServer(socket) &&
      (draft.protocol === null || socket.transport === draft.protocol) &&
      "address" in socket.local &&
      (address === null || covers(socket.local.address, socket.v6only, address))
    );
    const on = (wanted: number) =>
      there.filter(({ local }) => "address" in local && local.port === wanted);
    const listeners = port !== null ? on(port) : onlyService(there, on(hostPort));
    const processes = [
      ...new Map(
        listeners.flatMap(({ owners }) =>
          owners.map(({ pid, process }) => [pid, process] as const)
        ),
      ).values(),
    ].sort((a, b) => a.pid - b.pid);
    const [first] = processes;
    const place = first === undefined ? undefined : containerAt(first, input);
    const [local] = listeners.map((socket) => socket.local);
    return [{
      ...draft,
      port: port ?? (local !== undefined && "address" in local ? local.port : null),
      processes,
      container: place?.container ?? null,
      image: place?.image ?? null,
      netns: named(inside[0]!),
      fate: listeners.length > 0 ? "served" : "silent",
    }];
  });
}

// Where only the namespace is known: the same port there, else the only service that it has.
function onlyService(there: readonly Socket[], same: readonly Socket[]): readonly Socket[] {
  if (same.length > 0) return same;
  const ports = new Set(
    there.flatMap(({ local, state }) =>
      "address" in local && state === "listen" ? [local.port] : []
    ),
  );
  return ports.size === 1 ? there.filter(({ state }) => state === "listen") : [];
}

/**
 * What is said of an address that nothing here was found to have. `own`: interfaces of the machine itself. `complete`: every
 * network namespace was looked into.
 */
export function fateOfMissing(
  address: string | null,
  own: readonly Pick<InterfaceTable, "addresses">[],
  complete: boolean,
): "gone" | "remote" | "unknown" {
  if (!complete) return "unknown";
  return own.some((table) => isOnLink(address, table)) ? "gone" : "remote";
}

// True if an address belongs to a network that an interface, such as a bridge, is in.
function isOnLink(address: string | null, table: Pick<InterfaceTable, "addresses">): boolean {
  const bytes = address === null ? undefined : parseAddress(address);
  if (bytes === undefined) return false;
  return table.addresses.some((one) => {
    const network = parseAddress(one.address);
    return network !== undefined && network.length === bytes.length && one.prefix > 0 &&
      one.prefix < 8 * bytes.length && sharesPrefix(bytes, network, one.prefix);
  });
}

function sharesPrefix(a: Uint8Array, b: Uint8Array, prefix: number): boolean {
  for (let bit = 0; bit < prefix; bit += 8) {
    const mask = prefix - bit >= 8 ? 0xff : 0xff << (8 - (prefix - bit)) & 0xff;
    if (((a[bit / 8]! ^ b[bit / 8]!) & mask) !== 0) return false;
  }
  return true;
}
