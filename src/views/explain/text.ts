/**
 * Explanations as text: a heading for each thing that matched, and below it What, Who, Where, Logs, Reach.
 *
 * @module
 */
import { endpointTraits } from "../../families/mod.ts";
import type {
  BindReport,
  Connections,
  Explanation,
  LogFile,
  Nearby,
  Place,
  Publication,
  ReachReport,
  SocketFile,
  Subject,
} from "../../model/explanation.ts";
import type { Bytes, Process } from "../../model/owner.ts";
import type { OwnerNode, Relations } from "../../model/relation.ts";
import type { Scope, Socket } from "../../model/socket.ts";
import { stateLabel, withoutOwner } from "../columns.ts";
import { paint, type Role } from "../text/color.ts";
import { flow, type Span } from "../text/flow.ts";
import { sanitize, sanitizeBytes } from "../text/sanitize.ts";
import { cellWidth } from "../text/width.ts";
import type { Writer } from "../text/writer.ts";

/** How to lay it out. */
export interface ExplainFormat {
  /** Cells; `null` for a pipe, which gets every line whole. */
  readonly width: number | null;
  readonly color: boolean;
  /** Milliseconds since the epoch: ages are told from it. */
  readonly now: number;
}

/** Sections are set in to here; their names stand before it. */
const INDENT = 9;
/** More of the same than this is counted and not listed. */
const MANY = 12;

/** Writes explanations, an empty line between them. Throws what the writer throws. */
export function writeExplanations(
  explanations: readonly Explanation[],
  writer: Writer,
  format: ExplainFormat,
): void {
  const page = new Page(writer, format);
  for (const explanation of explanations) writeExplanation(explanation, page);
}

function writeExplanation(explanation: Explanation, page: Page): void {
  for (const subject of explanation.subjects) writeSubject(subject, page);
  if (explanation.subjects.length === 0) writeNothing(explanation, page);
}

/** Writes what bind(2) said of one address. */
export function writeBind(report: BindReport, writer: Writer, format: ExplainFormat): void {
  const page = new Page(writer, format);
  const { transport, address, port } = report;
  page.heading([
    [`${transport} ${sanitize(formatAddress(address, port))}`, "name"],
    "  ",
    report.verdict === "free" ? ["bind would succeed", "good"] : ["bind would fail", "warning"],
  ]);
  page.section("Bind", bindLines(report));
}

/** Lines with sections, at one width. */
class Page {
  readonly #writer: Writer;
  readonly format: ExplainFormat;
  #first = true;

  constructor(writer: Writer, format: ExplainFormat) {
    this.#writer = writer;
    this.format = format;
  }

  heading(spans: readonly Span[]): void {
    if (!this.#first) this.#writer.write("\n");
    this.#first = false;
    for (const line of flow(spans, this.format.width, this.format.color)) {
      this.#writer.write(`${line}\n`);
    }
  }

  /** A section: its name before the first line, every line wrapped and set in. */
  section(name: string, lines: readonly Line[]): void {
    let label = name;
    for (const { spans, indent = "", hang = indent } of lines) {
      const { width, color } = this.format;
      // Both have the same width, so that text under text stays under it.
      const room = width === null ? null : width - INDENT - cellWidth(indent);
      for (const [i, text] of flow(spans, room, color).entries()) {
        const head = `  ${paint(label, "header", color)}${" ".repeat(INDENT - 2 - label.length)}`;
        this.#writer.write(`${head}${i === 0 ? indent : hang}${text}`.trimEnd() + "\n");
        label = "";
      }
    }
  }
}

/** One line before it is wrapped; `indent` stands before its first part, `hang` before the others. */
interface Line {
  readonly spans: readonly Span[];
  readonly indent?: string;
  readonly hang?: string;
}

const plain = (...spans: Span[]): Line => ({ spans });
const bytes = (value: Bytes | null) => value === null ? "?" : sanitizeBytes(value);
const named = (process: Process) => `${bytes(process.comm)} (${process.pid})`;

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

function formatAddress(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function localText({ family, local }: Socket): string {
  const text = endpointTraits(family).text(local);
  return text.length === 0
    ? "(no address)"
    : typeof text === "string"
    ? sanitize(text)
    : sanitizeBytes(text);
}

function protocolName({ transport, family }: Socket): string {
  if (family === "unix") return `unix ${transport}`;
  return family === "inet6" ? `${transport}6` : transport;
}

function netnsText({ netns }: Socket): string | null {
  if (netns === null) return null;
  return netns.name === null ? `netns ${netns.inode}` : `netns ${sanitize(netns.name)}`;
}

function writeSubject(subject: Subject, page: Page): void {
  const [first] = subject.sockets as readonly [Socket];
  if (subject.kind === "connections") {
    page.heading([[plural(subject.sockets.length, "connection"), "name"]]);
    page.section("What", connectionLines(subject));
    page.section("Who", subject.processes.flatMap((process) => processLines(process, page, "")));
  } else {
    page.heading([
      [`${protocolName(first)} ${localText(first)}`, "name"],
      "  ",
      [stateLabel(first), first.state === "listen" ? "good" : "plain"],
      ...(first.netns === null ? [] : ["  ", [netnsText(first)!, "dim"] as const]),
    ]);
    page.section("What", whatLines(subject));
    page.section("Who", whoLines(subject, page));
  }
  if (subject.places.length > 0) page.section("Where", whereLines(subject));
  if (subject.processes.length > 0) page.section("Logs", logLines(subject));
  if (subject.reach !== null) page.section("Reach", reachLines(subject.reach, first));
}

const STATE_MEANING: Partial<Record<Socket["state"], string>> = {
  listen: "waits for connections",
  close: "takes datagrams from anybody",
  bound_inactive: "holds the address, and neither listens nor connects",
  established: "connected",
};

function whatLines(subject: Subject): Line[] {
  const [first] = subject.sockets as readonly [Socket];
  const lines: Line[] = [];
  const meaning = STATE_MEANING[first.state];
  const what: Span[] = [kindOf(first)];
  if (meaning !== undefined) what.push(`, ${meaning}`);
  lines.push(plain(...what));
  if (subject.sockets.length > 1) {
    const spread = subject.relations.map(({ roots }) => countNodes(roots));
    lines.push(plain(
      `${subject.sockets.length} sockets share the address (SO_REUSEPORT), held by ${
        [...new Set(spread)].length === 1
          ? `${plural(spread[0]!, "process", "processes")} each`
          : spread.join(", ") + " processes"
      }`,
    ));
  }
  const queues = subject.sockets.flatMap(({ acceptQueue }) =>
    acceptQueue === null ? [] : [acceptQueue]
  );
  for (const { length, limit } of queues.slice(0, MANY)) {
    // The kernel takes one more than the limit before it refuses.
    const full = limit !== null && length > limit;
    lines.push(plain(
      "accept queue ",
      [String(length), full ? "warning" : "plain"],
      limit === null ? "" : ` of ${limit}`,
      ...(full ? [[", full: new connections are dropped", "warning"] as const] : []),
    ));
  }
  if (subject.connections !== null) {
    lines.push(...connectionsSpans(subject.connections).map((spans) => plain(...spans)));
  }
  return lines;
}

function kindOf(socket: Socket): string {
  const { transport, family, v6only, local } = socket;
  const name = transport.toUpperCase();
  if (family === "inet") return `${name} over IPv4`;
  if (family !== "inet6") {
    return family === "unix" ? `unix ${transport} socket` : `${family} socket`;
  }
  if ("address" in local && local.address !== "::") return `${name} over IPv6`;
  if (v6only === true) return `${name} over IPv6 only`;
  return v6only === false ? `${name} over IPv6 and IPv4 (dual-stack)` : `${name} over IPv6`;
}

function connectionsSpans(connections: Connections): Span[][] {
  const { established, peers, unaccepted, timeWait, others } = connections;
  const parts: string[] = [];
  if (established > 0) {
    parts.push(
      `${plural(established, "connection")}${
        peers > 0 ? ` from ${plural(peers, "address", "addresses")}` : ""
      }${unaccepted > 0 ? `, ${unaccepted} not accepted yet` : ""}`,
    );
  } else parts.push("no connection now");
  for (const [state, count] of Object.entries(others)) {
    parts.push(`${count} in ${state.replaceAll("_", "-")}`);
  }
  const lines: Span[][] = [[parts.join(", ")]];
  if (timeWait > 0) {
    lines.push([
      `${timeWait} in time-wait`,
      [": closed, and remembered for a minute; no traffic", "dim"],
    ]);
  }
  return lines;
}

function connectionLines({ sockets, connections }: Subject): Line[] {
  const lines = connectionsSpans(connections!).map((spans) => plain(...spans));
  for (const socket of sockets.slice(0, MANY)) {
    const peer = socket.peer === null ? "-" : endpointTraits(socket.family).text(socket.peer);
    lines.push(plain(
      `${protocolName(socket)} ${localText(socket)}`,
      [" → ", "dim"],
      typeof peer === "string" ? sanitize(peer) : sanitizeBytes(peer),
      [`  ${stateLabel(socket)}`, "dim"],
    ));
  }
  if (sockets.length > MANY) lines.push(plain([`and ${sockets.length - MANY} more`, "dim"]));
  return lines;
}

function countNodes(nodes: readonly OwnerNode[]): number {
  return nodes.reduce(
    (sum, node) => sum + (node.role === "thread" ? 0 : 1) + countNodes(node.children),
    0,
  );
}

function whoLines({ sockets, relations }: Subject, page: Page): Line[] {
  const lines: Line[] = [];
  for (const [i, socket] of sockets.entries()) {
    const related = relations[i]!;
    if (socket.owners.length === 0) lines.push(plain([ownerless(socket), "notice"]));
    else lines.push(...summaryLines(related), ...treeLines(related, page));
    if (i + 1 === MANY && sockets.length > MANY) {
      lines.push(plain([`and the owners of ${sockets.length - MANY} more sockets`, "dim"]));
      break;
    }
  }
  return lines;
}

function ownerless(socket: Socket): string {
  switch (socket.ownership) {
    case "hidden":
      return "hidden: held by a process that we may not look into or do not see; root on the host does";
    case "kernel":
      return "the kernel itself, or a descriptor on its way between processes: every process was looked into";
    default:
      return withoutOwner(socket);
  }
}

// What the tree below shows, in one sentence, where it can be said in one.
function summaryLines({ roots, consequences }: Relations): Line[] {
  const lines: Line[] = [];
  const [root] = roots;
  if (roots.length === 1 && root!.children.length > 0) {
    const workers = root!.children.filter(({ role }) => role === "worker");
    if (workers.length === countNodes(roots) - 1) {
      lines.push(plain(`a master and ${plural(workers.length, "worker")} it forked`));
    }
  }
  for (const { pid, by } of consequences) {
    const nodes = flatten(roots);
    const name = (id: number | null) => {
      const process = nodes.find(({ owner }) => owner.pid === id)?.owner.process;
      return process === undefined ? `process ${id}` : named(process);
    };
    const keepers = by.slice(0, 3).map(name).join(", ") +
      (by.length > 3 ? ` and ${by.length - 3} more` : "");
    lines.push(plain([
      `${
        pid === null ? "the program" : name(pid)
      } cannot be restarted on this port while ${keepers} ${by.length === 1 ? "lives" : "live"}`,
      "warning",
    ]));
  }
  return lines;
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
  // Workers that look alike are named and no more.
  const brief = node.role === "worker" || node.role === "thread";
  const stem = children.length > 0 ? "│ " : "  ";
  const lines: Line[] = [{
    spans: [
      ...processSpans(process, page, !brief),
      [`  ${unbroken(`fd ${owner.fds.join(", ")}`)}`, "dim"],
      ...roleSpans(node),
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
      return [["  worker", "dim"]];
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

// Kept on one line.
const unbroken = (text: string) => text.replaceAll(" ", "\u00a0");

function processLines(process: Process, page: Page, indent: string): Line[] {
  const lines: Line[] = [{ spans: processSpans(process, page, true), indent }];
  const command = commandLine(process);
  if (command !== null) {
    lines.push({ spans: [[command, "dim"]], indent: `${indent}  `, hang: `${indent}    ` });
  }
  return lines;
}

/** Longer command lines are cut: --json has them whole. */
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

/** `12 s`, `5 min`, `3 h 20 min`, `9 days`. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days`;
}

const FATE: Readonly<Record<Place["exeFate"], Span | null>> = {
  unchanged: null,
  unknown: null,
  replaced: ["  replaced on disk since it was started", "warning"],
  deleted: ["  deleted from disk since it was started", "warning"],
};

function whereLines({ places }: Subject): Line[] {
  const lines: Line[] = [];
  for (const place of places.slice(0, MANY)) {
    const indent = places.length > 1 ? "  " : "";
    if (places.length > 1) {
      const pids = place.pids.slice(0, MANY).join(", ") +
        (place.pids.length > MANY ? ` and ${place.pids.length - MANY} more` : "");
      lines.push(plain([`${bytes(place.comm)} (${pids})`, "name"]));
    }
    lines.push(...placeLines(place).map((spans) => ({ spans, indent })));
  }
  if (places.length > MANY) lines.push(plain([`and ${places.length - MANY} more`, "dim"]));
  return lines;
}

function placeLines(place: Place): Span[][] {
  const lines: Span[][] = [];
  const fate = FATE[place.exeFate];
  const owned = place.package;
  lines.push([
    place.exe === null ? ["the program file may not be read", "notice"] : bytes(place.exe),
    ...(fate === null ? [] : [fate]),
    ...(owned === null ? [] : [
      [
        owned.name === null
          ? `  in no ${owned.manager} package`
          : `  package ${sanitize(owned.name)} (${owned.manager})`,
        "dim",
      ] as const,
    ]),
  ]);
  if (place.cwd !== null) lines.push(["in ", bytes(place.cwd)]);
  if (place.root !== null) lines.push(["root directory ", [bytes(place.root), "notice"]]);
  const { container, pod } = place;
  if (container !== null) {
    lines.push([
      `${container.runtime ?? "container"} ${container.runtime === null ? "" : "container "}`,
      [container.name === null ? shortId(container.id) : sanitize(container.name), "notice"],
      ...(container.name === null || container.name === container.id
        ? []
        : [[`  ${shortId(container.id)}`, "dim"] as const]),
      ...(place.image === null ? [] : [[`  image ${sanitize(place.image)}`, "dim"] as const]),
    ]);
  }
  if (pod !== null) {
    lines.push([
      "pod ",
      [sanitize(pod.name ?? pod.uid ?? "?"), "notice"],
      ...(pod.namespace === null ? [] : [` in ${sanitize(pod.namespace)}`]),
    ]);
  }
  // The scope of a container says what its line has said.
  if (place.unit !== null && !(container !== null && place.unit.includes(container.id))) {
    lines.push([
      `unit ${sanitize(place.unit)}${
        place.session === null ? "" : `, login session ${sanitize(place.session)}`
      }`,
    ]);
  }
  return lines;
}

const shortId = (id: string) => sanitize(/^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : id);

function logLines({ logs }: Subject): Line[] {
  const lines = logs.files.slice(0, MANY).map((file) => plain(...logSpans(file)));
  if (logs.files.length > MANY) lines.push(plain([`and ${logs.files.length - MANY} more`, "dim"]));
  for (const unit of logs.journal) {
    lines.push(plain(`the journal: journalctl -u ${sanitize(unit)}`));
  }
  if (logs.container !== null) {
    lines.push(plain(sanitize(logs.container), ["  output of the container", "dim"]));
  }
  if (logs.unread.length > 0) {
    lines.push(plain([
      `the open files of ${plural(logs.unread.length, "process", "processes")} may not be read`,
      "notice",
    ]));
  }
  if (lines.length === 0) lines.push(plain(["none open", "dim"]));
  return lines;
}

function logSpans({ path, deleted, size, holders }: LogFile): Span[] {
  const fds = holders.slice(0, 3).map(({ pid, fds }) =>
    holders.length === 1 ? `fd ${fds.join(", ")}` : `${pid} fd ${fds.join(", ")}`
  ).join("; ");
  return [
    bytes(path),
    [`  ${fds}${holders.length > 3 ? ` and ${holders.length - 3} more` : ""}`, "dim"],
    ...(deleted
      ? [[`  deleted while open: ${sizeText(size)} that go with the process`, "warning"] as const]
      : []),
  ];
}

function sizeText(size: number): string {
  if (size < 10_000) return `${size} bytes`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = size / 1000;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

const SCOPE_TEXT: Readonly<Record<Scope, readonly [text: string, role: Role]>> = {
  loopback: ["this machine only", "good"],
  link_local: ["the local links", "notice"],
  private: ["private networks", "notice"],
  public: ["the internet, as far as firewalls let it", "warning"],
  any: ["every address of this machine; which these are could not be read", "warning"],
  multicast: ["a multicast group", "notice"],
  host: ["processes of this machine", "good"],
  container: ["inside the container's network", "notice"],
  unknown: ["nobody, or not known", "dim"],
};

function reachLines(reach: ReachReport, socket: Socket): Line[] {
  const { family } = socket;
  const [text, role] = SCOPE_TEXT[reach.scope];
  const lines: Line[] = [];
  if (family !== "unix" || reach.scope !== "unknown") lines.push(plain([text, role]));
  if (reach.file !== null) lines.push(...fileLines(reach.file));
  const addresses = reach.addresses;
  if (addresses !== null && addresses.length > 0) {
    const shown = addresses.slice(0, MANY);
    const names = Math.max(...shown.map((way) => cellWidth(sanitize(way.interface))));
    const widths = Math.max(...shown.map((way) => `${way.address}/${way.prefix}`.length));
    for (const way of shown) {
      lines.push(plain(
        `${sanitize(way.interface).padEnd(names)}  ${
          `${way.address}/${way.prefix}`.padEnd(widths)
        }  `,
        [way.scope.replaceAll("_", "-"), way.scope === "public" ? "warning" : "dim"],
        ...(way.mapped ? [["  IPv4 through the IPv6 socket", "dim"] as const] : []),
        ...(way.carrier ? [] : [["  no carrier", "dim"] as const]),
      ));
    }
    if (addresses.length > shown.length) {
      lines.push(plain([`and ${addresses.length - shown.length} more`, "dim"]));
    }
  }
  // The first reason of a wildcard lists the addresses again.
  const listed = (addresses?.length ?? 0) > 0 && reach.reasons[0]?.startsWith("every ");
  for (const reason of listed ? reach.reasons.slice(1) : reach.reasons) {
    lines.push(plain([sanitize(reason), "dim"]));
  }
  for (const group of reach.groups) {
    lines.push(plain(`group ${group.address} joined on ${sanitize(group.interface)}`));
  }
  if (reach.scope === "container") lines.push(...publishedLines(reach.published));
  if (family === "inet" || family === "inet6") {
    if (reach.scope !== "loopback") lines.push(plain(["firewall rules are not read", "dim"]));
  }
  return lines;
}

function publishedLines(published: readonly Publication[] | null): Line[] {
  if (published === null) return [plain(["published to the outside: unknown", "notice"])];
  if (published.length === 0) return [plain("no docker-proxy and no DNAT rule publishes it")];
  return published.map(({ via, address, ports: { first, last }, conditional, pid }) => {
    const ports = first === last
      ? `port ${first}`
      : first === 1 && last === 65535
      ? "every port"
      : `ports ${first} to ${last}`;
    const where = address === null
      ? `${ports} of every address`
      : first === last
      ? formatAddress(address, first)
      : `${ports} of ${address}`;
    return plain(
      [`published as ${where} by ${via}${pid === null ? "" : ` (${pid})`}`, "warning"],
      ...(conditional ? [[", for some packets only: the rule asks for more", "dim"] as const] : []),
    );
  });
}

function fileLines({ mode, uid, user, gid, closedFolder }: SocketFile): Line[] {
  const others = (mode & 0o002) !== 0;
  const group = (mode & 0o020) !== 0;
  return [
    plain(
      `mode ${mode.toString(8).padStart(4, "0")}, owner ${
        sanitize(user ?? String(uid))
      }, group ${gid}: `,
      others && closedFolder !== null
        ? `everybody may connect who may enter ${sanitize(closedFolder)}`
        : others
        ? ["every user may connect", "warning"]
        : group
        ? "its owner and the group may connect"
        : "only its owner may connect",
    ),
  ];
}

function writeNothing(
  { target, nearby, idle, elsewhere, netns, undecided }: Explanation,
  page: Page,
): void {
  page.heading([
    [sanitize(target), "name"],
    "  ",
    [undecided ? "nothing found, but not everything could be read" : "nothing there", "notice"],
    ...(netns === null
      ? []
      : [[`  netns ${netns.name === null ? netns.inode : sanitize(netns.name)}`, "dim"] as const]),
  ]);
  const lines: Line[] = [];
  for (const process of idle.slice(0, MANY)) {
    lines.push(plain(
      [named(process), "name"],
      undecided
        ? " lives, and may not be looked into"
        : " lives, and holds no socket of this network namespace",
    ));
  }
  if (idle.length > MANY) lines.push(plain([`and ${idle.length - MANY} more`, "dim"]));
  if (nearby !== null) lines.push(...nearbyLines(nearby));
  for (const socket of elsewhere.slice(0, MANY)) {
    const owners = socket.owners.slice(0, 3).map(({ process }) => named(process)).join(", ");
    lines.push(plain(
      `in ${netnsText(socket)}: ${protocolName(socket)} ${localText(socket)}  ${
        stateLabel(socket)
      }  `,
      [owners === "" ? withoutOwner(socket) : owners, "name"],
    ));
  }
  if (lines.length > 0) page.section("Near", lines);
  for (const report of nearby?.binds ?? []) page.section("Bind", bindLines(report));
}

function nearbyLines({ connections, sockets, ephemeral, reserved }: Nearby): Line[] {
  const lines: Line[] = [];
  for (const socket of sockets.slice(0, MANY)) {
    const owners = socket.owners.slice(0, 3).map(({ process }) => named(process)).join(", ");
    lines.push(plain(
      `${protocolName(socket)} ${localText(socket)}  ${stateLabel(socket)}  `,
      [owners === "" ? withoutOwner(socket) : owners, "name"],
    ));
  }
  if (connections !== null) {
    const { established, timeWait, others } = connections;
    const parts = [
      ...(established > 0 ? [plural(established, "connection")] : []),
      ...(timeWait > 0 ? [`${timeWait} in time-wait`] : []),
      ...Object.entries(others).map(([state, count]) =>
        `${count} in ${state.replaceAll("_", "-")}`
      ),
    ];
    lines.push(plain(`${parts.join(", ")} from this port`));
  }
  if (reserved) lines.push(plain("reserved: the kernel does not hand this port out by itself"));
  if (ephemeral !== null) {
    const [first, last] = ephemeral;
    lines.push(plain([`ports that the kernel hands out by itself: ${first} to ${last}`, "dim"]));
  }
  return lines;
}

function bindLines(report: BindReport): Line[] {
  const { transport, address, port, verdict, holders, plain: code, unprivilegedStart } = report;
  const where = `${transport} ${sanitize(formatAddress(address, port))}`;
  const lines: Line[] = [];
  switch (verdict) {
    case "free":
      lines.push(plain(`bind to ${where} would succeed`));
      break;
    case "needs_reuse_address":
      lines.push(plain([
        `bind to ${where} would succeed only with SO_REUSEADDR: connections or time-waits still hold the port`,
        "notice",
      ]));
      break;
    case "in_use":
      lines.push(
        plain([`bind to ${where} would fail: the address is in use (EADDRINUSE)`, "warning"]),
      );
      break;
    case "denied":
      lines.push(plain([`bind to ${where} would fail: not permitted (${code})`, "warning"]));
      break;
    case "no_such_address":
      lines.push(plain([
        `bind to ${where} would fail: no interface has the address (EADDRNOTAVAIL)`,
        "warning",
      ]));
      break;
    case "other":
      lines.push(
        plain([`bind to ${where} would fail: ${code ?? "it could not be tried"}`, "warning"]),
      );
  }
  if (verdict !== "free") {
    for (const socket of holders.slice(0, MANY)) {
      const owners = socket.owners.slice(0, 3).map(({ process }) => named(process)).join(", ");
      lines.push(plain(
        `held by ${protocolName(socket)} ${localText(socket)}  ${stateLabel(socket)}  `,
        [owners === "" ? withoutOwner(socket) : owners, "name"],
        ...(socket.family === "inet6" && !address.includes(":") && socket.v6only === false
          ? [["  a dual-stack socket holds IPv4 too", "notice"] as const]
          : []),
      ));
    }
    if (holders.length > MANY) lines.push(plain([`and ${holders.length - MANY} more`, "dim"]));
  }
  if (unprivilegedStart !== null && port < unprivilegedStart) {
    lines.push(plain([
      `ports below ${unprivilegedStart} need root or CAP_NET_BIND_SERVICE`,
      "dim",
    ]));
  }
  return lines;
}
