/**
 * Events as text: a line each, in columns that only ever grow, so that a line looks like the one before it.
 *
 * @module
 */
import type { EventProcess, LostEvent, SocketEvent, WatchEvent } from "../../model/event.ts";
import { paint, type Role } from "../../text/color.ts";
import { plural } from "../../text/plural.ts";
import { sanitize, sanitizeBytes } from "../../text/sanitize.ts";
import { cellWidth, pad } from "../../text/width.ts";
import { utf8Text } from "../../text/encoding.ts";
import { formatEndpoint } from "../columns.ts";
import { eventLabel } from "./label.ts";

/** The columns before the details, with the width that each has at least: that of most of what it holds. */
const COLUMNS: readonly (readonly [header: string, width: number])[] = [
  ["TIME", 12],
  ["EVENT", 7],
  ["PROTO", 11],
  ["LOCAL", 21],
  ["PEER", 21],
  ["PROCESS", 18],
  ["USER", 6],
  ["SERVICE", 7],
];
const DETAILS = "DETAILS";
const GAP = "  ";

/** A column does not grow beyond this: one long name must not push everything away for good. */
const WIDEST = 48;

/** Words after a name whose source is not the event itself. */
const HOW_TEXT: Readonly<Record<string, string>> = {
  "first-io": "first to use it",
  listener: "has the listener",
  "owner-pass": "held it",
};

/** Makes lines. */
export class EventText {
  readonly #color: boolean;
  /** Our own namespace: events of others say which one is theirs. */
  readonly #netns: number | null;
  readonly #widths = COLUMNS.map(([, width]) => width);

  constructor(color: boolean, netns: number | null) {
    this.#color = color;
    this.#netns = netns;
  }

  /** The line above all others. */
  header(): string {
    const cells = COLUMNS.map(([name], i) => pad(name, this.#widths[i]!, "left"));
    return `${paint([...cells, DETAILS].join(GAP), "header", this.#color)}\n`;
  }

  /** The line of an event. */
  line(event: WatchEvent): string {
    return event.event === "lost" ? this.#lost(event) : this.#event(event);
  }

  #lost({ atNs, count, of }: LostEvent): string {
    const what = Object.entries(of).map(([name, count]) => `${count} ${name.replaceAll("_", " ")}`);
    return this.#row(
      [clockTime(atNs), "lost", "-", "-", "-", "-", "-", "-"],
      `${plural(count, "record was", "records were")} lost${
        what.length === 0 ? "" : `: ${sanitize(what.join(", "))}`
      }`,
      "warning",
    );
  }

  #event(event: SocketEvent): string {
    const { family, local, peer, process } = event;
    const end = (endpoint: SocketEvent["peer"]) =>
      endpoint === null || family === null ? "-" : formatEndpoint(family, endpoint);
    const user = process === null ? null : process.user ?? process.uid;
    return this.#row(
      [
        clockTime(event.atNs),
        event.event,
        eventLabel(event),
        end(local),
        end(peer),
        processText(event),
        user === null ? "-" : sanitize(String(user)),
        process === null ? "-" : serviceText(process),
      ],
      this.#details(event).join(", "),
      roleOf(event),
    );
  }

  #row(cells: readonly string[], details: string, role: Role): string {
    const widths = this.#widths;
    let line = "";
    for (const [i, cell] of cells.entries()) {
      const width = cellWidth(cell);
      if (width > widths[i]!) widths[i] = Math.min(width, Math.max(WIDEST, widths[i]!));
      const padded = pad(cell, widths[i]!, "left");
      line += (i === 1 ? paint(padded, role, this.#color) : padded) + GAP;
    }
    return `${(line + details).trimEnd()}\n`;
  }

  #details(event: SocketEvent): string[] {
    const { outcome, error, how, owners, process, netns } = event;
    const details: string[] = [];
    if (event.existing) details.push("was there");
    if (event.event === "exec") details.push(commandText(process));
    if (outcome === "failed") {
      details.push(`failed: ${error ?? "the reason is not known"}`);
    } else if (error !== null) details.push(error);
    if (event.backlog !== null) details.push(`backlog ${event.backlog}`);
    if (event.event === "send" && event.datagrams !== null) {
      details.push(
        plural(event.datagrams, "datagram", "datagrams") +
          (event.failed === null || event.failed === 0 || error !== null
            ? ""
            : ` (${event.failed} failed)`),
      );
    }
    if (event.reason !== null && event.reason !== "fin") details.push(event.reason);
    if (event.durationMs !== null) details.push(durationText(event.durationMs));
    if (event.bytesSent !== null) details.push(`${event.bytesSent} B sent`);
    if (event.bytesReceived !== null) details.push(`${event.bytesReceived} B received`);
    if (how !== null && HOW_TEXT[how] !== undefined && process !== null && owners.length === 0) {
      details.push(HOW_TEXT[how]);
    }
    if (owners.length > 0) {
      details.push(
        `${HOW_TEXT[how ?? ""] === undefined || process !== null ? "held" : HOW_TEXT[how!]} by ${
          owners.slice(0, 4).map(nameAndPid).join(" ")
        }${owners.length > 4 ? ` and ${owners.length - 4} more` : ""}`
          .replace("held it by", "held by").replace(
            "has the listener by",
            "the listener is held by",
          ),
      );
    }
    if (netns !== null && netns.inode !== this.#netns) {
      details.push(`netns ${sanitize(netns.name ?? String(netns.inode))}`);
    }
    return details;
  }
}

/** `nginx(80)`; a process that is not known as `?`. */
function nameAndPid({ comm, pid }: EventProcess): string {
  const name = comm === null ? "?" : sanitizeBytes(comm).replaceAll(" ", "\\x20") || '""';
  return `${name}(${pid ?? "?"})`;
}

function processText({ process, owners }: SocketEvent): string {
  if (process !== null) return nameAndPid(process);
  return owners.length === 0 ? "-" : `${nameAndPid(owners[0]!)}…`;
}

function serviceText({ container, unit }: EventProcess): string {
  if (container !== null) return sanitize(container.name ?? container.id.slice(0, 12));
  return unit === null ? "-" : sanitize(unit);
}

// The arguments as one would type them, nearly.
function commandText(process: EventProcess | null): string {
  if (process === null) return "";
  const { cmdline, exe } = process;
  const path = exe === null ? "" : sanitizeBytes(exe);
  if (cmdline === null || cmdline.length === 0) return path;
  const words = utf8Text(cmdline).split("\0").slice(0, -1).map((word) => sanitize(word));
  return `${path}: ${words.join(" ")}`;
}

/** How long something took, in the unit that suits it. */
function durationText(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function roleOf({ event, outcome, reason, failed }: SocketEvent): Role {
  if (outcome === "failed" || reason === "timeout" || (failed ?? 0) > 0) return "warning";
  if (event === "listen") return "good";
  if (event === "close" || event === "exec") return "dim";
  return event === "send" || event === "connect" ? "notice" : "plain";
}

/** Time of day where we are, with milliseconds. */
function clockTime(ns: bigint): string {
  const date = new Date(Number(ns / 1_000_000n));
  const two = (number: number) => String(number).padStart(2, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${
    String(date.getMilliseconds()).padStart(3, "0")
  }`;
}
