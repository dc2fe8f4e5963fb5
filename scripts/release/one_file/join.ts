/**
 * Joins three ELF files into one that needs nothing beside it: the program (the runtime made for musl, with Sockeye in it),
 * musl, and what link.ts made: the start and the C++ functions.
 *
 * All of them lie at fixed addresses in one file, and the kernel maps them. It finds no PT_INTERP and therefore jumps to the
 * start, which jumps into musl's loader, which believes that the kernel had loaded it and the program in the usual way. It is
 * shown the program's own table of segments, and not the file's: it gives what is free at the ends of writable segments to
 * malloc, once for each table they stand in. What the program would take from libstdc++ is put in here, so the loader looks for
 * no library at all.
 *
 * @module
 */
import {
  binding,
  DT_FINI_ARRAY,
  DT_FINI_ARRAYSZ,
  DT_INIT_ARRAY,
  DT_INIT_ARRAYSZ,
  DT_NEEDED,
  DT_NULL,
  DYN,
  type Dyn,
  EHDR,
  EI_NIDENT,
  Elf,
  EM_AARCH64,
  EM_X86_64,
  ET_DYN,
  ET_EXEC,
  PF_R,
  PF_W,
  PF_X,
  PHDR,
  type Phdr,
  PT_DYNAMIC,
  PT_INTERP,
  PT_LOAD,
  PT_PHDR,
  PT_TLS,
  RELA,
  SHDR,
  type Shdr,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_WRITE,
  SHN_UNDEF,
  SHT_NOBITS,
  SHT_NULL,
  SHT_PROGBITS,
  STB_GLOBAL,
  STT_TLS,
  type Sym,
  typeOf,
} from "../elf.ts";
import type { Target } from "../targets.ts";

/** What differs between the machines, with the names of their ABIs. */
interface Machine {
  readonly e_machine: number;
  /** The largest page that a kernel may have. */
  readonly page: number;
  /** R_…_COPY: the bytes of a symbol, put into the program. */
  readonly copy: number;
  /** R_…_64, R_…_GLOB_DAT, R_…_JUMP_SLOT: the address of a symbol. */
  readonly address: readonly number[];
  /** R_…_RELATIVE: an address that is known. */
  readonly relative: number;
  /** R_…_TPOFF64: where a thread-local variable is, seen from the thread pointer. */
  readonly threadOffset: number;
  /** Which way a block of thread-local variables can grow without moving what is in it. */
  readonly threadsGrow: "down" | "up";
}

const MACHINES: Record<Target["arch"], Machine> = {
  x64: {
    e_machine: EM_X86_64,
    page: 0x1000,
    copy: 5,
    address: [1, 6, 7],
    relative: 8,
    threadOffset: 18,
    threadsGrow: "down",
  },
  arm64: {
    e_machine: EM_AARCH64,
    page: 0x10000,
    copy: 1024,
    address: [257, 1025, 1026],
    relative: 1027,
    threadOffset: 1030,
    threadsGrow: "up",
  },
};

/** Beyond the program, below what is chosen at random, and within the reach of a call from each other. */
const LINKED_AT = 0x10000000;
const TABLES_AT = 0x10800000;
const LOADER_AT = 0x11000000;

/** What link.ts has to know. */
export interface Plan {
  readonly page: number;
  readonly linkedAt: number;
  /** Names of the C++ functions and variables that the program asks for. */
  readonly wanted: readonly string[];
  /** Addresses of what the program and musl have, by name. */
  readonly provided: ReadonlyMap<string, number>;
  /** What start.c is told. */
  readonly given: Readonly<Record<string, number>>;
  /** Bytes of the program's own thread-local variables, up to the next multiple of 16. */
  readonly tls: { readonly size: number };
}

const up = (value: number, align: number) => Math.ceil(value / align) * align;

/** What musl adds to a block's size, or puts before it, so that it is aligned as its image is: __dls3 in ldso/dynlink.c. */
function threadOffset(machine: Machine, { p_vaddr, p_memsz, p_align }: Phdr): number {
  const modulo = (value: number) => (value % p_align + p_align) % p_align;
  const gap = 16;
  return machine.threadsGrow === "down"
    ? p_memsz + modulo(-(p_vaddr + p_memsz))
    : gap + modulo(p_vaddr - gap);
}

function isDefined(symbol: Sym): boolean {
  return symbol.st_shndx !== SHN_UNDEF && binding(symbol) >= STB_GLOBAL;
}

/** Reads program and musl, and says what has to be linked. Throws `ElfError` where one of them is not what it should be. */
export function plan(target: Target, program: Elf, musl: Elf): Plan {
  const machine = MACHINES[target.arch];
  for (const [elf, type] of [[program, ET_EXEC], [musl, ET_DYN]] as const) {
    if (elf.header.e_machine !== machine.e_machine) throw elf.error(`is not for ${target.arch}`);
    if (elf.header.e_type !== type) throw elf.error("is neither at fixed addresses nor a library");
    // Every segment of the joined file gets pages of its own.
    const pages = elf.loads.map(({ p_vaddr }) => p_vaddr);
    if (pages.some((address) => address >= LINKED_AT)) throw elf.error("is too large");
  }
  const interpreter = program.segment(PT_INTERP);
  const wantedLoader = `/lib/ld-musl-${target.machine}.so.1`;
  const name = interpreter === undefined
    ? ""
    : Buffer.from(program.at(interpreter.p_vaddr, interpreter.p_filesz)).toString("latin1");
  if (name !== `${wantedLoader}\0`) throw program.error(`does not ask for ${wantedLoader}`);
  const tls = program.segment(PT_TLS);
  if (tls === undefined) throw program.error("has no thread-local variables (PT_TLS)");
  if (tls.p_align > 16 || tls.p_vaddr % 16 !== 0) {
    throw program.error("aligns thread-local variables more than is handled");
  }

  const functions = new Map<string, number>();
  for (const symbol of musl.dynamicSymbols()) {
    if (isDefined(symbol) && typeOf(symbol) !== STT_TLS) {
      functions.set(symbol.name, LOADER_AT + symbol.st_value);
    }
  }
  const own = program.dynamicSymbols();
  const wanted = new Set(own.flatMap((symbol) =>
    // What is wanted weakly is looked for, and not missed.
    symbol.st_shndx === SHN_UNDEF && binding(symbol) === STB_GLOBAL && !functions.has(symbol.name)
      ? [symbol.name]
      : []
  ));
  for (const { r_type, r_sym } of program.relocations()) {
    const copied = own[r_sym];
    if (r_type === machine.copy && copied !== undefined && !functions.has(copied.name)) {
      wanted.add(copied.name);
    }
  }
  // Two libraries that ask for one name get the program's, if it has one, as from any loader.
  for (const symbol of own) {
    if (isDefined(symbol) && typeOf(symbol) !== STT_TLS) {
      functions.set(symbol.name, symbol.st_value);
    }
  }
  for (const name of wanted) functions.delete(name);
  return {
    page: machine.page,
    linkedAt: LINKED_AT,
    wanted: [...wanted].sort(),
    provided: functions,
    given: {
      loader_base: LOADER_AT,
      loader_entry: LOADER_AT + musl.header.e_entry,
      program_entry: program.header.e_entry,
      program_headers: addressOfHeaders(program),
      program_header_count: program.header.e_phnum,
    },
    tls: { size: up(tls.p_memsz, 16) },
  };
}

function addressOfHeaders(program: Elf): number {
  const segment = program.segment(PT_PHDR);
  if (segment === undefined) throw program.error("does not say where its headers are (PT_PHDR)");
  return segment.p_vaddr;
}

/** A part of the joined file that is mapped: what, where, and under which name in the table of sections. */
interface Piece {
  readonly address: number;
  readonly flags: number;
  readonly bytes: Uint8Array;
  readonly name: string | null;
  /** The program's segment that it is, whose sections move with it. */
  readonly segment?: Phdr;
}

/** Joins them. `linked` is what link.ts made of the plan. The bytes of `program` are changed on the way. */
export function join(target: Target, program: Elf, musl: Elf, linked: Elf): Uint8Array {
  const machine = MACHINES[target.arch];
  const symbols = linked.symbols();
  const symbol = (name: string): Sym => {
    const found = symbols.get(name);
    if (found === undefined || found.st_shndx === SHN_UNDEF) {
      throw linked.error(`${name} was not linked, which the program asks for`);
    }
    return found;
  };

  relocate(machine, program, linked, plan(target, program, musl), symbol);
  const tables = new Tables();
  setTags(program, linked, tables, symbol);
  const tls = growThreads(machine, program, linked, tables);

  const first = program.loads[0]!;
  // The file's own headers, on a page before the program.
  const base = first.p_vaddr - machine.page;
  if (base <= 0 || first.p_vaddr % machine.page !== 0) {
    throw program.error("has no room before its first segment");
  }
  const pieces: Piece[] = [
    ...program.loads.map((segment): Piece => ({
      address: segment.p_vaddr,
      flags: segment.p_flags,
      bytes: inMemory(program, segment),
      name: null,
      segment,
    })),
    ...linked.loads.map((segment): Piece => ({
      address: segment.p_vaddr,
      flags: segment.p_flags,
      bytes: inMemory(linked, segment),
      name: `.cxx.${kindOf(segment.p_flags)}`,
    })),
    { address: TABLES_AT, flags: PF_R, bytes: tables.bytes(), name: ".joined" },
    ...musl.loads.map((segment): Piece => ({
      address: LOADER_AT + segment.p_vaddr,
      flags: segment.p_flags,
      bytes: inMemory(musl, segment),
      name: `.musl.${kindOf(segment.p_flags)}`,
    })),
  ];
  return write(machine, program, linked.header.e_entry, base, pieces, tls);
}

function kindOf(flags: number): string {
  return (flags & PF_X) !== 0 ? "text" : (flags & PF_W) !== 0 ? "data" : "rodata";
}

/** A segment as it is in memory: what begins with zeros is in the file too, since old kernels get a second .bss wrong. */
function inMemory(elf: Elf, { p_offset, p_filesz, p_memsz }: Phdr): Uint8Array {
  const bytes = new Uint8Array(p_memsz);
  bytes.set(elf.bytes.subarray(p_offset, p_offset + p_filesz));
  return bytes;
}

/** What is made new: lists of functions, and the first values of thread-local variables. Constant. */
class Tables {
  readonly #parts: Uint8Array[] = [];
  #size = 0;

  /** Adds bytes and returns their address, a multiple of 16. */
  add(bytes: Uint8Array): number {
    const address = TABLES_AT + this.#size;
    const size = up(bytes.length, 16);
    const part = new Uint8Array(size);
    part.set(bytes);
    this.#parts.push(part);
    this.#size += size;
    return address;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}

/**
 * Replaces what the loader would look up by what is known: an address by R_…_RELATIVE, as nothing moves; a variable of the C++
 * functions that is copied into the program by its bytes; a thread-local one by its place in the block. What is left to the
 * loader are the variables of musl that are copied, since they get their values from it, and what is wanted weakly.
 */
function relocate(
  machine: Machine,
  program: Elf,
  linked: Elf,
  { wanted, provided }: Plan,
  symbol: (name: string) => Sym,
): void {
  const own = program.dynamicSymbols();
  const missing = new Set(wanted);
  for (const { at, r_offset, r_type, r_sym, r_addend } of program.relocations()) {
    if (r_sym === 0) continue;
    const asked = own[r_sym];
    if (asked === undefined) throw program.error(`a relocation names symbol ${r_sym}`);
    const known = missing.has(asked.name) ? symbol(asked.name) : null;
    const address = known?.st_value ?? provided.get(asked.name);
    if (address === undefined) continue;
    const isThreads = known !== null && typeOf(known) === STT_TLS;
    let fixed = { r_offset, r_type: machine.relative, r_sym: 0, r_addend: address + r_addend };
    if (r_type === machine.threadOffset && isThreads) {
      fixed = { ...fixed, r_type };
    } else if (r_type === machine.copy && !isThreads) {
      if (known === null) continue;
      if (asked.st_size < 8) throw program.error(`${asked.name} is too small to be copied`);
      const source = linked.at(address, asked.st_size);
      program.at(r_offset, asked.st_size).set(source);
      // An entry that does nothing is not known to musl, so this one writes the first word once more.
      const word = new DataView(source.buffer, source.byteOffset).getBigInt64(0, true);
      fixed = { ...fixed, r_addend: Number(word) };
    } else if (!machine.address.includes(r_type) || isThreads) {
      throw program.error(`asks for ${asked.name} in a way that is not handled (${r_type})`);
    }
    RELA.write(program.bytes, at, fixed);
  }
}

/** Takes libstdc++ out of the dynamic section, and puts the C++ functions' lists before the program's own. */
function setTags(
  program: Elf,
  linked: Elf,
  tables: Tables,
  symbol: (name: string) => Sym,
): void {
  const entries = program.dynamic();
  const list = (begin: string, end: string): Uint8Array => {
    const [from, to] = [symbol(begin).st_value, symbol(end).st_value];
    return from === to ? new Uint8Array(0) : linked.at(from, to - from);
  };
  const changed = new Map<number, number>();
  const prepend = (tag: number, sizeTag: number, more: Uint8Array) => {
    const [address, size] = [program.tag(tag), program.tag(sizeTag)];
    if (address === undefined || size === undefined) {
      if (more.length > 0) throw program.error("has no functions that are called at the start");
      return;
    }
    for (const { r_offset } of program.relocations()) {
      if (r_offset >= address && r_offset < address + size) {
        throw program.error("does not know its own functions that are called at the start");
      }
    }
    const bytes = Buffer.concat([more, program.at(address, size)]);
    changed.set(tag, tables.add(bytes));
    changed.set(sizeTag, bytes.length);
  };
  prepend(DT_INIT_ARRAY, DT_INIT_ARRAYSZ, list("cxx_init_begin", "cxx_init_end"));
  // These are called from the last to the first.
  prepend(DT_FINI_ARRAY, DT_FINI_ARRAYSZ, list("cxx_fini_begin", "cxx_fini_end"));

  const kept = entries.filter(({ d_tag, d_val }) =>
    d_tag !== DT_NEEDED || program.dynamicText(d_val).startsWith("libc.musl-")
  );
  const removed = entries.filter((entry) => !kept.includes(entry));
  const names = removed.map(({ d_val }) => program.dynamicText(d_val));
  if (names.join() !== "libstdc++.so.6") {
    throw program.error(`needs ${names.join(", ") || "no library"}, not libstdc++.so.6`);
  }
  const written: Dyn[] = kept.map(({ d_tag, d_val }) => ({
    d_tag,
    d_val: changed.get(d_tag) ?? d_val,
  }));
  written.push({ d_tag: DT_NULL, d_val: 0 });
  for (const [index, entry] of written.entries()) {
    DYN.write(program.bytes, entries[0]!.at + index * DYN.size, entry);
  }
}

/** Makes room for the C++ functions' thread-local variables beside the program's, which stay where its code expects them. Returns the segment. */
function growThreads(machine: Machine, program: Elf, linked: Elf, tables: Tables): Phdr {
  const [before, reserved] = [program.segment(PT_TLS)!, linked.segment(PT_TLS)!];
  const more = reserved.p_memsz - up(before.p_memsz, 16);
  if (more < 0 || more % 16 !== 0 || reserved.p_filesz !== 0) {
    throw linked.error("has thread-local variables in another place than was planned");
  }
  let after: Phdr;
  if (machine.threadsGrow === "down") {
    for (const { r_offset } of program.relocations()) {
      if (r_offset >= before.p_vaddr && r_offset < before.p_vaddr + before.p_filesz) {
        throw program.error("has thread-local variables whose first values are not known");
      }
    }
    const image = new Uint8Array(more + before.p_filesz);
    image.set(program.at(before.p_vaddr, before.p_filesz), more);
    const address = tables.add(image);
    after = {
      ...before,
      p_vaddr: address,
      p_paddr: address,
      p_filesz: image.length,
      p_memsz: more + before.p_memsz,
      p_align: 16,
    };
  } else {
    after = { ...before, p_memsz: up(before.p_memsz, 16) + more, p_align: 16 };
  }
  const moved = threadOffset(machine, after) - threadOffset(machine, before);
  if (moved !== (machine.threadsGrow === "down" ? more : 0)) {
    throw program.error("its thread-local variables would move");
  }
  const index = program.segments.indexOf(before);
  PHDR.write(program.bytes, program.header.e_phoff + index * PHDR.size, after);
  return after;
}

/** Lays the pieces out, and writes headers, pieces, what is not mapped, and the table of sections. */
function write(
  machine: Machine,
  program: Elf,
  entry: number,
  base: number,
  pieces: readonly Piece[],
  tls: Phdr,
): Uint8Array {
  const out: Uint8Array[] = [];
  let size = 0;
  /** Appends bytes at the next place in the file that has the given remainder by `align`; what is left free is zero. */
  const append = (bytes: Uint8Array, align: number, remainder = 0): number => {
    const at = up(size - remainder, align) + remainder;
    out.push(new Uint8Array(at - size), bytes);
    size = at + bytes.length;
    return at;
  };

  // Filled in at the end.
  const head = new Uint8Array(machine.page);
  append(head, 1);
  const loads: Phdr[] = [segmentAt(0, base, PF_R, head.length, machine.page)];
  const offsets = pieces.map(({ bytes, address, flags }) => {
    // A page of the file holds parts of one piece only: what is writable would else be read back where it is not.
    const page = up(size, machine.page);
    out.push(new Uint8Array(page - size));
    size = page;
    const at = append(bytes, machine.page, address % machine.page);
    loads.push(segmentAt(at, address, flags, bytes.length, machine.page));
    return at;
  });
  for (const [index, { p_vaddr, p_memsz }] of loads.entries()) {
    const next = loads[index + 1];
    if (next === undefined) continue;
    const page = (address: number) => Math.floor(address / machine.page);
    if (page(p_vaddr + p_memsz - 1) > page(next.p_vaddr)) {
      throw program.error(`what is at 0x${p_vaddr.toString(16)} does not fit before the next part`);
    }
  }
  /** Where in the new file an address is. */
  const place = (address: number): number => {
    const load = loads.find(({ p_vaddr, p_memsz }) =>
      address >= p_vaddr && address <= p_vaddr + p_memsz
    );
    if (load === undefined) throw program.error(`0x${address.toString(16)} is in no segment`);
    return address - load.p_vaddr + load.p_offset;
  };
  out.push(new Uint8Array(up(size, machine.page) - size));
  size = up(size, machine.page);

  // The loader's business; the kernel would obey PT_INTERP, and tools would look for a loader's traces by PT_DYNAMIC.
  const hidden = [PT_LOAD, PT_INTERP, PT_DYNAMIC, PT_PHDR, PT_TLS];
  const others = program.segments.filter(({ p_type }) => !hidden.includes(p_type)).map((
    segment,
  ) => segment.p_filesz === 0 ? segment : { ...segment, p_offset: place(segment.p_vaddr) });
  const count = 1 + loads.length + others.length + 1;
  const headersSize = EI_NIDENT + EHDR.size;
  const segments: Phdr[] = [
    {
      ...segmentAt(headersSize, base + headersSize, PF_R, count * PHDR.size, 8),
      p_type: PT_PHDR,
    },
    ...loads,
    { ...tls, p_offset: place(tls.p_vaddr) },
    ...others,
  ];
  if (headersSize + count * PHDR.size > machine.page) throw program.error("has too many segments");

  const sections = moveSections(program, pieces, offsets, place, append);
  const table = new Uint8Array(sections.length * SHDR.size);
  for (const [index, section] of sections.entries()) SHDR.write(table, index * SHDR.size, section);
  const shoff = append(table, 8);

  head.set(program.bytes.subarray(0, EI_NIDENT));
  EHDR.write(head, EI_NIDENT, {
    ...program.header,
    e_entry: entry,
    e_phoff: headersSize,
    e_phnum: segments.length,
    e_shoff: shoff,
    e_shnum: sections.length,
  });
  for (const [index, segment] of segments.entries()) {
    PHDR.write(head, headersSize + index * PHDR.size, segment);
  }
  return Buffer.concat(out);
}

function segmentAt(
  offset: number,
  address: number,
  flags: number,
  size: number,
  align: number,
): Phdr {
  return {
    p_type: PT_LOAD,
    p_flags: flags,
    p_offset: offset,
    p_vaddr: address,
    p_paddr: address,
    p_filesz: size,
    p_memsz: size,
    p_align: align,
  };
}

/** The program's sections at their new places, so that debuggers find its symbols, and one for each piece beside it. */
function moveSections(
  program: Elf,
  pieces: readonly Piece[],
  offsets: readonly number[],
  place: (address: number) => number,
  append: (bytes: Uint8Array, align: number) => number,
): Shdr[] {
  if (program.sections.length === 0) return [];
  const { e_shstrndx } = program.header;
  const names = program.sections[e_shstrndx];
  if (names === undefined) throw program.error("the sections have no names (e_shstrndx)");
  let text = Buffer.from(
    program.bytes.subarray(names.sh_offset, names.sh_offset + names.sh_size),
  ).toString("latin1");
  const sections = program.sections.map((section): Shdr => {
    if (section.sh_type === SHT_NULL) return section;
    if ((section.sh_flags & SHF_ALLOC) !== 0) {
      return { ...section, sh_offset: place(section.sh_addr) };
    }
    if (section === names || section.sh_type === SHT_NOBITS) return section;
    const { sh_offset, sh_size, sh_addralign } = section;
    const bytes = program.bytes.subarray(sh_offset, sh_offset + sh_size);
    return { ...section, sh_offset: append(bytes, Math.max(sh_addralign, 1)) };
  });
  for (const [index, { name, address, flags, bytes }] of pieces.entries()) {
    if (name === null) continue;
    sections.push({
      sh_name: text.length,
      sh_type: SHT_PROGBITS,
      sh_flags: SHF_ALLOC | ((flags & PF_W) !== 0 ? SHF_WRITE : 0) |
        ((flags & PF_X) !== 0 ? SHF_EXECINSTR : 0),
      sh_addr: address,
      sh_offset: offsets[index]!,
      sh_size: bytes.length,
      sh_link: 0,
      sh_info: 0,
      sh_addralign: 1,
      sh_entsize: 0,
    });
    text += `${name}\0`;
  }
  const bytes = Buffer.from(text, "latin1");
  sections[e_shstrndx] = { ...names, sh_offset: append(bytes, 1), sh_size: bytes.length };
  return sections;
}
