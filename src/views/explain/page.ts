/**
 * Page: lays out lines under headings and sections, wrapped to one width. Also the pieces of text that all sections use.
 *
 * @module
 */
import { endpointTraits } from "../../families/mod.ts";
import type { Bytes, Process } from "../../model/owner.ts";
import type { Socket } from "../../model/socket.ts";
import { stateLabel, withoutOwner } from "../columns.ts";
import { paint } from "../../text/color.ts";
import { flow, type Span } from "../../text/flow.ts";
import { sanitize, sanitizeBytes } from "../../text/sanitize.ts";
import { cellWidth } from "../../text/width.ts";
import type { Writer } from "../../text/writer.ts";

/** How to lay it out. */
export interface ExplainFormat {
  /** Width of the terminal in cells; `null` for a pipe, where lines are not wrapped. */
  readonly width: number | null;
  readonly color: boolean;
  /** Milliseconds since the epoch, from which ages are counted. */
  readonly now: number;
}

/** Sections are indented to this column. Their names stand before it. */
const INDENT = 9;

/** Further items are counted, not listed. */
export const MANY = 12;

/** See the module. */
export class Page {
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

  /** Writes a section: its name before the first line, and all lines indented and wrapped. */
  section(name: string, lines: readonly Line[]): void {
    let label = name;
    for (const { spans, indent = "", hang = indent } of lines) {
      const { width, color } = this.format;
      // Both indents have the same width, so that wrapped text stays aligned.
      const room = width === null ? null : width - INDENT - cellWidth(indent);
      for (const [i, text] of flow(spans, room, color).entries()) {
        const head = `  ${paint(label, "header", color)}${" ".repeat(INDENT - 2 - label.length)}`;
        this.#writer.write(`${head}${i === 0 ? indent : hang}${text}`.trimEnd() + "\n");
        label = "";
      }
    }
  }
}

/** One line before wrapping. `indent` stands before its first part, `hang` before the others. */
export interface Line {
  readonly spans: readonly Span[];
  readonly indent?: string;
  readonly hang?: string;
}

export const plain = (...spans: Span[]): Line => ({ spans });

export const bytes = (value: Bytes | null) => value === null ? "?" : sanitizeBytes(value);

export const named = (process: Process) => `${bytes(process.comm)} (${process.pid})`;

/** An address and its port, with the interface where it has one: `[fe80::1%eth0]:22`. Not sanitised. */
export function formatAddress(address: string, port: number, zone: string | null = null): string {
  const host = zone === null ? address : `${address}%${zone}`;
  return address.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** No-break spaces keep the text on one line. */
export const unbroken = (text: string) => text.replaceAll(" ", "\u00a0");

export function localText({ family, local }: Socket): string {
  const text = endpointTraits(family).text(local);
  return text.length === 0
    ? "(no address)"
    : typeof text === "string"
    ? sanitize(text)
    : sanitizeBytes(text);
}

export function protocolName({ transport, family }: Socket): string {
  if (family === "unix") return `unix ${transport}`;
  return family === "inet6" ? `${transport}6` : transport;
}

export function netnsText({ netns }: Socket): string | null {
  if (netns === null) return null;
  return netns.name === null ? `netns ${netns.inode}` : `netns ${sanitize(netns.name)}`;
}

/** A socket and its owners on one line. */
export function socketSpans(socket: Socket): Span[] {
  const owners = socket.owners.slice(0, 3).map(({ process }) => named(process)).join(", ");
  const rest = socket.owners.length - 3;
  return [
    `${protocolName(socket)} ${localText(socket)}  ${stateLabel(socket)}  `,
    [owners === "" ? withoutOwner(socket) : owners, "name"],
    ...(rest > 0 ? [` and ${rest} more`] : []),
  ];
}

/** The lines of the first items, and a line with the number of the others. */
export function some<T>(items: readonly T[], line: (item: T) => Line): Line[] {
  const lines = items.slice(0, MANY).map(line);
  if (items.length > MANY) lines.push(plain([`and ${items.length - MANY} more`, "dim"]));
  return lines;
}
