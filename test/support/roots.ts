/**
 * Roots to start the one file in: with next to nothing, with one C library or another, and with everything wrong.
 *
 * @module
 */
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Target } from "../../scripts/release/targets.ts";

function put(root: string, path: string, content: string | Uint8Array, mode = 0o644): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
  chmodSync(join(root, path), mode);
}

/** A root with the program, and with the emulator if there is one, and a folder for /proc. */
function bare(root: string, program: string, emulator: string | null): void {
  mkdirSync(join(root, "proc"), { recursive: true });
  copyFileSync(program, join(root, "sockeye"));
  if (emulator !== null) copyFileSync(emulator, join(root, "emulator"));
}

/** What a small image has: some files, an interpreter of commands, and no C library. */
function small(root: string, busybox: string | null): void {
  put(root, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n");
  put(root, "etc/group", "root:x:0:\n");
  put(root, "etc/hosts", "127.0.0.1 localhost\n");
  for (const path of ["dev", "sys", "tmp", "root", "bin"]) {
    mkdirSync(join(root, path), { recursive: true });
  }
  if (busybox !== null) {
    copyFileSync(busybox, join(root, "bin/busybox"));
    for (const name of ["sh", "ls", "cat"]) symlinkSync("busybox", join(root, "bin", name));
  }
}

/** musl, as Alpine has it, and nothing that has the C++ functions. */
function musl(root: string, machine: string, libc: string): void {
  const loader = `ld-musl-${machine}.so.1`;
  mkdirSync(join(root, "lib"), { recursive: true });
  copyFileSync(libc, join(root, "lib", loader));
  chmodSync(join(root, "lib", loader), 0o755);
  symlinkSync(loader, join(root, `lib/libc.musl-${machine}.so.1`));
}

/** What a library does that nobody asked for: it says so, which a test sees. */
const HOSTILE = `
static long call(long number, long a, long b, long c) {
#ifdef __x86_64__
  long r;
  __asm__ volatile("syscall" : "=a"(r) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return r;
#else
  register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
  return x0;
#endif
}
__attribute__((constructor)) static void start(void) {
#ifdef __x86_64__
  call(1, 2, (long)"hostile\\n", 8);
#else
  call(64, 2, (long)"hostile\\n", 8);
#endif
}
void *malloc(unsigned long size) { start(); (void)size; return 0; }
`;

/** Names that some loader looks for, in every folder where one looks: too old, broken, or hostile. */
export const HOSTILE_NAMES = ["libstdc++.so.6", "libc.so.6", "libgcc_s.so.1", "hostile.so"];
const FOLDERS = ["lib", "lib64", "usr/lib", "usr/lib64", "usr/local/lib", "."];

function wrong(root: string, target: Target, gcc: string): void {
  const { machine } = target;
  const source = join(root, "hostile.c");
  put(root, "hostile.c", HOSTILE);
  const library = join(root, "hostile.so");
  const run = Bun.spawnSync([gcc, "-shared", "-fPIC", "-nostdlib", "-o", library, source]);
  if (!run.success) throw new Error(`${gcc} failed: ${run.stderr}`);
  const names = [
    ...HOSTILE_NAMES,
    `libc.musl-${machine}.so.1`,
    `ld-musl-${machine}.so.1`,
    machine === "x86_64" ? "ld-linux-x86-64.so.2" : "ld-linux-aarch64.so.1",
  ];
  for (const folder of [...FOLDERS, `lib/${machine}-linux-gnu`, `usr/lib/${machine}-linux-gnu`]) {
    mkdirSync(join(root, folder), { recursive: true });
    for (const name of names) {
      const path = join(root, folder, name);
      if (path !== library) copyFileSync(library, path);
    }
  }
  put(root, `etc/ld-musl-${machine}.path`, "/usr/local/lib\n/lib\n");
  put(root, "etc/ld.so.preload", "/lib/hostile.so\n");
}

/** The kinds of root. */
export const ROOTS = [
  "an empty root",
  "a root as of a small image, without a C library",
  "a root with musl and without libstdc++",
  "a root with wrong and hostile libraries in every place",
] as const;

/** Makes one. */
export function makeRoot(
  kind: typeof ROOTS[number],
  root: string,
  options: {
    target: Target;
    program: string;
    emulator: string | null;
    gcc: string;
    libc: string;
    busybox: string | null;
  },
): void {
  bare(root, options.program, options.emulator);
  if (kind === ROOTS[1]) small(root, options.busybox);
  if (kind === ROOTS[2]) musl(root, options.target.machine, options.libc);
  if (kind === ROOTS[3]) wrong(root, options.target, options.gcc);
}
