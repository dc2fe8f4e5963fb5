/**
 * Expressions back to text: one line in the sockeye dialect, or a tree to look at.
 *
 * @module
 */
import { MEASURES } from "../model/measure.ts";
import { STATES } from "../model/state.ts";
import type { Condition, End, Expr, HostCondition, Prefix } from "./ast.ts";
import { measureText } from "./measure.ts";
import { formatPrefix } from "./prefix.ts";
import { formatRanges, type Ranges } from "./ranges.ts";
import {
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  AF_PACKET,
  AF_UNSPEC,
  AF_VSOCK,
} from "../model/address_family.ts";

/**
 * The tree as indented text, a condition a line:
 *
 * ```
 * all of
 *   sport = 22
 *   not
 *     src = 10.0.0.0/8
 * ```
 */
export function describeFilter(expr: Expr): string {
  const lines: string[] = [];
  const pending: [Expr, number][] = [[expr, 0]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [node, level] = next;
    const indent = "  ".repeat(level);
    if (node.kind === "not") {
      lines.push(`${indent}not`);
      pending.push([node.term, level + 1]);
    } else if (node.kind === "all" || node.kind === "any") {
      lines.push(`${indent}${node.kind} of${node.terms.length === 0 ? " nothing" : ""}`);
      for (let i = node.terms.length - 1; i >= 0; i--) pending.push([node.terms[i]!, level + 1]);
    } else {
      lines.push(indent + formatCondition(node) + fileText(node));
    }
  }
  return lines.join("\n");
}

// A path is compared by what it leads to, which its text does not show.
function fileText(condition: Condition): string {
  if (condition.kind !== "unix_name" || condition.file === undefined) return "";
  const { major, minor, inode } = condition.file;
  return `, which is the file with inode ${inode} on device ${major}:${minor}`;
}

/** The expression on one line, in the sockeye dialect, with no more parentheses than it needs. */
export function formatExpr(expr: Expr): string {
  switch (expr.kind) {
    case "all":
      return expr.terms.map((term) => grouped(term, term.kind === "any")).join(" and ");
    case "any":
      return expr.terms.map((term) => grouped(term, false)).join(" or ");
    case "not":
      return `not ${grouped(expr.term, expr.term.kind === "all" || expr.term.kind === "any")}`;
    default:
      return formatCondition(expr);
  }
}

function grouped(term: Expr, needed: boolean): string {
  const text = formatExpr(term);
  return needed ? `(${text})` : text;
}

function formatCondition(condition: Condition): string {
  switch (condition.kind) {
    case "host":
      return formatHost(condition);
    case "port_order":
      return `${portField(condition.end)} ${condition.operator} ${condition.port}`;
    case "unix_name":
      return `${hostField(condition.end)} = ${quote(`unix:${condition.pattern}`)}`;
    case "device":
      return `dev = ${quote(condition.name)}`;
    case "mark": {
      const mask = condition.mask === 0xffffffff ? "" : `/0x${condition.mask.toString(16)}`;
      return `fwmark = 0x${condition.mark.toString(16)}${mask}`;
    }
    case "cgroup":
      return `cgroup = ${quote(condition.path)}`;
    case "autobound":
      return "autobound";
    case "pid":
      return numbers("pid", condition.pids);
    case "process":
      return `process = ${list(condition.patterns)}`;
    case "user":
      return `user = ${list(condition.users)}`;
    case "measure": {
      const { measure, values } = condition;
      return numbers(measure, values, (value) => measureText(value, MEASURES[measure].unit));
    }
    case "unit":
    case "container":
    case "image":
    case "cmdline":
      return `${condition.kind} = ${list(condition.patterns)}`;
    case "endpoint":
      return `${hostField(condition.end)} = ${quote(condition.text)}`;
    case "netns":
      return `netns = ${list(condition.patterns)}`;
    case "inode":
      return numbers("inode", condition.inodes);
    case "reach":
      return `reach = ${list(condition.scopes)}`;
    case "owners":
      return numbers("owners", condition.counts);
    case "state":
      return `state = ${list(STATES.filter((_, i) => (condition.states >>> i & 1) !== 0))}`;
    case "family":
      return `family = ${list(condition.families)}`;
    case "transport":
      return `transport = ${list(condition.transports)}`;
  }
}

function hostField(end: End): string {
  return end === "source" ? "src" : "dst";
}

function portField(end: End): string {
  return end === "source" ? "sport" : "dport";
}

function formatHost({ end, addresses, ports }: HostCondition): string {
  if (addresses.length === 0) {
    return ports === null ? `${hostField(end)} = any` : numbers(portField(end), ports);
  }
  if (ports === null || ports.length !== 1) {
    const hosts = `${hostField(end)} = ${addresses.map((prefix) => formatAddress(prefix))}`;
    return ports === null ? hosts : `(${hosts} and ${numbers(portField(end), ports)})`;
  }
  const port = formatRanges(ports);
  return `${hostField(end)} = ${addresses.map((prefix) => formatAddress(prefix, port))}`;
}

const PREFIXES: Readonly<Record<number, string>> = {
  [AF_PACKET]: "link",
  [AF_NETLINK]: "netlink",
  [AF_VSOCK]: "vsock",
};

function formatAddress(prefix: Prefix, port?: string): string {
  const tail = port === undefined ? "" : `:${port}`;
  if (prefix.family === AF_INET) return formatPrefix(prefix) + tail;
  if (prefix.family === AF_INET6) {
    return port === undefined ? formatPrefix(prefix) : `[${formatPrefix(prefix)}]${tail}`;
  }
  if (prefix.family === AF_UNSPEC) return `any${tail}`;
  const value = prefix.length === 0 ? "*" : prefix.words[0];
  return `${PREFIXES[prefix.family] ?? `family ${prefix.family}`}:${value}${tail}`;
}

/** A set of numbers; the empty one as a comparison that nothing passes. */
function numbers(field: string, set: Ranges, text: (value: number) => string = String): string {
  return set.length === 0 ? `${field} < ${text(0)}` : `${field} = ${formatRanges(set, text)}`;
}

function list(words: readonly string[]): string {
  return words.map(quote).join(",");
}

/** In quotes where a bare word would be read as something else. */
function quote(word: string): string {
  if (/^[\w./:@*+-]+$/.test(word) && !/^(and|or|not|eq|ne|neq|lt|le|leq|gt|ge|geq)$/i.test(word)) {
    return word;
  }
  return `"${word.replace(/["\\]/g, "\\$&")}"`;
}
