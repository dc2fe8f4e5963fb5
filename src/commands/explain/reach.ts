/**
 * Works out how far a socket can be reached, with everything that was read about its namespace.
 *
 * @module
 */
import { Refusal } from "../../files/refusal.ts";
import { statBelow } from "../../files/untrusted_tree.ts";
import { isWildcard } from "../../model/endpoint.ts";
import type { Publication, ReachReport, SocketFile } from "../../model/explanation.ts";
import type { Process } from "../../model/owner.ts";
import type { Socket } from "../../model/socket.ts";
import { addressReach } from "../../reach/address.ts";
import { UnreadInterfaces } from "../../reach/interfaces.ts";
import { resolveReach } from "../../reach/bind.ts";
import { mayForward, parseProxies } from "../../reach/proxies.ts";
import type { DnatRule } from "../../reach/nat_rule.ts";
import { DescriptorScanner } from "../../proc/scan.ts";
import { hasPort, type PortRange } from "../../model/port_range.ts";
import type { ExplainInput, NetnsFacts } from "./input.ts";
import { boundSocket } from "./unix_path.ts";

/** The report for one socket; `null` if its family has no reach. */
export function reachReport(socket: Socket, input: ExplainInput): ReachReport | null {
  const { local, reach } = socket;
  const facts = socket.netns === null ? undefined : input.namespaces.get(socket.netns.inode);
  if (!("address" in local)) {
    const rest = { addresses: null, groups: [], published: [] };
    // The family knows that nobody can reach it, whatever the mode of its file is.
    const found = reach.scope === "unknown" ? null : fileReach(socket, input);
    if (found === null) return { ...reach, ...rest, file: null };
    return "scope" in found ? { ...found, ...rest, file: null } : {
      scope: reach.scope,
      reasons: [...reach.reasons, ...found.reasons],
      ...rest,
      file: found.file,
    };
  }
  const { transport, family, v6only } = socket;
  const resolved = resolveReach(
    { transport, family, v6only, local },
    facts?.interfaces ?? null,
  );
  return {
    scope: resolved.scope,
    reasons: resolved.reasons,
    addresses: resolved.reachableAddresses,
    groups: groupsOf(socket, facts),
    published: resolved.scope === "container" ? publications(socket, facts, input) : [],
    file: null,
  };
}

// Datagrams to a group are delivered to every socket on the port that is bound to a wildcard address or to the group.
function groupsOf({ local, transport, v6only }: Socket, facts: NetnsFacts | undefined) {
  if (facts === undefined || !transport.startsWith("udp") || !("address" in local)) return [];
  if (addressReach(local.address).scope === "multicast") {
    return facts.groups.filter(({ address }) => address === local.address);
  }
  if (!isWildcard(local.address)) return [];
  return facts.groups.filter((group) =>
    (local.interface === null || group.interface === local.interface) &&
    (group.address.includes(":") ? local.address === "::" : v6only !== true)
  );
}

// The file of a unix socket, or why its path reaches nothing; `null` if neither is known.
function fileReach(socket: Socket, input: ExplainInput):
  | { readonly file: SocketFile; readonly reasons: readonly string[] }
  | Pick<ReachReport, "scope" | "reasons">
  | null {
  const bound = boundSocket(socket);
  if (bound === null) return null;
  const found = input.files.find(bound);
  switch (found.kind) {
    case "gone":
      return {
        scope: "unknown",
        reasons: ["the file is gone: nobody can connect by its path now"],
      };
    case "astray":
      return {
        scope: "unknown",
        reasons: ["its path does not lead to it any more: the file was removed, replaced or moved"],
      };
    case "unknown":
      return null;
  }
  const { mode, uid, gid } = found.status;
  const reasons: string[] = [];
  if (found.path !== bound.path && bound.path.startsWith("/")) {
    reasons.push(`the file is now ${found.path}`);
  }
  if (found.root !== "" && bound.file !== null && bound.path.startsWith("/")) {
    reasons.push("the path is that of another root directory or mount namespace, not ours");
  }
  return {
    file: {
      mode: mode & 0o7777,
      uid,
      user: input.users.name(uid),
      gid,
      group: input.groups.name(gid),
      closedFolder: closedFolder(found.root, found.path),
    },
    reasons,
  };
}

// The innermost folder above a path that others may not enter.
function closedFolder(prefix: string, path: string): string | null {
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    const folder = path.slice(0, end);
    const status = statBelow(prefix, folder);
    if (!(status instanceof Refusal) && (status.mode & 0o001) === 0) return folder;
  }
  return null;
}

// Where a port of a container is published: by docker-proxy processes on the host, or by DNAT rules. `null` if not known.
function publications(
  socket: Socket,
  facts: NetnsFacts | undefined,
  input: ExplainInput,
): Publication[] | null {
  const { local } = socket;
  if (facts === undefined || facts.found.own || !("address" in local)) return null;
  if (facts.interfaces instanceof UnreadInterfaces) return null;
  const addresses = new Set(facts.interfaces.addresses.map(({ address }) => address));
  const found: Publication[] = [];
  for (const pid of new DescriptorScanner(input.root).listProcesses()) {
    const process = input.facts.get(pid);
    if (!mayForward(process.comm)) continue;
    for (const proxy of process.cmdline === null ? [] : parseProxies(process.cmdline)) {
      const { via, protocol, port, address, netns, hostAddress, hostPort } = proxy;
      if (port !== local.port || protocol !== socket.transport) continue;
      const leadsHere = address !== null
        ? addresses.has(address)
        : netns !== null && "pid" in netns &&
          input.facts.netns(netns.pid) === facts.found.netns.inode;
      if (!leadsHere) continue;
      found.push({
        via,
        address: hostAddress,
        ports: { first: hostPort, last: hostPort },
        conditional: false,
        pid,
      });
    }
  }
  const rules = input.root.isLive ? input.hostRules() : null;
  for (const rule of rules?.rules ?? []) {
    if (rule.toAddress === null || !addresses.has(rule.toAddress)) continue;
    for (const ports of publishedPorts(rule, local.port, socket.transport)) {
      found.push({
        via: rule.via,
        address: rule.address,
        ports,
        conditional: rule.more,
        pid: null,
      });
    }
  }
  // Only if every rule could be read is "not published" certain.
  return found.length > 0 || rules?.complete ? withoutRepetition(found) : null;
}

// Two paths to one rule are one publication. One without conditions replaces one with conditions.
function withoutRepetition(found: readonly Publication[]): Publication[] {
  const kept = new Map<string, Publication>();
  for (const one of found) {
    const key = [one.via, one.address, one.ports.first, one.ports.last, one.pid].join();
    if (kept.get(key)?.conditional !== false) kept.set(key, one);
  }
  return [...kept.values()];
}

/** The ports that a rule forwards to this port; empty if it forwards none. */
function publishedPorts(
  { protocol, ports, toPort }: DnatRule,
  port: number,
  transport: string,
): PortRange[] {
  if (transport !== (protocol ?? transport)) return [];
  const all = ports ?? [{ first: 1, last: 65535 }];
  // A rule that names no port does not change it.
  if (toPort === null) {
    return hasPort(all, port) ? [{ first: port, last: port }] : [];
  }
  return toPort === port ? [...all] : [];
}

/** Where a proxy among the owners forwards everything to. */
export function forwardOf(
  processes: readonly Process[],
  socket: Socket,
): { readonly address: string; readonly port: number } | null {
  for (const process of processes) {
    if (!mayForward(process.comm)) continue;
    for (
      const { protocol, address, port } of process.cmdline === null
        ? []
        : parseProxies(process.cmdline)
    ) {
      if (protocol === socket.transport && address !== null && port !== null) {
        return { address, port };
      }
    }
  }
  return null;
}
