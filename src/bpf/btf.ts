/**
 * BTF: the types of the running kernel, from /sys/kernel/btf/vmlinux.
 *
 * The file has 150,000 types in no order. The few that are needed are named beforehand and looked up in the strings. One walk then
 * finds them, and stops at the last of them. What lies behind is not read.
 *
 * ```text
 *  header       magic u16 0xeb9f 0, version u8 2, flags u8 3, hdr_len u32 4,
 *               type_off u32 8, type_len u32 12, str_off u32 16, str_len u32 20   (offsets count from the header's end)
 *  type         name u32 0, info u32 4, size or type u32 8, then what its kind adds
 *  info         vlen bits 0-15, kind bits 24-28, kind_flag bit 31
 *  member       name u32 0, type u32 4, offset u32 8: bits; with kind_flag bit field size in bits 24-31
 * ```
 *
 * Source: Documentation/bpf/btf.rst, include/uapi/linux/btf.h.
 *
 * @module
 */
import { DecodeError } from "../model/decode_error.ts";
import { utf8Text } from "../text/encoding.ts";
import { utf8Bytes } from "../text/encoding.ts";

/** Kinds of type. */
export const BTF_KIND = {
  INT: 1,
  PTR: 2,
  ARRAY: 3,
  STRUCT: 4,
  UNION: 5,
  ENUM: 6,
  FWD: 7,
  TYPEDEF: 8,
  VOLATILE: 9,
  CONST: 10,
  RESTRICT: 11,
  FUNC: 12,
  FUNC_PROTO: 13,
  VAR: 14,
  DATASEC: 15,
  FLOAT: 16,
  DECL_TAG: 17,
  TYPE_TAG: 18,
  ENUM64: 19,
} as const;

const MAGIC = 0xeb9f;
const HEADER_SIZE = 24;
const TYPE_WORDS = 3;
const POINTER_SIZE = 8;
// Types refer to each other. In a broken file they may do so in circles.
const MAX_DEPTH = 32;
const MAX_MEMBERS = 100_000;

/** 32-bit words behind a type, by kind: a fixed number (-1: there is no such kind), and a number for each element. */
const fixedWords = new Int8Array(32).fill(-1);
const elementWords = new Int8Array(32);
for (const kind of Object.values(BTF_KIND)) fixedWords[kind] = 0;
fixedWords[BTF_KIND.INT] = 1;
fixedWords[BTF_KIND.ARRAY] = 3;
fixedWords[BTF_KIND.VAR] = 1;
fixedWords[BTF_KIND.DECL_TAG] = 1;
elementWords[BTF_KIND.STRUCT] = 3;
elementWords[BTF_KIND.UNION] = 3;
elementWords[BTF_KIND.ENUM] = 2;
elementWords[BTF_KIND.FUNC_PROTO] = 2;
elementWords[BTF_KIND.DATASEC] = 3;
elementWords[BTF_KIND.ENUM64] = 3;

/** 1 for the kinds that are looked for by name. */
const NAMED = new Uint8Array(32);
for (const kind of [BTF_KIND.STRUCT, BTF_KIND.FUNC, BTF_KIND.TYPEDEF]) NAMED[kind] = 1;

/** A type or member that this kernel does not have. */
export class MissingKernelType extends Error {
  override readonly name = "MissingKernelType";
}

/** The place of a member. */
export interface Field {
  /** Bytes from the start of the structure. */
  readonly offset: number;
  /** Bytes it takes. */
  readonly size: number;
}

/** A file whose bytes are read when they are needed. */
interface BtfFile {
  /** As long as the file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Must be called before the bytes from `start` to `end` are used. */
  ensure(start: number, end: number): void;
}

/** A file that is in memory. */
export function wholeFile(bytes: Uint8Array<ArrayBuffer>): BtfFile {
  return { bytes, ensure() {} };
}

/** Bytes that are searched at a time. */
const STEP = 64 * 1024;

/**
 * The types of one file that have one of the given names.
 *
 * ```ts
 * const btf = new Btf(wholeFile(bytes), ["task_struct"]);
 * btf.member("task_struct", "pid"); // { offset: 1544, size: 4 }
 * ```
 */
export class Btf {
  readonly #file: BtfFile;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  /** The types, as 32-bit words. The file is in the kernel's byte order, which is little-endian on both architectures. */
  readonly #words: Uint32Array<ArrayBuffer>;
  readonly #typesAt: number;
  readonly #stringsAt: number;
  readonly #stringsEnd: number;
  /** Type ID → word where it begins. ID 0 is void and has none. */
  readonly #starts: Uint32Array<ArrayBuffer>;
  /** Wanted name → IDs of the types with that name, of those that were walked. */
  readonly #found = new Map<string, number[]>();
  /** Offset of a wanted name → the name. */
  readonly #wanted: ReadonlyMap<number, string>;
  /** 1 if the offset of a wanted name ends in this byte. Most types are skipped by this alone. */
  readonly #maybe = new Uint8Array(256);
  /** The place of the walk: the last ID, and the word behind it. */
  #count = 0;
  #next = 0;

  /** Opens a file to look for types called one of `names`. Throws {@linkcode DecodeError}, and what the file throws. */
  constructor(file: BtfFile, names: readonly string[]) {
    const { bytes } = file;
    if (bytes.length < HEADER_SIZE) throw new DecodeError("BTF", bytes.length, "it has no header");
    file.ensure(0, HEADER_SIZE);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const magic = view.getUint16(0, true);
    if (magic !== MAGIC) {
      throw new DecodeError("BTF", 0, `it begins with 0x${magic.toString(16)}, not 0xeb9f`);
    }
    const version = view.getUint8(2);
    if (version !== 1) throw new DecodeError("BTF", 2, `version ${version} is unknown`);
    const header = view.getUint32(4, true);
    const typesAt = header + view.getUint32(8, true);
    const typesLength = view.getUint32(12, true);
    const stringsAt = header + view.getUint32(16, true);
    const stringsEnd = stringsAt + view.getUint32(20, true);
    if (header < HEADER_SIZE || typesAt + typesLength > bytes.length || stringsEnd > bytes.length) {
      throw new DecodeError("BTF", 4, "a section reaches past the end");
    }
    if (typesAt % 4 !== 0 || typesLength % 4 !== 0) {
      throw new DecodeError("BTF", 8, "the types are not aligned");
    }
    if (bytes.byteOffset % 4 !== 0) {
      throw new RangeError("Cannot read BTF that does not begin at a multiple of 4 in its buffer");
    }
    this.#file = file;
    this.#bytes = bytes;
    this.#words = new Uint32Array(bytes.buffer, bytes.byteOffset + typesAt, typesLength / 4);
    this.#typesAt = typesAt;
    this.#stringsAt = stringsAt;
    this.#stringsEnd = stringsEnd;
    // The smallest type takes three words.
    this.#starts = new Uint32Array(Math.floor(this.#words.length / TYPE_WORDS) + 1);
    this.#wanted = this.#offsetsOf(names);
    for (const offset of this.#wanted.keys()) this.#maybe[offset & 255] = 1;
  }

  /** ID of the type of this kind and name, which must be one of those given to the constructor. Throws {@linkcode MissingKernelType}. */
  id(kind: number, name: string): number {
    const ids = this.#found.get(name);
    if (ids === undefined) throw new RangeError(`Cannot find ${name}: it was not named beforehand`);
    // If the name is not in the strings, no type has it.
    if ([...this.#wanted.values()].includes(name)) {
      for (;;) {
        const id = ids.find((id) => this.#kind(id) === kind);
        if (id !== undefined) return id;
        if (!this.#walk()) break;
      }
    }
    const what = kind === BTF_KIND.FUNC ? "function" : "type";
    throw new MissingKernelType(`the kernel's BTF has no ${what} ${name}`);
  }

  /**
   * The place of a member in a structure. The member may be in an unnamed structure or union inside it. Throws
   * {@linkcode MissingKernelType} and {@linkcode DecodeError}.
   */
  member(struct: string, member: string): Field {
    const id = this.id(BTF_KIND.STRUCT, struct);
    const bytes = utf8Bytes(member);
    const found = this.#member(id, bytes, { left: MAX_MEMBERS });
    if (found === null) {
      throw new MissingKernelType(`the kernel's BTF has no ${struct}.${member}`);
    }
    return found;
  }

  /** Bytes that a structure takes. Throws {@linkcode MissingKernelType}. */
  size(struct: string): number {
    return this.#size(this.id(BTF_KIND.STRUCT, struct));
  }

  // Each name is in the strings once, or not at all.
  #offsetsOf(names: readonly string[]): Map<number, string> {
    const { buffer, byteOffset } = this.#bytes;
    const offsets = new Map<number, string>();
    const left = new Set(names);
    for (const name of names) this.#found.set(name, []);
    // The parts overlap, so that no name is cut in two.
    const overlap = Math.max(0, ...names.map((name) => name.length)) + 2;
    for (let at = this.#stringsAt; at < this.#stringsEnd && left.size > 0; at += STEP) {
      const end = Math.min(at + STEP + overlap, this.#stringsEnd);
      this.#file.ensure(at, end);
      const strings = Buffer.from(buffer, byteOffset + at, end - at);
      for (const name of left) {
        const found = strings.indexOf(`\0${name}\0`, 0, "latin1");
        if (found < 0) continue;
        offsets.set(at - this.#stringsAt + found + 1, name);
        left.delete(name);
      }
    }
    return offsets;
  }

  // Walks one part. Returns false at the end.
  #walk(): boolean {
    const words = this.#words;
    const starts = this.#starts;
    const maybe = this.#maybe;
    const end = words.length;
    let at = this.#next;
    if (at >= end) return false;
    const stop = Math.min(end, at + STEP / 4);
    this.#file.ensure(this.#typesAt + at * 4, this.#typesAt + (stop + TYPE_WORDS) * 4);
    let id = this.#count;
    while (at < stop) {
      if (at + TYPE_WORDS > end) throw this.#cutOff(at);
      const info = words[at + 1]!;
      const kind = info >>> 24 & 31;
      const fixed = fixedWords[kind]!;
      if (fixed < 0) {
        throw new DecodeError("BTF", this.#typesAt + at * 4, `the kind ${kind} is unknown`);
      }
      starts[++id] = at;
      if (maybe[words[at]! & 255] === 1 && NAMED[kind] === 1) {
        const name = this.#wanted.get(words[at]!);
        if (name !== undefined) this.#found.get(name)!.push(id);
      }
      at += TYPE_WORDS + fixed + elementWords[kind]! * (info & 0xffff);
    }
    if (at > end) throw this.#cutOff(at);
    this.#count = id;
    this.#next = at;
    return true;
  }

  #cutOff(word: number): DecodeError {
    return new DecodeError("BTF", this.#typesAt + word * 4, "the last type is cut off");
  }

  #start(id: number): number {
    while (id > this.#count && this.#walk()) { /* until the type was walked */ }
    if (id < 1 || id > this.#count) throw new DecodeError("BTF", 0, `there is no type ${id}`);
    const start = this.#starts[id]!;
    // The elements of a structure may lie behind the part that was walked.
    const elements = this.#words[start + 1]! & 0xffff;
    const at = this.#typesAt + start * 4;
    this.#file.ensure(at, at + (TYPE_WORDS + 3 * elements + 3) * 4);
    return start;
  }

  #kind(id: number): number {
    return this.#words[this.#start(id) + 1]! >>> 24 & 31;
  }

  #isName(offset: number, name: Uint8Array): boolean {
    const start = this.#stringsAt + offset;
    if (start + name.length >= this.#stringsEnd) return false;
    this.#file.ensure(start, start + name.length + 1);
    for (let i = 0; i < name.length; i++) if (this.#bytes[start + i] !== name[i]) return false;
    return this.#bytes[start + name.length] === 0;
  }

  #member(
    id: number,
    name: Uint8Array,
    budget: { left: number },
    depth = 0,
  ): Field | null {
    const words = this.#words;
    const start = this.#start(id);
    const info = words[start + 1]!;
    const bitFields = info >>> 31 === 1;
    for (let i = 0; i < (info & 0xffff); i++) {
      if (depth > MAX_DEPTH || budget.left-- <= 0) {
        throw new DecodeError("BTF", 0, `type ${id} contains itself`);
      }
      const at = start + TYPE_WORDS + 3 * i;
      const nameOffset = words[at]!;
      const type = words[at + 1]!;
      const place = words[at + 2]!;
      const bits = bitFields ? place & 0xff_ffff : place;
      if (nameOffset === 0) {
        const inner = this.#unqualified(type);
        const kind = this.#kind(inner);
        if (kind !== BTF_KIND.STRUCT && kind !== BTF_KIND.UNION) continue;
        const found = this.#member(inner, name, budget, depth + 1);
        if (found !== null) return { offset: bits / 8 + found.offset, size: found.size };
      } else if (this.#isName(nameOffset, name)) {
        if (bitFields && place >>> 24 !== 0 || bits % 8 !== 0) {
          throw new MissingKernelType(
            `${utf8Text(name)} is a bit field in the kernel's BTF`,
          );
        }
        return { offset: bits / 8, size: this.#size(type) };
      }
    }
    return null;
  }

  // The type without const, volatile, typedef and the like.
  #unqualified(id: number): number {
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      switch (this.#kind(id)) {
        case BTF_KIND.TYPEDEF:
        case BTF_KIND.VOLATILE:
        case BTF_KIND.CONST:
        case BTF_KIND.RESTRICT:
        case BTF_KIND.TYPE_TAG:
          id = this.#words[this.#start(id) + 2]!;
          break;
        default:
          return id;
      }
    }
    throw new DecodeError("BTF", 0, `type ${id} leads to itself`);
  }

  #size(id: number, depth = 0): number {
    if (depth > MAX_DEPTH) throw new DecodeError("BTF", 0, `type ${id} contains itself`);
    const type = this.#unqualified(id);
    const start = this.#start(type);
    switch (this.#kind(type)) {
      case BTF_KIND.PTR:
        return POINTER_SIZE;
      case BTF_KIND.ARRAY:
        // struct btf_array: type 0, index_type 4, nelems 8.
        return this.#size(this.#words[start + 3]!, depth + 1) * this.#words[start + 5]!;
      case BTF_KIND.INT:
      case BTF_KIND.STRUCT:
      case BTF_KIND.UNION:
      case BTF_KIND.ENUM:
      case BTF_KIND.ENUM64:
      case BTF_KIND.FLOAT:
        return this.#words[start + 2]!;
      default:
        throw new DecodeError("BTF", 0, `type ${type} has no size`);
    }
  }
}
