/**
 * When work is worth the core: what a run knows before it loads any of it.
 *
 * @module
 */

// Defined by scripts/build.ts: the second gear in base64, and for tests the only gear. The names do not exist when the
// sources are run directly.
declare const SOCKEYE_CORE: string | undefined;
declare const SOCKEYE_GEAR: number | undefined;

/** True when a run that meets much to do gets the second gear: nothing of the core needs the runtime to compile JavaScript then. */
export const HAS_SECOND_GEAR = typeof SOCKEYE_CORE === "string";

/** The only gear, for tests; 0 begins in the first and goes on in the second. */
export const FORCED: number = typeof SOCKEYE_GEAR === "number" ? SOCKEYE_GEAR : 0;

/** Bytes of messages from which on the second gear pays: those of some two hundred plain rows. */
export const MANY = 20 * 1024;

/** With fewer descriptors their index is not worth the second gear, which takes as long as a loop over so many. */
export const MANY_DESCRIPTORS = 3000;
