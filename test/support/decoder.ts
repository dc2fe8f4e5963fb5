/**
 * The test of every decoder: for any bytes it returns a value or throws DecodeError, and it still works afterwards.
 *
 * @module
 */
import { expect } from "bun:test";
import fc from "fast-check";
import type { DecodeContext, SourceKind } from "../../src/families/family.ts";
import { NO_OPTIONS, type SsOptions } from "../../src/tools/ss/options.ts";
import { SsTable } from "../../src/tools/ss/layout/table.ts";
import { Writer } from "../../src/text/writer.ts";
import type { SsContext } from "../../src/tools/ss/context.ts";
import { DecodeError } from "../../src/model/decode_error.ts";
import { viewOf } from "./bytes.ts";

/** A context in which interface 2 is `eth2`. */
export function contextOf(source: SourceKind = "netlink"): DecodeContext {
  return {
    source,
    netns: { inode: 4026531840, name: null },
    interfaceName: (index) => index === 0 ? null : `eth${index}`,
  };
}

/** Decodes bytes that lie at any place in a buffer. */
export type Decode = (view: DataView, start: number, end: number) => unknown;

/**
 * Feeds a decoder with noise, with `valid` cut and damaged, and after each with `valid` itself, which must give the same
 * value every time.
 */
export function fuzzDecoder(decode: Decode, valid: readonly number[]): void {
  const wanted = decode(viewOf([...valid]), 0, valid.length);
  const attempt = (bytes: readonly number[]) => {
    try {
      decode(viewOf([...bytes]), 0, bytes.length);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
    expect(decode(viewOf([...valid]), 0, valid.length)).toEqual(wanted);
  };
  fc.assert(fc.property(fc.array(fc.nat(255), { maxLength: 200 }), attempt));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 6 }),
      fc.nat(valid.length),
      (damage, length) => {
        const bytes = [...valid];
        for (const [at, byte] of damage) bytes[at] = byte;
        attempt(bytes.slice(0, length));
      },
    ),
  );
  // Where a message lies in its buffer makes no difference.
  const shifted = [...new Array<number>(13).fill(0xee), ...valid, 0xee, 0xee];
  expect(decode(viewOf(shifted), 13, 13 + valid.length)).toEqual(wanted);
}

/** Cells as text: columns between bars. Nothing is laid out. */
export class TextCells extends SsTable {
  readonly #cells: string[] = new Array(10).fill("");
  #current = 0;

  constructor() {
    super(new Writer(-1, "nowhere"), {
      shown: new Array(10).fill(true),
      screen: null,
      terminal: false,
    });
    this.length = 0;
  }

  override column(column: number): void {
    this.#cells[this.#current] += Buffer.from(this.since(0)).toString();
    this.length = 0;
    this.#current = column;
  }

  override startRow(): boolean {
    return false;
  }

  /** The cells so far, which are forgotten. */
  take(): string[] {
    this.column(this.#current);
    return this.#cells.splice(0, 10, ...new Array<string>(10).fill(""));
  }

  override toString(): string {
    this.column(this.#current);
    return this.#cells.join("|");
  }
}

/** A context for rows of ss: every table and state, process 77 is called `holder`, inode 99 is held by it. */
export function ssContext(
  options: Partial<SsOptions> = {},
  overrides: Partial<SsContext> = {},
): SsContext & { cells: TextCells } {
  const cells = new TextCells();
  return {
    options: { ...NO_OPTIONS, ...options },
    selection: { tables: ~0, states: 0x3fff, family: () => true, preferredFamily: 0 },
    names: {
      interface: (index) => `eth${index}`,
      processName: (pid) => pid === 77 ? new TextEncoder().encode("holder") : null,
      cgroup: () => "/",
      localPortRange: { first: 32768, last: 60999 },
    },
    wants: () => true,
    process(inode) {
      cells.column(8);
      if (inode === 99) cells.text(" users:held");
      cells.column(9);
    },
    ...overrides,
    cells,
  };
}
