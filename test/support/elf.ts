/**
 * Small ELF files for tests of what reads them.
 *
 * @module
 */
import {
  DT_HASH,
  DT_JMPREL,
  DT_NEEDED,
  DT_NULL,
  DT_PLTRELSZ,
  DT_STRSZ,
  DT_STRTAB,
  DT_SYMTAB,
  DYN,
  EHDR,
  EI_NIDENT,
  PHDR,
  PT_DYNAMIC,
  PT_LOAD,
  RELA,
  SHDR,
  SYM,
} from "../../scripts/release/elf.ts";

/** What is in it, beside the headers. */
export interface Contents {
  readonly type: number;
  readonly machine: number;
  readonly base: number;
  readonly symbols?: readonly { name: string; info: number; section: number; value: number }[];
  readonly needed?: readonly string[];
  readonly jumps?: readonly { offset: number; type: number; symbol: number }[];
}

/** Makes one with a segment that holds all of it, a dynamic section, and the table of sections that has to be there. */
export function makeElf({ type, machine, base, symbols = [], needed = [], jumps = [] }: Contents) {
  const bytes = new Uint8Array(8192);
  let at = EI_NIDENT + EHDR.size + 2 * PHDR.size;
  const take = (size: number): number => {
    const begin = Math.ceil(at / 8) * 8;
    at = begin + size;
    return begin;
  };
  const names = ["", ...symbols.map(({ name }) => name), ...needed];
  const text = Buffer.from(names.map((name) => `${name}\0`).join(""), "latin1");
  const nameAt = (index: number) =>
    names.slice(0, index).reduce((sum, name) => sum + name.length + 1, 0);
  const strings = take(text.length);
  bytes.set(text, strings);
  const table = take((symbols.length + 1) * SYM.size);
  for (const [index, { info, section, value }] of symbols.entries()) {
    SYM.write(bytes, table + (index + 1) * SYM.size, {
      st_name: nameAt(index + 1),
      st_info: info,
      st_other: 0,
      st_shndx: section,
      st_value: value,
      st_size: 8,
    });
  }
  const hash = take(8);
  new DataView(bytes.buffer).setUint32(hash + 4, symbols.length + 1, true);
  const relocations = take(jumps.length * RELA.size);
  for (const [index, { offset, type, symbol }] of jumps.entries()) {
    RELA.write(bytes, relocations + index * RELA.size, {
      r_offset: offset,
      r_type: type,
      r_sym: symbol,
      r_addend: 0,
    });
  }
  const tags: [number, number][] = [
    ...needed.map((_, index): [number, number] => [
      DT_NEEDED,
      nameAt(1 + symbols.length + index),
    ]),
    [DT_STRTAB, base + strings],
    [DT_STRSZ, text.length],
    [DT_SYMTAB, base + table],
    [DT_HASH, base + hash],
    [DT_JMPREL, base + relocations],
    [DT_PLTRELSZ, jumps.length * RELA.size],
    [DT_NULL, 0],
  ];
  const dynamic = take(tags.length * DYN.size);
  for (const [index, [d_tag, d_val]] of tags.entries()) {
    DYN.write(bytes, dynamic + index * DYN.size, { d_tag, d_val });
  }
  const sections = take(SHDR.size);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  EHDR.write(bytes, EI_NIDENT, {
    e_type: type,
    e_machine: machine,
    e_version: 1,
    e_entry: base,
    e_phoff: EI_NIDENT + EHDR.size,
    e_shoff: sections,
    e_flags: 0,
    e_ehsize: EI_NIDENT + EHDR.size,
    e_phentsize: PHDR.size,
    e_phnum: 2,
    e_shentsize: SHDR.size,
    e_shnum: 1,
    e_shstrndx: 0,
  });
  for (
    const [index, [p_type, begin, size]] of [
      [PT_LOAD, 0, at],
      [PT_DYNAMIC, dynamic, tags.length * DYN.size],
    ].entries() as IterableIterator<[number, [number, number, number]]>
  ) {
    PHDR.write(bytes, EI_NIDENT + EHDR.size + index * PHDR.size, {
      p_type,
      p_flags: 6,
      p_offset: begin,
      p_vaddr: base + begin,
      p_paddr: base + begin,
      p_filesz: size,
      p_memsz: size,
      p_align: 8,
    });
  }
  return bytes.subarray(0, at);
}
