/**
 * The registry of families: one line each.
 *
 * @module
 */
import type { Family } from "./family.ts";
import { inet } from "./inet/mod.ts";

/** Every family, in the order of output. */
export const FAMILIES: readonly Family[] = [inet];
