/**
 * Reads ELF files of 64 bits and little endian, as they are on x86-64 and arm64, and writes their tables.
 *
 * Every structure is a table of fields in the order and with the names of elf(5). Nothing is believed: a table, a name or a
 * segment that is not wholly inside of the file is an `ElfError`, which says what is wrong and where.
 *
 * @module
 */

/** What is wrong with a file. */
export class ElfError extends Error {}

type Kind = "u8" | "u16" | "u32" | "u64" | "i64";
const SIZE: Record<Kind, number> = { u8: 1, u16: 2, u32: 4, u64: 8, i64: 8 };

/** A structure of the file: how its fields lie, and how they are read and written. */
export class Layout<Name extends string> {
  readonly size: number;
  readonly #fields: readonly (readonly [name: Name, kind: Kind, at: number])[];

  constructor(fields: Record<Name, Kind>) {
    let at = 0;
    this.#fields = (Object.entries(fields) as [Name, Kind][]).map(([name, kind]) => {
      const field = [name, kind, at] as const;
      at += SIZE[kind];
      return field;
    });
    this.size = at;
  }

  /** Throws `ElfError` when the structure is not wholly inside of `bytes`, or a number in it is beyond 2^53. */
  read(bytes: Uint8Array, at: number, what: string): Record<Name, number> {
    inside(bytes, at, this.size, what);
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, this.size);
    const value = {} as Record<Name, number>;
    for (const [name, kind, offset] of this.#fields) {
      value[name] = getNumber(view, kind, offset, `${what}: ${name}`);
    }
    return value;
  }

  write(bytes: Uint8Array, at: number, value: Readonly<Record<Name, number>>): void {
    inside(bytes, at, this.size, "what is written");
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, this.size);
    for (const [name, kind, offset] of this.#fields) setNumber(view, kind, offset, value[name]);
  }

  /** As many as there are, one after the other. */
  readAll(bytes: Uint8Array, at: number, count: number, what: string): Record<Name, number>[] {
    inside(bytes, at, count * this.size, what);
    return Array.from(
      { length: count },
      (_, index) => this.read(bytes, at + index * this.size, `${what} ${index}`),
    );
  }
}

function getNumber(view: DataView, kind: Kind, at: number, what: string): number {
  switch (kind) {
    case "u8":
      return view.getUint8(at);
    case "u16":
      return view.getUint16(at, true);
    case "u32":
      return view.getUint32(at, true);
    case "u64":
    case "i64": {
      const value = Number(
        kind === "u64" ? view.getBigUint64(at, true) : view.getBigInt64(at, true),
      );
      if (!Number.isSafeInteger(value)) throw new ElfError(`${what} is beyond 2^53`);
      return value;
    }
  }
}

function setNumber(view: DataView, kind: Kind, at: number, value: number): void {
  switch (kind) {
    case "u8":
      return view.setUint8(at, value);
    case "u16":
      return view.setUint16(at, value, true);
    case "u32":
      return view.setUint32(at, value, true);
    case "u64":
      return view.setBigUint64(at, BigInt(value), true);
    case "i64":
      return view.setBigInt64(at, BigInt(value), true);
  }
}

function inside(bytes: Uint8Array, at: number, size: number, what: string): void {
  if (!Number.isSafeInteger(at) || at < 0 || size < 0 || at + size > bytes.length) {
    throw new ElfError(`${what}: ${size} bytes at ${at} are not in a file of ${bytes.length}`);
  }
}

/** Elf64_Ehdr, after the 16 bytes of e_ident. */
export const EHDR = new Layout({
  e_type: "u16",
  e_machine: "u16",
  e_version: "u32",
  e_entry: "u64",
  e_phoff: "u64",
  e_shoff: "u64",
  e_flags: "u32",
  e_ehsize: "u16",
  e_phentsize: "u16",
  e_phnum: "u16",
  e_shentsize: "u16",
  e_shnum: "u16",
  e_shstrndx: "u16",
});
export const EI_NIDENT = 16;

/** Elf64_Phdr. */
export const PHDR = new Layout({
  p_type: "u32",
  p_flags: "u32",
  p_offset: "u64",
  p_vaddr: "u64",
  p_paddr: "u64",
  p_filesz: "u64",
  p_memsz: "u64",
  p_align: "u64",
});

/** Elf64_Shdr. */
export const SHDR = new Layout({
  sh_name: "u32",
  sh_type: "u32",
  sh_flags: "u64",
  sh_addr: "u64",
  sh_offset: "u64",
  sh_size: "u64",
  sh_link: "u32",
  sh_info: "u32",
  sh_addralign: "u64",
  sh_entsize: "u64",
});

/** Elf64_Dyn. */
export const DYN = new Layout({ d_tag: "u64", d_val: "u64" });

/** Elf64_Sym. */
export const SYM = new Layout({
  st_name: "u32",
  st_info: "u8",
  st_other: "u8",
  st_shndx: "u16",
  st_value: "u64",
  st_size: "u64",
});

/** Elf64_Rela; the first half of r_info is the type. */
export const RELA = new Layout({ r_offset: "u64", r_type: "u32", r_sym: "u32", r_addend: "i64" });

export type Ehdr = ReturnType<typeof EHDR.read>;
export type Phdr = ReturnType<typeof PHDR.read>;
export type Shdr = ReturnType<typeof SHDR.read>;
export type Dyn = ReturnType<typeof DYN.read>;
export type Sym = ReturnType<typeof SYM.read> & { readonly name: string };
export type Rela = ReturnType<typeof RELA.read>;

// e_type and e_machine
export const ET_EXEC = 2;
export const ET_DYN = 3;
export const EM_X86_64 = 62;
export const EM_AARCH64 = 183;
// p_type and p_flags
export const PT_LOAD = 1;
export const PT_DYNAMIC = 2;
export const PT_INTERP = 3;
export const PT_PHDR = 6;
export const PT_TLS = 7;
export const PF_X = 1;
export const PF_W = 2;
export const PF_R = 4;
// sh_type and sh_flags
export const SHT_NULL = 0;
export const SHT_PROGBITS = 1;
export const SHT_SYMTAB = 2;
export const SHT_NOBITS = 8;
export const SHF_WRITE = 1;
export const SHF_ALLOC = 2;
export const SHF_EXECINSTR = 4;
// d_tag
export const DT_NULL = 0;
export const DT_NEEDED = 1;
export const DT_PLTRELSZ = 2;
export const DT_HASH = 4;
export const DT_STRTAB = 5;
export const DT_SYMTAB = 6;
export const DT_RELA = 7;
export const DT_RELASZ = 8;
export const DT_STRSZ = 10;
export const DT_JMPREL = 23;
export const DT_INIT_ARRAY = 25;
export const DT_FINI_ARRAY = 26;
export const DT_INIT_ARRAYSZ = 27;
export const DT_FINI_ARRAYSZ = 28;
// st_shndx, and the halves of st_info
export const SHN_UNDEF = 0;
export const STB_LOCAL = 0;
export const STB_GLOBAL = 1;
export const STT_TLS = 6;

const ELFMAG = [0x7f, 0x45, 0x4c, 0x46];
const ELFCLASS64 = 2;
const ELFDATA2LSB = 1;

/** More than any linker makes; a table of millions would only be a waste of time. */
const MOST_SYMBOLS = 1_000_000;

/** A file whose tables have been read and checked. The bytes are the caller's, and are written by the one who changes them. */
export class Elf {
  readonly header: Ehdr;
  readonly segments: readonly Phdr[];
  readonly sections: readonly Shdr[];

  /** Throws `ElfError` for anything that is not a sound file. `what` is its name in messages. */
  constructor(readonly bytes: Uint8Array, readonly what: string) {
    inside(bytes, 0, EI_NIDENT + EHDR.size, `${what}: the header`);
    if (ELFMAG.some((byte, at) => bytes[at] !== byte)) throw this.error("is no ELF file");
    if (bytes[4] !== ELFCLASS64) throw this.error("is not of 64 bits (EI_CLASS)");
    if (bytes[5] !== ELFDATA2LSB) throw this.error("is not little endian (EI_DATA)");
    const header = this.header = EHDR.read(bytes, EI_NIDENT, `${what}: the header`);
    if (header.e_phentsize !== PHDR.size) throw this.error("has program headers of another size");
    if (header.e_shnum > 0 && header.e_shentsize !== SHDR.size) {
      throw this.error("has section headers of another size");
    }
    this.segments = PHDR.readAll(bytes, header.e_phoff, header.e_phnum, `${what}: program header`);
    this.sections = SHDR.readAll(bytes, header.e_shoff, header.e_shnum, `${what}: section header`);
    let end = 0;
    for (const [index, segment] of this.segments.entries()) {
      inside(bytes, segment.p_offset, segment.p_filesz, `${what}: segment ${index}`);
      if (!Number.isSafeInteger(segment.p_vaddr + segment.p_memsz)) {
        throw this.error(`segment ${index} ends beyond 2^53`);
      }
      if (segment.p_type !== PT_LOAD) continue;
      if (segment.p_filesz > segment.p_memsz) {
        throw this.error(`segment ${index} is larger in the file than in memory`);
      }
      if (segment.p_vaddr < end) throw this.error(`segment ${index} overlaps the one before it`);
      end = segment.p_vaddr + segment.p_memsz;
    }
    if (end === 0) throw this.error("has nothing to be loaded (PT_LOAD)");
    for (const [index, section] of this.sections.entries()) {
      if (section.sh_type === SHT_NULL || section.sh_type === SHT_NOBITS) continue;
      inside(bytes, section.sh_offset, section.sh_size, `${what}: section ${index}`);
    }
  }

  error(text: string): ElfError {
    return new ElfError(`${this.what}: ${text}`);
  }

  /** The loaded segments, in the order of their addresses. */
  get loads(): readonly Phdr[] {
    return this.segments.filter(({ p_type }) => p_type === PT_LOAD);
  }

  /** The one segment of a type, if there is one. */
  segment(type: number): Phdr | undefined {
    const found = this.segments.filter(({ p_type }) => p_type === type);
    if (found.length > 1) throw this.error(`has ${found.length} segments of type ${type}`);
    return found[0];
  }

  /** Where in the file `size` bytes at an address are. Throws when they are not in one segment's part of the file. */
  offsetOf(address: number, size: number): number {
    for (const { p_vaddr, p_filesz, p_offset } of this.loads) {
      if (address >= p_vaddr && address + size <= p_vaddr + p_filesz) {
        return address - p_vaddr + p_offset;
      }
    }
    throw this.error(`${size} bytes at address 0x${address.toString(16)} are not in the file`);
  }

  /** The bytes at an address, not copied. */
  at(address: number, size: number): Uint8Array {
    const offset = this.offsetOf(address, size);
    return this.bytes.subarray(offset, offset + size);
  }

  /** The text at `at` in a table of strings of `size` bytes at `table` in the file. */
  #text(table: number, size: number, at: number): string {
    inside(this.bytes, table, size, `${this.what}: strings`);
    const end = at < size ? this.bytes.indexOf(0, table + at) : -1;
    if (end < 0 || end >= table + size) throw this.error(`a name at ${at} has no end`);
    return Buffer.from(this.bytes.subarray(table + at, end)).toString("latin1");
  }

  /** The dynamic section's entries, up to DT_NULL, and where in the file each is. Empty without one. */
  dynamic(): (Dyn & { readonly at: number })[] {
    const segment = this.segment(PT_DYNAMIC);
    if (segment === undefined) return [];
    const entries = [];
    const end = segment.p_offset + segment.p_filesz;
    for (let at = segment.p_offset; at + DYN.size <= end; at += DYN.size) {
      const entry = DYN.read(this.bytes, at, `${this.what}: the dynamic section`);
      if (entry.d_tag === DT_NULL) return entries;
      entries.push({ ...entry, at });
    }
    throw this.error("the dynamic section has no end (DT_NULL)");
  }

  /** The value of a tag of the dynamic section, if it is there. */
  tag(tag: number): number | undefined {
    return this.dynamic().find(({ d_tag }) => d_tag === tag)?.d_val;
  }

  #required(tag: number, name: string): number {
    const value = this.tag(tag);
    if (value === undefined) throw this.error(`the dynamic section has no ${name}`);
    return value;
  }

  /** A text of DT_STRTAB. */
  dynamicText(at: number): string {
    const size = this.#required(DT_STRSZ, "DT_STRSZ");
    return this.#text(this.offsetOf(this.#required(DT_STRTAB, "DT_STRTAB"), size), size, at);
  }

  /** DT_SYMTAB, as long as DT_HASH says. */
  dynamicSymbols(): Sym[] {
    const hash = this.at(this.#required(DT_HASH, "DT_HASH"), 8);
    const count = new DataView(hash.buffer, hash.byteOffset).getUint32(4, true);
    if (count > MOST_SYMBOLS) throw this.error(`has ${count} symbols`);
    const at = this.offsetOf(this.#required(DT_SYMTAB, "DT_SYMTAB"), count * SYM.size);
    const size = this.#required(DT_STRSZ, "DT_STRSZ");
    const strings = this.offsetOf(this.#required(DT_STRTAB, "DT_STRTAB"), size);
    return SYM.readAll(this.bytes, at, count, `${this.what}: symbol`).map((symbol) => ({
      ...symbol,
      name: this.#text(strings, size, symbol.st_name),
    }));
  }

  /** DT_RELA's entries and DT_JMPREL's, and where in the file each is. */
  relocations(): (Rela & { readonly at: number })[] {
    return [[DT_RELA, DT_RELASZ], [DT_JMPREL, DT_PLTRELSZ]].flatMap(([table, bytes]) => {
      const address = this.tag(table!);
      const size = this.tag(bytes!) ?? 0;
      if (address === undefined || size === 0) return [];
      if (size % RELA.size !== 0) throw this.error("a table of relocations is cut off");
      const at = this.offsetOf(address, size);
      return RELA.readAll(this.bytes, at, size / RELA.size, `${this.what}: relocation`).map((
        relocation,
        index,
      ) => ({ ...relocation, at: at + index * RELA.size }));
    });
  }

  /** SHT_SYMTAB's symbols by their names; those of a name that stands there twice are the last. */
  symbols(): Map<string, Sym> {
    const table = this.sections.find(({ sh_type }) => sh_type === SHT_SYMTAB);
    if (table === undefined) return new Map();
    const strings = this.sections[table.sh_link];
    if (strings === undefined) throw this.error("the symbols have no names (sh_link)");
    const count = Math.floor(table.sh_size / SYM.size);
    const symbols = SYM.readAll(this.bytes, table.sh_offset, count, `${this.what}: symbol`);
    return new Map(symbols.map((symbol) => {
      const name = this.#text(strings.sh_offset, strings.sh_size, symbol.st_name);
      return [name, { ...symbol, name }];
    }));
  }

  /** A section's name. */
  sectionName(section: Shdr): string {
    const names = this.sections[this.header.e_shstrndx];
    if (names === undefined) throw this.error("the sections have no names (e_shstrndx)");
    return this.#text(names.sh_offset, names.sh_size, section.sh_name);
  }
}

/** The upper half of st_info. */
export function binding(symbol: Sym): number {
  return symbol.st_info >> 4;
}

/** The lower half of st_info. */
export function typeOf(symbol: Sym): number {
  return symbol.st_info & 15;
}
