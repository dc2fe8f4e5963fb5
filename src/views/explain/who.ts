/**
 * The section Who: the owners of a socket as a tree, how they came to share it, and what follows.
 *
 * @module
 */
import type { ExplainedSockets } from "../../model/explanation.ts";
import type { Process } from "../../model/owner.ts";
import type { Consequence, OwnerNode, Relations } from "../../model/relation.ts";
import type { Socket } from "../../model/socket.ts";
import { withoutOwner } from "../columns.ts";
import type { Span } from "../../text/flow.ts";
import { absence } from "../../model/verdict.ts";
import { sanitize, sanitizeBytes } from "../../text/sanitize.ts";
import { type Line, MANY, named, type Page, plain, unbroken } from "./page.ts";
import { plural } from "../../text/plural.ts";

/** The owners of sockets. Sockets that the same processes share in the same way are shown together. */
export function whoLines(
  { sockets, relations, tunnel, creator }: ExplainedSockets,
  page: Page,
): Line[] {
  const groups = new Map<string, { readonly socket: Socket; related: Relations }>();
  for (const [i, socket] of sockets.entries()) {
    const related = relations[i]!;
    const key = socket.owners.length === 0 ? socket.ownership : shape(related.roots);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { socket, related });
    else {known.related = {
        ...known.related,
        roots: withDescriptors(known.related.roots, related.roots),
      };}
  }
  const lines: Line[] = [];
  for (const { socket, related } of [...groups.values()].slice(0, MANY)) {
    if (socket.owners.length === 0) {
      lines.push(plain([ownerless(socket, tunnel, creator), "notice"]));
    } else lines.push(...summaryLines(related), ...treeLines(related, page));
  }
  if (groups.size > MANY) {
    lines.push(plain([`and the owners of ${groups.size - MANY} more sockets`, "dim"]));
  }
  return lines;
}

// The tree as a key, without descriptors.
function shape(nodes: readonly OwnerNode[]): string {
  return nodes.map(({ owner, role, certain, children }) =>
    `${owner.pid}/${owner.tid} ${role} ${certain} (${shape(children)})`
  ).join();
}

// Merges the descriptors of two trees with the same shape.
function withDescriptors(
  nodes: readonly OwnerNode[],
  others: readonly OwnerNode[],
): readonly OwnerNode[] {
  return nodes.map((node, i) => {
    const other = others[i]!;
    const fds = [...new Set([...node.owner.fds, ...other.owner.fds])].sort((a, b) => a - b);
    return {
      ...node,
      owner: { ...node.owner, fds },
      children: withDescriptors(node.children, other.children),
    };
  });
}

function ownerless(
  socket: Socket,
  tunnel: ExplainedSockets["tunnel"],
  creator: ExplainedSockets["creator"],
): string {
  const device = tunnel == null
    ? null
    : `${sanitize(tunnel.name)} is a ${sanitize(tunnel.kind)} with this port`;
  switch (socket.ownership) {
    case "hidden":
      // The kernel opens UDP sockets itself: VXLAN, WireGuard, L2TP and the like. Without a full look nothing tells which it is.
      return absence("no_owner", { answer: "undecided", because: [] }) +
        (socket.transport === "udp"
          ? `, or by the kernel itself${device === null ? ", as of a tunnel" : `: ${device}`}`
          : "") +
        // Who made it is told to everybody.
        (socket.uid === null
          ? ""
          : `; user ${
            creator == null ? socket.uid : `${sanitize(creator)} (${socket.uid})`
          } created the socket`);
    case "kernel":
      return device === null
        ? absence("no_owner", { answer: "no" })
        : `the kernel itself: ${device}`;
    default:
      return withoutOwner(socket);
  }
}

// Sums up the tree below in one sentence, if possible.
function summaryLines({ roots, consequences }: Relations): Line[] {
  const lines: Line[] = [];
  const [root] = roots;
  if (roots.length === 1 && root!.children.length > 0) {
    const workers = root!.children.filter(({ role }) => role === "worker");
    if (workers.length === countNodes(roots) - 1) {
      const forked = workers.every(({ certain }) => certain);
      lines.push(plain(
        `a master and ${forked ? "" : "probably "}${plural(workers.length, "worker")}${
          forked ? " it forked" : ": the same program"
        }`,
      ));
    }
  }
  lines.push(...consequences.map((consequence) => consequenceLine(consequence, roots)));
  return lines;
}

function consequenceLine({ kind, pid, by, reuse }: Consequence, roots: readonly OwnerNode[]): Line {
  const nodes = flatten(roots);
  const name = (id: number) => {
    const process = nodes.find(({ owner }) => owner.pid === id)?.owner.process;
    return process === undefined ? `process ${id}` : named(process);
  };
  const keepers = by.slice(0, 3).map(name).join(", ") +
    (by.length > 3 ? ` and ${by.length - 3} more` : "");
  const program = name(pid);
  const live = by.length === 1 ? "lives" : "live";
  return plain([
    kind === "share_kept"
      ? `${keepers} ${
        by.length === 1 ? "keeps" : "keep"
      } a share of new connections when ${program} is restarted (SO_REUSEPORT)`
      : `${program} cannot be restarted on this port while ${keepers} ${live}${
        reuse === null ? ", unless both allow it by SO_REUSEPORT" : ""
      }`,
    "warning",
  ]);
}

function flatten(nodes: readonly OwnerNode[]): OwnerNode[] {
  return nodes.flatMap((node) => [node, ...flatten(node.children)]);
}

function treeLines({ roots }: Relations, page: Page): Line[] {
  return roots.flatMap((root) => nodeLines(root, "", "", page));
}

function nodeLines(node: OwnerNode, branch: string, trunk: string, page: Page): Line[] {
  const { owner, children } = node;
  const { process } = owner;
  // Workers that look alike are shown by name only.
  const brief = node.role === "worker" && node.certain || node.role === "thread";
  const stem = children.length > 0 ? "│ " : "  ";
  const lines: Line[] = [{
    spans: [
      ...processSpans(process, page, !brief),
      [`  ${unbroken(`fd ${descriptorText(owner.fds)}`)}`, "dim"],
      ...(owner.tid === null || node.role === "thread"
        ? []
        : [[`  of thread ${owner.tid} alone`, "notice"] as const]),
      ...roleSpans(node),
      ...netnsSpans(node),
    ],
    indent: branch,
    hang: trunk + stem,
  }];
  if (!brief) {
    const command = commandLine(process);
    if (command !== null) {
      lines.push({ spans: [[command, "dim"]], indent: trunk + stem, hang: `${trunk}${stem}  ` });
    }
  }
  const shown = children.length > MANY ? children.slice(0, MANY) : children;
  for (const [i, child] of shown.entries()) {
    const last = i === shown.length - 1 && shown.length === children.length;
    lines.push(
      ...nodeLines(
        child,
        `${trunk}${last ? "└─ " : "├─ "}`,
        `${trunk}${last ? "   " : "│  "}`,
        page,
      ),
    );
  }
  if (shown.length < children.length) {
    lines.push({
      spans: [[`and ${children.length - shown.length} more`, "dim"]],
      indent: `${trunk}└─ `,
    });
  }
  return lines;
}

function roleSpans(node: OwnerNode): Span[] {
  const likely = node.certain ? "" : "probably ";
  const program = node.evidence.find(({ kind }) => kind === "other_program");
  switch (node.role) {
    case "holder":
      return [];
    case "worker":
      return [[`  ${likely}worker`, "dim"]];
    case "thread":
      return [[`  thread ${node.owner.tid} with descriptors of its own`, "dim"]];
    case "inherited":
      return [[
        `  ${likely}inherited across exec${
          program?.kind === "other_program"
            ? ` from ${sanitize(lastPart(program.ancestor_exe))}`
            : ""
        }`,
        "notice",
      ]];
    case "activated":
      return [[`  ${likely}socket activation`, "notice"]];
    case "passed":
      return [["  probably passed from process to process", "notice"]];
    case "sibling":
      return [["  probably from a common parent that has closed it", "notice"]];
  }
}

// The process has moved to another namespace, or got the socket from there.
function netnsSpans({ evidence }: OwnerNode): Span[] {
  return evidence.flatMap((fact) =>
    fact.kind === "other_netns"
      ? [[`  lives in netns ${fact.name === null ? fact.netns : sanitize(fact.name)}`, "notice"]]
      : []
  );
}

function descriptorText(fds: readonly number[]): string {
  return fds.slice(0, MANY).join(", ") +
    (fds.length > MANY ? ` and ${fds.length - MANY} more` : "");
}

const lastPart = (path: string) => path.slice(path.lastIndexOf("/") + 1);

function processSpans(process: Process, page: Page, withStart: boolean): Span[] {
  const user = process.user ?? (process.uid === null ? null : `uid ${process.uid}`);
  const start = process.startTimeMs;
  return [
    [named(process), "name"],
    ...(user === null ? [] : [`  ${sanitize(user)}`]),
    ...(start === null || !withStart ? [] : [
      [
        `  since ${unbroken(`${dateText(start)} (${ageText(page.format.now - start)})`)}`,
        "dim",
      ] as const,
    ]),
  ];
}

export function processLines(process: Process, page: Page, indent: string): Line[] {
  const lines: Line[] = [{ spans: processSpans(process, page, true), indent }];
  const command = commandLine(process);
  if (command !== null) {
    lines.push({ spans: [[command, "dim"]], indent: `${indent}  `, hang: `${indent}    ` });
  }
  return lines;
}

/** Longer command lines are cut. --json has them whole. */
const COMMAND_LIMIT = 400;

function commandLine({ cmdline, comm }: Process): string | null {
  if (cmdline === null || cmdline.length === 0) return null;
  const words = sanitizeBytes(cmdline.map((byte) => byte === 0 ? 0x20 : byte)).trimEnd();
  if (words === "" || comm !== null && words === sanitizeBytes(comm)) return null;
  return words.length > COMMAND_LIMIT ? `${words.slice(0, COMMAND_LIMIT)}…` : words;
}

function dateText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** An age: `12 s`, `5 min`, `3 h 20 min`, `9 days`. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days`;
}

export function countNodes(nodes: readonly OwnerNode[]): number {
  return nodes.reduce(
    (sum, node) => sum + (node.role === "thread" ? 0 : 1) + countNodes(node.children),
    0,
  );
}
