/**
 * TargetFilter: a target as a filter, where the listing is asked for what `explain` would explain.
 *
 * @module
 */
import type { Target } from "../commands/explain/target.ts";
import { all, any, type Expr } from "../filter/ast.ts";
import { parseDevice, unixName } from "../filter/host.ts";
import { type FilterResolver, NO_NAMES } from "../filter/resolver.ts";
import { hostResolver } from "../snapshot/host_resolver.ts";
import { prefixOf } from "../filter/prefix.ts";
import { single } from "../filter/ranges.ts";
import { parseAddress } from "../model/endpoint.ts";
import { FAMILIES, type FamilyName } from "../model/socket.ts";

/**
 * True of the sockets that any of the targets names.
 *
 * @param live False for another host or time, where a path leads to no file of this host.
 */
export function targetFilter(targets: readonly Target[], live: boolean): Expr {
  const resolver = live ? hostResolver() : NO_NAMES;
  return any(targets.map((target) => filterOf(target, resolver)));
}

/** The families that targets name sockets of. */
export function targetFamilies(targets: readonly Target[]): readonly FamilyName[] {
  return [...new Set(targets.flatMap(familiesOf))];
}

function familiesOf({ kind }: Target): readonly FamilyName[] {
  if (kind === "unix" || kind === "abstract") return ["unix"];
  return kind === "inode" || kind === "endpoint" ? FAMILIES : ["inet", "inet6"];
}

function filterOf(target: Target, resolver: FilterResolver): Expr {
  switch (target.kind) {
    case "port": {
      const { transport, address, also = [], port } = target;
      const addresses = address === null
        ? []
        : [address, ...also].map((text) => prefixOf(parseAddress(text)!));
      return all([
        { kind: "host", end: "source", addresses, ports: single(port) },
        ...target.interface === null ? [] : [parseDevice(target.interface)],
        ...transport === null ? [] : [{ kind: "transport", transports: [transport] } as const],
      ]);
    }
    case "unix":
      return unixName(target.path, "source", resolver);
    case "abstract":
      return { kind: "unix_name", end: "source", pattern: `@${target.name}` };
    case "pid":
      return { kind: "pid", pids: single(target.pid) };
    case "process":
      return { kind: "process", patterns: [target.name] };
    case "unit":
      return { kind: "unit", patterns: [target.unit] };
    case "container":
      return { kind: "container", patterns: [target.container] };
    case "inode":
      return { kind: "inode", inodes: single(target.inode) };
    case "endpoint":
      return { kind: "endpoint", end: "source", text: target.text };
  }
}
