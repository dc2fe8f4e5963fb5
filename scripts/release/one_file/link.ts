/**
 * Links the start (start.c) and the C++ functions that the runtime asks for into a program at fixed addresses, which is then
 * joined with the runtime and musl: see join.ts. As everything is at a fixed address, nothing is left for a loader to do in it.
 *
 * @module
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Elf } from "../elf.ts";
import type { Target } from "../targets.ts";
import type { Plan } from "./join.ts";
import type { Parts } from "./parts.ts";

/** Makes it. Throws when the compiler or the linker fails. `scratch` is a folder for what is made on the way. */
export async function link(
  target: Target,
  parts: Parts,
  plan: Plan,
  scratch: string,
): Promise<Elf> {
  mkdirSync(scratch, { recursive: true });
  const script = join(scratch, "layout.ld");
  writeFileSync(script, layout(target, plan));
  const objects = ["start", "cxx_support"].map((name) => {
    const object = join(scratch, `${name}.o`);
    gcc(parts, [
      "-c",
      "-Os",
      "-Wall",
      "-Wextra",
      "-Werror",
      "-ffreestanding",
      "-fno-stack-protector",
      "-fno-pic",
      "-fno-asynchronous-unwind-tables",
      // It would make calls to a C library out of loops.
      "-fno-tree-loop-distribute-patterns",
      ...(name === "start" ? ["-mgeneral-regs-only"] : []),
      ...(target.arch === "x64" ? ["-fcf-protection=none"] : []),
      "-o",
      object,
      join(import.meta.dir, `${name}.c`),
    ]);
    return object;
  });
  const out = join(scratch, "linked");
  gcc(parts, [
    "-static",
    "-no-pie",
    "-nostdlib",
    "-o",
    out,
    "-Wl,--gc-sections,--build-id=none,--eh-frame-hdr,-z,noexecstack",
    `-Wl,-z,max-page-size=${plan.page}`,
    `-Wl,-T,${script}`,
    ...objects,
    ...plan.wanted.map((name) => `-Wl,-u,${name}`),
    parts.libstdcxx,
    "-lgcc_eh",
    "-lgcc",
  ]);
  return new Elf(await Bun.file(out).bytes(), "the start and the C++ functions");
}

function gcc(parts: Parts, args: string[]): void {
  const run = Bun.spawnSync([parts.gcc, ...args], {
    stdout: "pipe",
    stderr: "pipe",
    // GCC_… and its like would change what it does.
    env: { PATH: process.env.PATH ?? "", LC_ALL: "C" },
  });
  if (!run.success) throw new Error(`${parts.gcc} failed:\n${run.stdout}${run.stderr}`);
}

/**
 * The linker's script. C functions are taken from the runtime and from musl by their addresses, where no library has them.
 *
 * Thread-local variables get the places that are free beside the runtime's own, since all of them become one block: on x86-64
 * that is below, as the block ends at the thread pointer, and on arm64 above.
 */
function layout(target: Target, plan: Plan): string {
  const reserved = `. = . + ${plan.tls.size};`;
  const variables = "*(.tbss .tbss.*) . = ALIGN(16);";
  return `ENTRY(_start)
PHDRS {
  text PT_LOAD FLAGS(5);
  rodata PT_LOAD FLAGS(4);
  data PT_LOAD FLAGS(6);
  tls PT_TLS FLAGS(4);
}
SECTIONS {
  . = ${plan.linkedAt};
  cxx_begin = .;
  .text : { *(.text .text.*) } :text
  cxx_end = .;
  . = ALIGN(${plan.page});
  .rodata : { *(.rodata .rodata.*) } :rodata
  .gcc_except_table : { *(.gcc_except_table .gcc_except_table.*) } :rodata
  .eh_frame_hdr : { cxx_eh_frame_hdr = .; *(.eh_frame_hdr) } :rodata
  .eh_frame : { KEEP(*(.eh_frame)) } :rodata
  . = ALIGN(${plan.page});
  .data.rel.ro : { *(.data.rel.ro .data.rel.ro.*) } :data
  .init_array : {
    cxx_init_begin = .;
    KEEP(*(SORT_BY_INIT_PRIORITY(.init_array.*) .init_array))
    cxx_init_end = .;
  } :data
  .fini_array : {
    cxx_fini_begin = .;
    KEEP(*(SORT_BY_INIT_PRIORITY(.fini_array.*) .fini_array))
    cxx_fini_end = .;
  } :data
  .got : { *(.got .got.plt) } :data
  .data : { *(.data .data.*) } :data
  .tbss ALIGN(16) : { ${
    target.arch === "x64" ? `${variables} ${reserved}` : `${reserved} . = ALIGN(16); ${variables}`
  } } :data :tls
  .bss : { *(.bss .bss.* COMMON) } :data
  /* Neither is handled when the files are joined. */
  ASSERT(SIZEOF(.tdata) == 0, "a thread-local variable has a value to begin with")
  .tdata : { *(.tdata .tdata.*) }
  /DISCARD/ : { *(.comment) *(.note .note.*) *(.gnu.*) }
}
${[...plan.provided].map(([name, value]) => `PROVIDE(${name} = ${value});`).join("\n")}
${Object.entries(plan.given).map(([name, value]) => `${name} = ${value};`).join("\n")}
`;
}
