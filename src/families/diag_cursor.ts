/**
 * DiagCursor: a cursor over messages whose layout is given by a table.
 *
 * @module
 */
import { DecodeError } from "../model/decode_error.ts";
import type { SocketInfo } from "../model/socket.ts";
import { AttributeCursor } from "../netlink/attribute.ts";
import { type AttributeTable, readTable } from "./attribute_table.ts";
import { DiagMessage } from "./diag_message.ts";

/** Where a field is and how it is read, host byte order. */
type Field =
  /** In the struct, `at` bytes from its start. A cookie is `null` for none, and a bigint only from 2^53 on. */
  | { readonly type: "u8" | "u16" | "u32" | "cookie"; readonly at: number }
  /** A cookie in an attribute; `null` where that is absent or shorter. */
  | { readonly type: "cookie"; readonly attribute: number }
  /** A u32 in an attribute. */
  | {
    readonly type: "u32";
    readonly attribute: number;
    /** Which of several u32; the first unless given. */
    readonly word?: number;
    /** The nest that the attribute is in, if it is in one. */
    readonly nest?: number;
    /** The value where the attribute is absent or shorter; -1 unless given. */
    readonly absent?: number;
  };

/** Fields by the names that this program gives them. */
type Fields = Readonly<Record<string, Field>>;

/** The layout of a message: a struct, and attributes after it. */
export interface MessageLayout<F extends Fields = Fields> {
  /** Name of the struct. */
  readonly struct: string;
  /** Size of the struct in bytes. */
  readonly size: number;
  /** The attribute that all others are nested in, in families that have one instead of a struct. */
  readonly within?: number;
  readonly fields: F;
  readonly attributes: AttributeTable;
}

/** The value of each field. */
type FieldValues<F extends Fields> = {
  readonly [Name in keyof F]: F[Name] extends { type: "cookie" } ? number | bigint | null : number;
};

/** A cursor that has the fields of a layout as properties. */
export type DiagCursor<F extends Fields> = LayoutMessage & FieldValues<F>;

const EMPTY = new DataView(new ArrayBuffer(0));

/** What cursors have in common, whatever the layout. */
class LayoutMessage extends DiagMessage {
  readonly #table: AttributeTable;
  readonly #within: number | undefined;
  readonly #outer = new AttributeCursor(EMPTY, 0, 0);
  readonly #nests: Record<number, DiagMessage> = {};

  constructor({ struct, size, within, attributes }: MessageLayout) {
    super(struct, size, lastNumber(attributes));
    this.#within = within;
    this.#table = attributes;
  }

  override at(view: DataView, start: number, end: number): this {
    if (this.#within === undefined) return super.at(view, start, end);
    const outer = this.#outer;
    outer.reset(view, start, end);
    while (outer.next()) {
      if (outer.type !== this.#within) continue;
      return super.at(view, outer.offset, outer.offset + outer.length);
    }
    throw new DecodeError(this.struct, start, `attribute ${this.#within} is missing`);
  }

  /** Every attribute, decoded, by name. Throws DecodeError when a length does not add up. */
  info(): SocketInfo {
    return readTable(this.attributes(), this.#table);
  }

  /**
   * The attributes inside of the nest that has this number in the table; none where the message has no such nest. The
   * same object each time: it shows the message that the cursor was on when it was asked for.
   */
  nest(type: number): DiagMessage {
    const nest = this.#nests[type] ??= this.#newNest(type);
    const offset = this.attributeOffset(type);
    return offset < 0
      ? nest.at(EMPTY, 0, 0)
      : nest.at(this.view, offset, offset + this.attributeLength(type));
  }

  #newNest(type: number): DiagMessage {
    const [name, decoder] = this.#table[type] ?? ["", []];
    const last = "nest" in decoder ? lastNumber(decoder.nest) : 0;
    return new DiagMessage(name, 0, last);
  }
}

function lastNumber(table: AttributeTable): number {
  return Math.max(0, ...Object.keys(table).map(Number));
}

/**
 * Makes a cursor over the messages of a layout. `at` moves it from one message to the next.
 *
 * ```ts
 * const message = diagCursor({
 *   struct: "xdp_diag_msg",
 *   size: 16,
 *   fields: {
 *     inode: { type: "u32", at: 4 },
 *     queue: { type: "u32", attribute: XDP_DIAG_INFO, word: 1 },
 *   },
 *   attributes: { [XDP_DIAG_INFO]: ["info", ["ifindex", "queue_id"]] },
 * });
 * message.at(view, start, end).inode; // throws DecodeError when the message is cut
 * ```
 */
export function diagCursor<const F extends Fields>(layout: MessageLayout<F>): DiagCursor<F> {
  const cursor = new LayoutMessage(layout);
  for (const [name, field] of Object.entries<Field>(layout.fields)) {
    Object.defineProperty(cursor, name, { get: getter(cursor, field) });
  }
  return cursor as DiagCursor<F>;
}

function getter(cursor: LayoutMessage, field: Field): () => number | bigint | null {
  if ("attribute" in field) {
    if (field.type === "cookie") return () => cursor.cookieAttribute(field.attribute);
    const { attribute, word, nest, absent } = field;
    const read = nest === undefined
      ? () => cursor.u32Attribute(attribute, word)
      : () => cursor.nest(nest).u32Attribute(attribute, word);
    if (absent === undefined) return read;
    return () => {
      const value = read();
      return value < 0 ? absent : value;
    };
  }
  const { at } = field;
  switch (field.type) {
    case "u8":
      return () => cursor.view.getUint8(cursor.start + at);
    case "u16":
      return () => cursor.view.getUint16(cursor.start + at, true);
    case "u32":
      return () => cursor.view.getUint32(cursor.start + at, true);
    case "cookie":
      return () => cursor.cookieAt(at);
  }
}
