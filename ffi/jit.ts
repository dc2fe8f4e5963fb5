/**
 * When the runtime compiles to machine code.
 *
 * By default it starts compiler threads within the first milliseconds. On an idle host that costs more than it saves, because the
 * program ends soon after. So the program begins with compiling put off, and turns it on when there is much to do.
 *
 * @module
 */

/** Argument of `Bun.unsafe.setJITPolicy`: code must run this many times more often than usual before it is compiled. */
const UNHURRIED = 30;

const policy = (Bun.unsafe as { readonly setJITPolicy?: (scale: number) => void }).setJITPolicy;

let hurried = true;

/** Puts compiling off. Call it at the start of a run that is probably short. */
export function compileLazily(): void {
  policy?.(UNHURRIED);
  hurried = false;
}

/** Puts compiling off, whatever comes. Call it before much work that is not done in JavaScript. */
export function leaveUncompiled(): void {
  if (hurried) policy?.(UNHURRIED);
  hurried = true;
}

/** Turns the runtime's usual compiling on. Call it before loops over many thousands of rows. Further calls cost nothing. */
export function compileEagerly(): void {
  if (hurried) return;
  hurried = true;
  policy?.(1);
}
