/**
 * BTF made by hand: types in order, names collected into the string section.
 *
 * @module
 */
import { BTF_KIND } from "../../src/bpf/btf.ts";

/** A member: name (`""` for none), type ID, offset in bits, and the size of a bit field. */
export type MemberSpec = readonly [name: string, type: number, bits: number, bitField?: number];

/** One type. IDs count from 1 in the order given. */
export interface TypeSpec {
  readonly kind: keyof typeof BTF_KIND;
  readonly name?: string;
  /** Size, or the type referred to. */
  readonly value?: number;
  readonly members?: readonly MemberSpec[];
  /** Words that follow, for kinds other than structures. */
  readonly extra?: readonly number[];
  readonly vlen?: number;
  readonly bitFields?: boolean;
}

/** Encodes types. */
export function makeBtf(
  types: readonly TypeSpec[],
  order: "BE" | "LE" = "LE",
): Uint8Array<ArrayBuffer> {
  let strings = "\0";
  const offsets = new Map<string, number>([["", 0]]);
  const nameOf = (name: string) => {
    let offset = offsets.get(name);
    if (offset === undefined) {
      offset = strings.length;
      offsets.set(name, offset);
      strings += `${name}\0`;
    }
    return offset;
  };
  const words: number[] = [];
  for (const { kind, name = "", value = 0, members = [], extra = [], vlen, bitFields } of types) {
    words.push(
      nameOf(name),
      ((bitFields ? 1 : 0) << 31 | BTF_KIND[kind] << 24 | (vlen ?? members.length)) >>> 0,
      value,
    );
    for (const [member, type, bits, bitField = 0] of members) {
      words.push(nameOf(member), type, (bitField << 24 | bits) >>> 0);
    }
    words.push(...extra);
  }
  const little = order === "LE";
  const typeBytes = words.length * 4;
  const bytes = new Uint8Array(24 + typeBytes + strings.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0xeb9f, little);
  view.setUint8(2, 1);
  view.setUint32(4, 24, little);
  view.setUint32(8, 0, little);
  view.setUint32(12, typeBytes, little);
  view.setUint32(16, typeBytes, little);
  view.setUint32(20, strings.length, little);
  words.forEach((word, i) => view.setUint32(24 + i * 4, word, little));
  bytes.set(new TextEncoder().encode(strings), 24 + typeBytes);
  return bytes;
}

const U32 = 1;
const U64 = 2;
const POINTER = 3;

/**
 * The types that the owner program needs, with offsets that no real kernel has. A program made from them shows whether
 * each offset was taken from BTF.
 */
export function strangeKernel(): TypeSpec[] {
  const struct = (name: string, members: MemberSpec[], value = 4096): TypeSpec => ({
    kind: "STRUCT",
    name,
    value,
    members,
  });
  const at = (bytes: number) => bytes * 8;
  return [
    { kind: "INT", name: "unsigned int", value: 4, extra: [32] },
    { kind: "INT", name: "unsigned long", value: 8, extra: [64] },
    { kind: "PTR", value: 0 },
    struct("bpf_iter__task_file", [
      ["meta", POINTER, at(40)],
      ["task", POINTER, at(48)],
      ["fd", U32, at(56)],
      ["file", POINTER, at(64)],
    ]),
    struct("bpf_iter_meta", [["seq", POINTER, at(72)]]),
    struct("file", [["f_inode", POINTER, at(1000)]]),
    struct("inode", [["i_ino", U64, at(1008)], ["i_sb", POINTER, at(1048)]]),
    struct("pid", [["level", U32, at(1016)], ["numbers", U64, at(1024)]]),
    struct("sock", [["__sk_common", 10, at(16)]]),
    struct("sock_common", [["skc_cookie", U64, at(1032)], ["skc_net", POINTER, at(1136)]]),
    struct("socket", [["sk", POINTER, at(1040)]]),
    struct("task_struct", [
      ["pid", U32, at(1104)],
      ["tgid", U32, at(1112)],
      ["thread_pid", POINTER, at(1120)],
      ["group_leader", POINTER, at(1128)],
      ["nsproxy", POINTER, at(1144)],
    ]),
    struct("upid", [["nr", U32, at(8)]], 48),
    struct("super_block", [["s_magic", U64, at(1056)]]),
    { kind: "FUNC_PROTO", value: 1 },
    { kind: "FUNC", name: "bpf_iter_task_file", value: 15 },
    struct("ns_common", [["inum", U32, at(8)]]),
    struct("net", [["ns", 17, at(1152)]]),
    struct("nsproxy", [["net_ns", POINTER, at(1168)]]),
  ];
}
