/**
 * The four machines that there is a binary for.
 *
 * @module
 */

/** One of them. */
export interface Target {
  /** As in file names. */
  readonly name: "linux-x64" | "linux-x64-musl" | "linux-arm64" | "linux-arm64-musl";
  /** npm package that holds the runtime. */
  readonly package: string;
  /** As Debian calls the machine; `null` where there is no package for Debian. */
  readonly debian: string | null;
  /** As Alpine calls it; `null` where the C library is not Alpine's. */
  readonly alpine: string | null;
}

/** All, in the order they are built. */
export const TARGETS: readonly Target[] = [
  { name: "linux-x64", package: "@oven/bun-linux-x64", debian: "amd64", alpine: null },
  { name: "linux-x64-musl", package: "@oven/bun-linux-x64-musl", debian: null, alpine: "x86_64" },
  { name: "linux-arm64", package: "@oven/bun-linux-aarch64", debian: "arm64", alpine: null },
  {
    name: "linux-arm64-musl",
    package: "@oven/bun-linux-aarch64-musl",
    debian: null,
    alpine: "aarch64",
  },
];

/** The target of this machine. */
export function hostTarget(): Target {
  const name = process.arch === "arm64" ? "linux-arm64" : "linux-x64";
  return TARGETS.find((target) => target.name === name)!;
}
