/**
 * Addresses in ss mode, written as bytes.
 *
 * @module
 */
import type { SsTable } from "../../layout/table.ts";

/** Writes 16 bytes at `at` in brackets, the wildcard as `*` unless `v6only`, which makes it `[::]`. */
export function writeIpv6(cells: SsTable, view: DataView, at: number, v6only: boolean): void {
  const a = view.getUint32(at, false);
  const b = view.getUint32(at + 4, false);
  const c = view.getUint32(at + 8, false);
  const d = view.getUint32(at + 12, false);
  if (a === 0 && b === 0 && c === 0 && d === 0) {
    cells.text(v6only ? "[::]" : "*");
    return;
  }
  cells.byte(0x5b);
  cells.ipv6(a, b, c, d);
  cells.byte(0x5d);
}

/** Writes 16 bytes at `at` without brackets. */
export function writeIpv6Bare(cells: SsTable, view: DataView, at: number): void {
  cells.ipv6(
    view.getUint32(at, false),
    view.getUint32(at + 4, false),
    view.getUint32(at + 8, false),
    view.getUint32(at + 12, false),
  );
}
