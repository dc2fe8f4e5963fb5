/** Reads ELF files, sound ones and hostile ones. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  DT_NEEDED,
  DT_STRTAB,
  EHDR,
  type Ehdr,
  EI_NIDENT,
  Elf,
  ElfError,
  EM_AARCH64,
  EM_X86_64,
  ET_DYN,
  ET_EXEC,
  Layout,
  PHDR,
  PT_DYNAMIC,
} from "../../scripts/release/elf.ts";
import { plan } from "../../scripts/release/one_file/join.ts";
import { TARGETS } from "../../scripts/release/targets.ts";
import { makeElf } from "../support/elf.ts";

const BASE = 0x200000;
const FUNCTION = 0x12;
const sound = () =>
  makeElf({
    type: ET_EXEC,
    machine: EM_X86_64,
    base: BASE,
    symbols: [
      { name: "malloc", info: FUNCTION, section: 0, value: 0 },
      { name: "main", info: FUNCTION, section: 5, value: BASE + 16 },
    ],
    needed: ["libstdc++.so.6", "libc.musl-x86_64.so.1"],
    jumps: [{ offset: BASE + 8, type: 7, symbol: 1 }],
  });

/** Reads all there is to be read. */
function readAll(bytes: Uint8Array): void {
  const elf = new Elf(bytes, "it");
  for (const { d_tag, d_val } of elf.dynamic()) if (d_tag === DT_NEEDED) elf.dynamicText(d_val);
  elf.dynamicSymbols();
  elf.relocations();
  elf.symbols();
  // 0: they have none.
  if (elf.header.e_shstrndx === 0) return;
  for (const section of elf.sections) elf.sectionName(section);
}

/** Writes a field of a structure in a sound file, and returns what reading it says. */
function refusal(change: (bytes: Uint8Array, view: DataView) => void): string {
  const bytes = Uint8Array.from(sound());
  change(bytes, new DataView(bytes.buffer));
  try {
    readAll(bytes);
  } catch (error) {
    if (error instanceof ElfError) return error.message;
    throw error;
  }
  return "";
}

describe("a structure", () => {
  test("is written as it was read, and its numbers are those of elf(5)", () => {
    expect(EI_NIDENT + EHDR.size).toBe(64);
    expect(PHDR.size).toBe(56);
    const layout = new Layout({ a: "u8", b: "u16", c: "u32", d: "u64", e: "i64" });
    const value = { a: 255, b: 65535, c: 0xffffffff, d: 2 ** 53 - 1, e: -(2 ** 53 - 1) };
    const bytes = new Uint8Array(layout.size);
    layout.write(bytes, 0, value);
    expect(layout.read(bytes, 0, "it")).toEqual(value);
    expect(() => layout.read(bytes, 1, "it")).toThrow("it: 23 bytes at 1 are not in a file of 23");
  });
});

describe("a sound file", () => {
  test("tells its symbols, libraries and relocations", () => {
    const elf = new Elf(sound(), "it");
    expect(elf.dynamicSymbols().map(({ name }) => name)).toEqual(["", "malloc", "main"]);
    expect(
      elf.dynamic().flatMap(({ d_tag, d_val }) =>
        d_tag === DT_NEEDED ? [elf.dynamicText(d_val)] : []
      ),
    ).toEqual(["libstdc++.so.6", "libc.musl-x86_64.so.1"]);
    expect(elf.relocations()).toMatchObject([{ r_offset: BASE + 8, r_type: 7, r_sym: 1 }]);
    expect(() => readAll(sound())).not.toThrow();
  });

  test("is what this machine's own programs are", async () => {
    const elf = new Elf(await Bun.file(process.execPath).bytes(), "the runtime");
    expect(elf.dynamicSymbols().length).toBeGreaterThan(100);
    expect(elf.relocations().length).toBeGreaterThan(100);
    expect(elf.sections.map((section) => elf.sectionName(section))).toContain(".text");
  }, 400_000);
});

describe("a hostile file is refused with what is wrong", () => {
  const header = (name: keyof Ehdr, value: number) =>
    refusal((bytes) => {
      const read = EHDR.read(bytes, EI_NIDENT, "it");
      EHDR.write(bytes, EI_NIDENT, { ...read, [name]: value });
    });
  const segment = (index: number, change: Partial<ReturnType<typeof PHDR.read>>) =>
    refusal((bytes) => {
      const at = EI_NIDENT + EHDR.size + index * PHDR.size;
      PHDR.write(bytes, at, { ...PHDR.read(bytes, at, "it"), ...change });
    });

  test.each(
    [
      [() => refusal((bytes) => bytes[0] = 0), "it: is no ELF file"],
      [() => refusal((bytes) => bytes[4] = 1), "it: is not of 64 bits (EI_CLASS)"],
      [() => refusal((bytes) => bytes[5] = 2), "it: is not little endian (EI_DATA)"],
      [() => header("e_phentsize", 32), "it: has program headers of another size"],
      [() => header("e_shentsize", 0), "it: has section headers of another size"],
      [() => header("e_phoff", 2 ** 40), /^it: program header: 112 bytes at 1099511627776 are not/],
      [() => header("e_phnum", 0xffff), /^it: program header: 3669960 bytes at 64 are not in/],
      [() => header("e_shoff", 2 ** 52), /^it: section header: 64 bytes at 4503599627370496 /],
      [() => header("e_phnum", 0), "it: has nothing to be loaded (PT_LOAD)"],
      [() => header("e_shstrndx", 9), "it: the sections have no names (e_shstrndx)"],
      [() => segment(0, { p_offset: 2 ** 45 }), /^it: segment 0: .* are not in a file/],
      [() => segment(0, { p_memsz: 1 }), "it: segment 0 is larger in the file than in memory"],
      [() => segment(0, { p_vaddr: 2 ** 53 - 1 }), "it: segment 0 ends beyond 2^53"],
      [() => segment(1, { p_type: 1 }), "it: segment 1 overlaps the one before it"],
      [() => segment(1, { p_filesz: 16 }), "it: the dynamic section has no end (DT_NULL)"],
      [
        () => segment(0, { p_type: PT_DYNAMIC }),
        "it: has nothing to be loaded (PT_LOAD)",
      ],
      [
        () =>
          refusal((bytes, view) => {
            const entry = new Elf(bytes, "it").dynamic().find(({ d_tag }) => d_tag === DT_STRTAB)!;
            view.setBigUint64(entry.at + 8, 1n << 60n, true);
          }),
        /^it: the dynamic section: d_val is beyond 2\^53$/,
      ],
      [
        () =>
          refusal((bytes, view) => {
            const elf = new Elf(bytes, "it");
            const hash = elf.offsetOf(elf.tag(4)!, 8);
            view.setUint32(hash + 4, 0xffffffff, true);
          }),
        "it: has 4294967295 symbols",
      ],
      [
        () =>
          refusal((bytes, view) => {
            const elf = new Elf(bytes, "it");
            view.setUint32(elf.offsetOf(elf.tag(6)!, 48) + 24, 0x7fffffff, true);
          }),
        "it: a name at 2147483647 has no end",
      ],
    ] as const,
  )("%#", (change, said) => {
    if (typeof said === "string") expect(change()).toBe(said);
    else expect(change()).toMatch(said);
  });

  test("wherever it ends", () => {
    const whole = sound();
    for (let size = 0; size < whole.length; size++) {
      expect(() => readAll(whole.subarray(0, size))).toThrow(ElfError);
    }
  });

  test("or read as well as it can be, with any bytes changed", () => {
    const whole = sound();
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        (changes) => {
          const bytes = Uint8Array.from(whole);
          for (const [at, value] of changes) bytes[at] = value;
          try {
            readAll(bytes);
          } catch (error) {
            if (!(error instanceof ElfError)) throw error;
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe("what cannot be joined is refused", () => {
  const [x64, arm64] = TARGETS;
  const musl = (machine: number, type = ET_DYN) =>
    new Elf(makeElf({ type, machine, base: 0x1000 }), "musl");
  test("a program for another machine, or one that has no fixed addresses", () => {
    const program = new Elf(sound(), "the program");
    expect(() => plan(arm64!, program, musl(EM_AARCH64))).toThrow("the program: is not for arm64");
    expect(() => plan(x64!, program, musl(EM_AARCH64))).toThrow("musl: is not for x64");
    expect(() => plan(x64!, program, musl(EM_X86_64, ET_EXEC))).toThrow("musl: is neither");
    expect(() => plan(x64!, musl(EM_X86_64), musl(EM_X86_64))).toThrow("musl: is neither");
  });
  test("a program that asks for no loader, as a static one", () => {
    expect(() => plan(x64!, new Elf(sound(), "the program"), musl(EM_X86_64))).toThrow(
      "the program: does not ask for /lib/ld-musl-x86_64.so.1",
    );
  });
});
