/**
 * Addresses in ss mode, written as bytes.
 *
 * @module
 */
import { formatIpv6 } from "../../model/endpoint.ts";
import type { SsCells } from "../ss_row.ts";

const DOT = 0x2e;

/** Writes a big-endian word in dotted form. */
export function writeIpv4(cells: SsCells, word: number): void {
  writeOctet(cells, word >>> 24);
  cells.byte(DOT);
  writeOctet(cells, word >>> 16 & 255);
  cells.byte(DOT);
  writeOctet(cells, word >>> 8 & 255);
  cells.byte(DOT);
  writeOctet(cells, word & 255);
}

function writeOctet(cells: SsCells, octet: number): void {
  if (octet >= 100) {
    const hundreds = octet >= 200 ? 2 : 1;
    cells.byte(0x30 + hundreds);
    octet -= hundreds * 100;
    const tens = octet / 10 | 0;
    cells.byte(0x30 + tens);
    cells.byte(0x30 + octet - tens * 10);
  } else if (octet >= 10) {
    const tens = octet / 10 | 0;
    cells.byte(0x30 + tens);
    cells.byte(0x30 + octet - tens * 10);
  } else cells.byte(0x30 + octet);
}

/** Writes 16 bytes at `at` in brackets, the wildcard as `*` unless `v6only`, which makes it `[::]`. */
export function writeIpv6(cells: SsCells, view: DataView, at: number, v6only: boolean): void {
  const a = view.getUint32(at, false);
  const b = view.getUint32(at + 4, false);
  const c = view.getUint32(at + 8, false);
  const d = view.getUint32(at + 12, false);
  if (a === 0 && b === 0 && c === 0 && d === 0) {
    cells.ascii(v6only ? "[::]" : "*");
    return;
  }
  if (a === 0 && b === 0 && c === 0xffff) {
    // Most of what a dual-stack server sees.
    cells.ascii("[::ffff:");
    writeIpv4(cells, d);
  } else {
    cells.byte(0x5b);
    cells.ascii(formatIpv6(a, b, c, d));
  }
  cells.byte(0x5d);
}

/** Writes 16 bytes at `at` without brackets. */
export function writeIpv6Bare(cells: SsCells, view: DataView, at: number): void {
  cells.ascii(formatIpv6(
    view.getUint32(at, false),
    view.getUint32(at + 4, false),
    view.getUint32(at + 8, false),
    view.getUint32(at + 12, false),
  ));
}
