/**
 * TargetFilter: a target as a filter, where the listing is asked for what `explain` would explain.
 *
 * @module
 */
import type { Target } from "../commands/explain/target.ts";
import { all, any, type Expr } from "../filter/ast.ts";
import { prefixOf } from "../filter/prefix.ts";
import { single } from "../filter/ranges.ts";
import { parseAddress } from "../model/endpoint.ts";
import { FAMILIES, type FamilyName } from "../model/socket.ts";

/** True of the sockets that any of the targets names. */
export function targetFilter(targets: readonly Target[]): Expr {
  return any(targets.map(filterOf));
}

/** The families that targets name sockets of. */
export function targetFamilies(targets: readonly Target[]): readonly FamilyName[] {
  return [...new Set(targets.flatMap(familiesOf))];
}

function familiesOf({ kind }: Target): readonly FamilyName[] {
  if (kind === "unix" || kind === "abstract") return ["unix"];
  return kind === "inode" || kind === "endpoint" ? FAMILIES : ["inet", "inet6"];
}

function filterOf(target: Target): Expr {
  switch (target.kind) {
    case "port": {
      const { transport, address, also = [], port } = target;
      const addresses = address === null
        ? []
        : [address, ...also].map((text) => prefixOf(parseAddress(text)!));
      const host = { kind: "host", end: "source", addresses, ports: single(port) } as const;
      return transport === null
        ? host
        : all([host, { kind: "transport", transports: [transport] }]);
    }
    case "unix":
      return { kind: "unix_name", end: "source", pattern: target.path };
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
