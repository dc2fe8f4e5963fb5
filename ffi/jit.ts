/**
 * How soon the runtime compiles to machine code.
 *
 * By its own measure it starts threads for that within the first milliseconds, which on an idle host is most of the run and
 * is never paid back. So the program starts in no hurry, and says so when it meets something large.
 *
 * @module
 */

/** Set by `Bun.unsafe.setJITPolicy`: how many times more often than usual code must have run; 1 is the runtime's own. */
const UNHURRIED = 30;

const policy = (Bun.unsafe as { readonly setJITPolicy?: (scale: number) => void }).setJITPolicy;

let hurried = true;

/** There is probably little to do. */
export function compileLazily(): void {
  policy?.(UNHURRIED);
  hurried = false;
}

/** There is much to do: loops over many thousands of rows. Costs nothing when said again. */
export function compileEagerly(): void {
  if (hurried) return;
  hurried = true;
  policy?.(1);
}
