/**
 * Explanations as text: a heading for each match, and below it the sections What, Who, Where, Logs and Reach.
 *
 * @module
 */
import { familyOf } from "../../families/mod.ts";
import type {
  BindReport,
  Connections,
  ExplainedSockets,
  Explanation,
} from "../../model/explanation.ts";
import { absence, type Verdict } from "../../model/verdict.ts";
import type { Socket } from "../../model/socket.ts";
import { stateLabel } from "../columns.ts";
import type { Span } from "../../text/flow.ts";
import { sanitize } from "../../text/sanitize.ts";
import type { Writer } from "../../text/writer.ts";
import { bindLines } from "./bind.ts";
import { endsReachLines, endsText } from "./ends.ts";
import { takenSpans } from "./ephemeral.ts";
import { faultLines } from "./faults.ts";
import { forwardLines } from "./forwards.ts";
import { writeNothing } from "./nothing.ts";
import {
  type ExplainFormat,
  formatAddress,
  type Line,
  localText,
  MANY,
  netnsText,
  Page,
  plain,
  some,
} from "./page.ts";
import { eachConnection, peerLines } from "./peers.ts";
import { plural } from "../../text/plural.ts";

import { writeUnlisted } from "./unlisted.ts";
import { logLines, whereLines } from "./where.ts";
import { countNodes, processLines, whoLines } from "./who.ts";
import { nextLines, usesLines, whyLines } from "./why.ts";

/** Writes explanations with an empty line between them. Throws what the writer throws. */
export function writeExplanations(
  explanations: readonly Explanation[],
  writer: Writer,
  format: ExplainFormat,
): void {
  const page = new Page(writer, format);
  for (const explanation of explanations) writeExplanation(explanation, page);
}

function writeExplanation(explanation: Explanation, page: Page): void {
  const to = forwardLines(explanation);
  for (const [i, subject] of explanation.subjects.entries()) {
    writeSubject(subject, i === 0 ? to : [], page);
  }
  if (explanation.subjects.length === 0 && to.length > 0) {
    page.heading([[sanitize(explanation.target), "name"], "  forwarded"]);
    page.section("To", to);
  }
  writeUnlisted(explanation, page);
  if (explanation.verdict.answer !== "yes") writeNothing(explanation, page);
}

/** Writes the prediction of bind(2) for one address. */
export function writeBind(report: BindReport, writer: Writer, format: ExplainFormat): void {
  const page = new Page(writer, format);
  const { transport, address, port } = report;
  page.heading([
    [`${transport} ${sanitize(formatAddress(address, port, report.interface))}`, "name"],
    "  ",
    report.verdict === "free"
      ? ["free", "good"]
      : report.verdict === "needs_reuse_address"
      ? ["free only with SO_REUSEADDR", "notice"]
      : report.verdict === "needs_reuse_port"
      ? ["free only with SO_REUSEPORT", "notice"]
      : report.plain === null
      ? ["could not be tested", "warning"]
      : [
        report.verdict === "in_use" ? port === 0 ? "no free port" : "in use" : "cannot be bound",
        "warning",
      ],
    ...report.ephemeral === null ? [] : ["  ", ...takenSpans(report.ephemeral, address)],
  ]);
  page.section("Bind", bindLines(report));
}

function writeSubject(subject: ExplainedSockets, to: readonly Line[], page: Page): void {
  const [first] = subject.sockets as readonly [Socket];
  if (subject.kind === "connections") {
    page.heading([[plural(subject.sockets.length, "connection"), "name"]]);
    page.section("What", connectionLines(subject));
    page.section("Who", subject.processes.flatMap((process) => processLines(process, page, "")));
  } else {
    page.heading([
      [endsText(subject), "name"],
      "  ",
      [stateLabel(first), first.state === "listen" ? "good" : "plain"],
      ...(first.netns === null ? [] : ["  ", [netnsText(first)!, "dim"] as const]),
    ]);
    page.section("What", whatLines(subject));
    page.section("To", to);
    page.section("Who", whoLines(subject, page));
  }
  page.section("Faults", faultLines(subject));
  page.section("Why", whyLines(subject, page));
  if (subject.places.length > 0) page.section("Where", whereLines(subject));
  if (subject.processes.length > 0) page.section("Logs", logLines(subject));
  page.section("Reach", endsReachLines(subject));
  page.section("Uses", usesLines(subject));
  page.section("Next", nextLines(subject));
}

function whatLines(subject: ExplainedSockets): Line[] {
  const [first] = subject.sockets as readonly [Socket];
  const lines: Line[] = [];
  const meaning = familyOf(first.family).meaning(first);
  const { ends } = subject;
  const kinds = new Set(
    (ends.length < 2 ? [first] : ends.map((end) => end.sockets[0]!)).map(kindOf),
  );
  const what: Span[] = [[...kinds].join(" and ")];
  if (meaning !== null) what.push(`, ${meaning}`);
  lines.push(plain(...what));
  if (
    ends.length < 2 && subject.sockets.length > 1 || ends.some(({ sockets }) => sockets.length > 1)
  ) {
    lines.push(plain(sharingText(subject)));
  }
  lines.push(...queueLines(subject.sockets));
  if (subject.connections !== null) {
    lines.push(
      ...connectionsSpans(
        subject.connections,
        first.state === "listen" ? subject.connectionsVerdict : null,
      )
        .map((spans) => plain(...spans)),
      ...peerLines(subject),
    );
  }
  return lines;
}

// Listeners share an address only by SO_REUSEPORT. Others may also do so by SO_REUSEADDR, and the kernel does not say which.
function sharingText({ sockets, relations, processes, ends }: ExplainedSockets): string {
  const how = sockets.every(({ state }) => state === "listen")
    ? "SO_REUSEPORT"
    : "SO_REUSEPORT or SO_REUSEADDR";
  const spread = relations.map(({ roots }) => countNodes(roots));
  const each = [...new Set(spread)];
  const held = each.length > 1
    ? `held by ${spread.slice(0, MANY).join(", ")}${spread.length > MANY ? " …" : ""} processes`
    : each[0] === 0
    ? "their owners could not be read"
    : `held by ${plural(each[0]!, "process", "processes")} each, ${processes.length} in all`;
  const what = ends.length > 1 ? `${ends.length} addresses` : "address";
  return `${sockets.length} sockets share the ${what} (${how}), ${held}`;
}

function queueLines(sockets: readonly Socket[]): Line[] {
  const queues = sockets.flatMap(({ acceptQueue }) => acceptQueue === null ? [] : [acceptQueue]);
  const { fullQueue } = familyOf(sockets[0]!.family);
  interface Kind {
    readonly length: number;
    readonly limit: number | null;
    count: number;
    /** The address of the only one. */
    where: string | null;
  }
  const kinds = new Map<string, Kind>();
  const addresses = new Set(sockets.map(localText));
  for (const socket of sockets) {
    if (socket.acceptQueue === null) continue;
    const { length, limit } = socket.acceptQueue;
    const key = `${length} ${limit}`;
    const known = kinds.get(key);
    const where = addresses.size > 1 ? localText(socket) : null;
    if (known === undefined) kinds.set(key, { count: 1, length, limit, where });
    else {
      known.count++;
      if (known.where !== where) known.where = null;
    }
  }
  return some([...kinds.values()], ({ count, length, limit, where }) => {
    // The kernel accepts one connection more than the limit.
    const full = limit !== null && length > limit;
    return plain(
      kinds.size > 1 && queues.length > 1 ? `${count} × accept queue ` : "accept queue ",
      [String(length), full ? "warning" : "plain"],
      limit === null ? "" : ` of ${limit}`,
      kinds.size === 1 && count > 1 ? " each" : "",
      ...(full ? [[`, full: ${fullQueue}`, "warning"] as const] : []),
      // Which of several addresses it is.
      ...(full && where !== null ? [`  ${where}`] : []),
    );
  });
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

// Datagram sockets need no connections, so they are mentioned only if there are some.
function connectionsSpans(connections: Connections, verdict: Verdict | null): Span[][] {
  const { established, peers, unaccepted, timeWait, timeWaitEndsMs, others } = connections;
  const parts: string[] = [];
  if (established > 0) {
    parts.push(
      `${plural(established, "connection")}${
        peers > 0 ? ` from ${plural(peers, "address", "addresses")}` : ""
      }${unaccepted > 0 ? `, ${unaccepted} not accepted yet` : ""}`,
    );
  } else if (verdict !== null && verdict.answer !== "yes") {
    parts.push(absence("no_connection", verdict));
  }
  for (const [state, count] of Object.entries(others)) {
    parts.push(`${count} in ${state.replaceAll("_", "-")}`);
  }
  const lines: Span[][] = parts.length === 0 ? [] : [[parts.join(", ")]];
  if (timeWait > 0) {
    lines.push([
      `${timeWait} in time-wait`,
      [": closed, and remembered for a minute; no traffic", "dim"],
      [timeWaitText(timeWaitEndsMs, timeWait), "dim"],
    ]);
  }
  return lines;
}

// Until then, a port may be missing to whoever wants to bind to it or to connect from it.
function timeWaitText(ends: Connections["timeWaitEndsMs"], count: number): string {
  if (ends === null) return "";
  const [first, last] = ends.map((ms) => `${Math.ceil(ms / 1000)} s`);
  return count === 1 || first === last ? `; over in ${last}` : `; over in ${first} to ${last}`;
}

function connectionLines(subject: ExplainedSockets): Line[] {
  const lines = connectionsSpans(subject.connections!, null).map((spans) => plain(...spans));
  lines.push(...eachConnection(subject));
  // Those that are all named need no sum.
  if (subject.sockets.length > MANY) lines.push(...peerLines(subject));
  return lines;
}
