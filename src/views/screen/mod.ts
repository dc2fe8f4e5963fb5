/**
 * The screen: the listing on a terminal, a row for each service.
 *
 * @module
 */
import type { Socket } from "../../model/socket.ts";
import { paint, type Role } from "../../text/color.ts";
import { plural } from "../../text/plural.ts";
import type { Writer } from "../../text/writer.ts";
import { type Cell, leastWidth, linesOf, lineWidth, paintLine } from "./cell.ts";
import {
  columnsFor,
  EXPENDABLE,
  NARROWED,
  type ScreenColumn,
  type ScreenFacts,
} from "./columns.ts";
import { type Service, servicesOf, widest } from "./service.ts";
export type { ScreenFacts } from "./columns.ts";

/** How to lay it out. */
interface ScreenOptions {
  /** Of the terminal, in cells. */
  readonly width: number;
  /** Of the terminal, in lines; `null` where it does not know. */
  readonly height: number | null;
  readonly color: boolean;
  readonly header: boolean;
}

const GAP = "  ";

/** Writes the screen. Throws what the writer throws. */
export function writeScreen(
  sockets: readonly Socket[],
  facts: ScreenFacts,
  writer: Writer,
  { width, height, color, header }: ScreenOptions,
): void {
  const services = servicesOf(sockets, facts.process);
  const table = fitted(services, facts, width, header);
  let lines = 0;
  const line = (text: string) => {
    writer.write(`${text}\n`);
    lines++;
  };
  if (header) {
    const cells = table.map(({ column, width }, i) =>
      i === table.length - 1 ? column.header : column.header.padEnd(width)
    );
    line(paint(cells.join(GAP), "header", color));
  }
  for (let row = 0; row < services.length; row++) {
    const cells = table.map(({ column, cells, width }) => {
      const same = row > 0 && column.repeats && sameText(cells[row]!, cells[row - 1]!);
      return linesOf(same ? dimmed(cells[row]!) : cells[row]!, width);
    });
    const height = Math.max(...cells.map((lines) => lines.length));
    for (let i = 0; i < height; i++) {
      line(rowLine(cells.map((lines) => lines[i] ?? []), table, color));
    }
  }
  if (height !== null && lines >= height) line(paint(countText(services), "dim", color));
}

interface FittedColumn {
  readonly column: ScreenColumn;
  readonly cells: readonly Cell[];
  width: number;
}

// The columns with their widths. What does not fit is first made narrower, and given up where that is not enough.
function fitted(
  services: readonly Service[],
  facts: ScreenFacts,
  width: number,
  header: boolean,
): FittedColumn[] {
  let table: FittedColumn[] = columnsFor(services).map((column) => {
    const cells = services.map((service) => column.cell(service, facts));
    const least = header ? column.header.length : 0;
    return {
      column,
      cells,
      width: cells.reduce((most, cell) => Math.max(most, lineWidth(cell)), least),
    };
  });
  // What nothing on the host has is no column.
  table = table.filter(({ column, cells }) =>
    column.header !== "SERVICE" || cells.some((cell) => lineText(cell) !== "-")
  );
  const natural = new Map(table.map(({ column, width }) => [column, width]));
  const excess = () =>
    table.reduce((sum, { width }) => sum + width + GAP.length, -GAP.length) - width;
  const narrow = () => {
    for (const [column, goal] of NARROWED) {
      const entry = table.find((entry) => entry.column === column);
      const over = excess();
      if (entry === undefined || over <= 0) continue;
      const floor = column.narrows === "wraps"
        ? entry.cells.reduce((most, cell) => Math.max(most, leastWidth(cell)), 0)
        : 0;
      const least = Math.max(goal, floor, header ? column.header.length : 1);
      entry.width = Math.max(Math.min(entry.width, least), entry.width - over);
    }
  };
  narrow();
  for (const column of EXPENDABLE) {
    if (excess() <= 0) break;
    const left = table.filter((entry) => entry.column !== column);
    if (left.length === table.length) continue;
    table = left;
    for (const entry of table) entry.width = natural.get(entry.column)!;
    narrow();
  }
  return table;
}

function rowLine(cells: readonly Cell[], table: readonly FittedColumn[], color: boolean): string {
  let text = "";
  let end = 0;
  let at = 0;
  for (const [i, words] of cells.entries()) {
    if (words.length > 0) {
      text += " ".repeat(at - end) + paintLine(words, color);
      end = at + lineWidth(words);
    }
    at += table[i]!.width + GAP.length;
  }
  return text;
}

const lineText = (words: Cell) =>
  words.map((word) => word.map(({ text }) => text).join("")).join(" ");

function sameText(a: Cell, b: Cell): boolean {
  return lineText(a) === lineText(b);
}

function dimmed(words: Cell): Cell {
  const role: Role = "dim";
  return words.map((word) => word.map(({ text }) => ({ text, role })));
}

/** `37 sockets, 21 services, 1 public without an owner`. */
function countText(services: readonly Service[]): string {
  const sockets = services.reduce((sum, { sockets }) => sum + sockets.length, 0);
  const open = services.filter((service) => {
    const { ownership, reach: { scope } } = widest(service);
    return scope === "public" && (ownership === "kernel" || ownership === "unknown");
  });
  return [
    plural(sockets, "socket"),
    ...(services.length === sockets ? [] : [plural(services.length, "service")]),
    ...(open.length === 0 ? [] : [`${open.length} public without an owner`]),
  ].join(", ");
}
