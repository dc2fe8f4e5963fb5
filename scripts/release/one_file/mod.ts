/**
 * The one file of a target: starts on any Linux, whatever C library is there or is not.
 *
 * @module
 */
import { Elf } from "../elf.ts";
import type { Target } from "../targets.ts";
import { join, plan } from "./join.ts";
import { link } from "./link.ts";
import type { Parts } from "./parts.ts";

/** Makes it of a program for musl. The bytes of `program` are changed. `scratch` is a folder for what is made on the way. */
export async function makeOneFile(
  target: Target,
  program: Uint8Array,
  parts: Parts,
  scratch: string,
): Promise<Uint8Array> {
  const elf = new Elf(program, `the program for ${target.name}`);
  const musl = new Elf(await Bun.file(parts.musl).bytes(), "musl");
  return join(target, elf, musl, await link(target, parts, plan(target, elf, musl), scratch));
}
