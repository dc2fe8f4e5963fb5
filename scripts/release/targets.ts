/**
 * The machines that there is a file for.
 *
 * @module
 */

/** One of them. */
export interface Target {
  /** As in file names. */
  readonly name: "linux-x64" | "linux-arm64";
  /** process.arch there. */
  readonly arch: "x64" | "arm64";
  /** npm package that holds the runtime made for musl, which the one file is made of. */
  readonly package: string;
  /** npm package that holds the runtime made for glibc: the plain program of ./scripts/run. */
  readonly plainPackage: string;
  /** As Debian calls the machine. */
  readonly debian: string;
  /** As Alpine, musl and compilers call it. */
  readonly machine: "x86_64" | "aarch64";
}

/** All, in the order they are built. */
export const TARGETS: readonly Target[] = [
  {
    name: "linux-x64",
    arch: "x64",
    package: "@oven/bun-linux-x64-musl",
    plainPackage: "@oven/bun-linux-x64",
    debian: "amd64",
    machine: "x86_64",
  },
  {
    name: "linux-arm64",
    arch: "arm64",
    package: "@oven/bun-linux-aarch64-musl",
    plainPackage: "@oven/bun-linux-aarch64",
    debian: "arm64",
    machine: "aarch64",
  },
];

/** The target of this machine. */
export function hostTarget(): Target {
  return TARGETS.find(({ arch }) => arch === process.arch)!;
}
