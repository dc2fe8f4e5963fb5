/**
 * Timers in ss mode: ` timer:(on,200ms,0)`.
 *
 * @module
 */
import { ssTimerName } from "../../../../model/timer.ts";
import type { SsTable } from "../../layout/table.ts";

/** Writes the timer of a socket; nothing where none runs. */
export function writeTimer(cells: SsTable, timer: number, expiresMs: number, count: number): void {
  if (timer !== 0) write(cells, ssTimerName(timer), expiresMs, count);
}

/** Writes the timer of an SCTP association, which has only one kind. */
export function writeSctpTimer(
  cells: SsTable,
  timer: number,
  expiresMs: number,
  count: number,
): void {
  if (timer !== 0) write(cells, "T3_RTX", expiresMs, count);
}

function write(cells: SsTable, name: string, expiresMs: number, count: number): void {
  cells.text(" timer:(");
  cells.text(name);
  cells.byte(0x2c);
  cells.text(formatTime(expiresMs));
  cells.byte(0x2c);
  cells.decimal(count);
  cells.byte(0x29);
}

/**
 * A time as ss shows it: exact below ten seconds, in seconds up to ten minutes, in minutes above. Nothing at all for 0.
 */
export function formatTime(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const seconds = Math.floor(ms / 1000) % 60;
  const thousandths = ms % 1000;
  if (minutes > 0) {
    return `${minutes}min${minutes <= 9 && seconds > 0 ? `${seconds}sec` : ""}`;
  }
  const fraction = String(thousandths).padStart(3, "0");
  if (seconds === 0) return thousandths === 0 ? "" : `${fraction}ms`;
  return seconds > 9 || thousandths === 0 ? `${seconds}sec` : `${seconds}.${fraction}sec`;
}
