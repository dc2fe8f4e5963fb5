import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { existsSync, readFileSync } from "node:fs";
import { Btf, BTF_KIND, MissingKernelType, wholeFile } from "../../src/bpf/btf.ts";
import { DecodeError } from "../../src/model/decode_error.ts";
import { makeBtf, type TypeSpec } from "../support/btf.ts";
import { testIf } from "../support/skip.ts";

// typedef u32; struct inner { u32 a; union { u64 b; u32 c; }; u32 bits:3; u32 list[4]; const volatile u64 d; }
const TYPES: TypeSpec[] = [
  { kind: "INT", name: "unsigned int", value: 4, extra: [32] },
  { kind: "INT", name: "unsigned long", value: 8, extra: [64] },
  { kind: "TYPEDEF", name: "u32", value: 1 },
  { kind: "ARRAY", extra: [3, 1, 4] },
  { kind: "UNION", value: 8, members: [["b", 2, 0], ["c", 3, 0]] },
  { kind: "CONST", value: 7 },
  { kind: "VOLATILE", value: 2 },
  { kind: "ENUM", name: "choice", value: 4, vlen: 2, extra: [0, 0, 0, 1] },
  { kind: "FWD", name: "inner" },
  {
    kind: "STRUCT",
    name: "inner",
    value: 48,
    bitFields: true,
    members: [
      ["a", 3, 0],
      ["", 5, 64],
      ["bits", 1, 128, 3],
      ["list", 4, 160],
      ["d", 6, 320],
    ],
  },
  { kind: "STRUCT", name: "outer", value: 64, members: [["pad", 2, 0], ["", 10, 64]] },
  { kind: "FUNC_PROTO", value: 1, vlen: 1, extra: [0, 1] },
  { kind: "FUNC", name: "inner_function", value: 12, vlen: 1 },
  { kind: "DECL_TAG", name: "tag", value: 13, extra: [0] },
  { kind: "ENUM64", name: "wide", value: 8, vlen: 1, extra: [0, 0, 1] },
  { kind: "VAR", name: "variable", value: 1, extra: [1] },
  { kind: "DATASEC", name: ".data", value: 8, vlen: 1, extra: [16, 0, 8] },
  { kind: "FLOAT", name: "double", value: 8 },
  { kind: "STRUCT", name: "last", value: 8, members: [["f", 18, 0]] },
];
const NAMES = ["inner", "outer", "inner_function", "last", "absent"];

const of = (bytes: Uint8Array<ArrayBuffer>, names: readonly string[] = NAMES) =>
  new Btf(wholeFile(bytes), names);

describe("Btf", () => {
  const btf = of(makeBtf(TYPES));

  test("finds members, also in unnamed structures and unions, with the size of their types", () => {
    expect(btf.member("inner", "a")).toEqual({ offset: 0, size: 4 });
    expect(btf.member("inner", "c")).toEqual({ offset: 8, size: 4 });
    expect(btf.member("inner", "list")).toEqual({ offset: 20, size: 16 });
    expect(btf.member("inner", "d")).toEqual({ offset: 40, size: 8 });
    expect(btf.member("outer", "b")).toEqual({ offset: 16, size: 8 });
    expect(btf.size("inner")).toBe(48);
  });

  test("tells types of one name apart by their kind, after every kind of type", () => {
    expect(btf.id(BTF_KIND.STRUCT, "inner")).toBe(10);
    expect(btf.id(BTF_KIND.FUNC, "inner_function")).toBe(13);
    expect(btf.member("last", "f")).toEqual({ offset: 0, size: 8 });
  });

  test("says what the kernel lacks", () => {
    expect(() => btf.member("absent", "a")).toThrow(
      new MissingKernelType("the kernel's BTF has no type absent"),
    );
    expect(() => btf.member("inner", "z")).toThrow("no inner.z");
    expect(() => btf.id(BTF_KIND.FUNC, "inner")).toThrow("no function inner");
    expect(() => btf.member("inner", "bits")).toThrow("bit field");
  });

  test("does not take the end of a longer name for a name", () => {
    const other = of(makeBtf([{ kind: "STRUCT", name: "the_inner", value: 4 }]), ["inner"]);
    expect(() => other.id(BTF_KIND.STRUCT, "inner")).toThrow(MissingKernelType);
  });

  test("looks at no more of a file than it has asked for", () => {
    const many: TypeSpec[] = Array.from({ length: 60_000 }, (_, i) => ({
      kind: "STRUCT",
      name: `filler${i}`,
      value: 4,
      members: [["x", 60_001, 0]],
    }));
    const types: TypeSpec[] = [
      ...many.slice(0, 30_000),
      { kind: "STRUCT", name: "middle", value: 4, members: [["late", 60_002, 0]] },
      ...many.slice(30_000),
      { kind: "INT", name: "int", value: 4, extra: [32] },
      { kind: "STRUCT", name: "end", value: 4, members: [["own", 60_002, 32]] },
    ];
    const whole = makeBtf(types);
    const shown = new Uint8Array(whole.length);
    const file = {
      bytes: shown,
      ensure(start: number, end: number) {
        shown.set(whole.subarray(start, end), start);
      },
    };
    const btf = new Btf(file, ["middle", "end"]);
    expect(btf.id(BTF_KIND.STRUCT, "middle")).toBe(30_001);
    // Types take 24 bytes each here: the walk has stopped soon after the middle.
    expect(shown.subarray(1_000_000, 1_300_000).every((byte) => byte === 0)).toBe(true);
    // The type of this member comes last.
    expect(btf.member("middle", "late")).toEqual({ offset: 0, size: 4 });
    expect(btf.member("end", "own")).toEqual({ offset: 4, size: 4 });
  });

  test("refuses the other byte order, other versions and cut files", () => {
    expect(() => of(makeBtf(TYPES, "BE"))).toThrow("0x9feb");
    const newer = makeBtf(TYPES);
    newer[2] = 2;
    expect(() => of(newer)).toThrow("version 2");
    const bytes = makeBtf(TYPES);
    for (const length of [0, 10, 24, 100, bytes.length - 1]) {
      expect(() => of(bytes.slice(0, length))).toThrow(DecodeError);
    }
  });

  test("comes to an end where types contain themselves", () => {
    const circle = of(
      makeBtf([
        { kind: "STRUCT", name: "s", value: 8, members: Array(500).fill(["", 1, 0]) },
        { kind: "STRUCT", name: "t", value: 8, members: [["x", 3, 0]] },
        { kind: "TYPEDEF", name: "u", value: 3 },
      ]),
      ["s", "t"],
    );
    expect(() => circle.member("s", "x")).toThrow(DecodeError);
    expect(() => circle.member("t", "x")).toThrow(DecodeError);
  });

  test("gives a value or DecodeError for any damage", () => {
    const good = makeBtf(TYPES);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 })), {
          maxLength: 6,
        }),
        fc.nat(good.length),
        (changes, length) => {
          const bytes = good.slice(0, length);
          for (const [at, value] of changes) if (at < length) bytes[at] = value;
          try {
            const btf = of(bytes);
            for (const member of ["a", "b", "c", "d", "list", "bits"]) btf.member("outer", member);
            btf.size("inner");
          } catch (error) {
            if (!(error instanceof MissingKernelType)) expect(error).toBeInstanceOf(DecodeError);
          }
        },
      ),
    );
  });

  const path = "/sys/kernel/btf/vmlinux";
  testIf(
    existsSync(path) ? null : "the kernel shows no BTF",
    "reads the running kernel's own types",
    () => {
      const kernel = of(new Uint8Array(readFileSync(path)), [
        "list_head",
        "sockaddr_in",
        "upid",
        "bpf_iter_task_file",
      ]);
      // These have not changed since there is BTF, and two of them are part of the user-space interface.
      expect(kernel.member("list_head", "prev")).toEqual({ offset: 8, size: 8 });
      expect(kernel.size("list_head")).toBe(16);
      expect(kernel.member("sockaddr_in", "sin_port")).toEqual({ offset: 2, size: 2 });
      expect(kernel.member("upid", "nr")).toEqual({ offset: 0, size: 4 });
      expect(kernel.id(BTF_KIND.FUNC, "bpf_iter_task_file")).toBeGreaterThan(0);
    },
  );
});
