/**
 * What rows of one request have in common: TypeScript writes it, the core reads it.
 *
 * @module
 */
import { TABLES } from "./arena.ts";
import { get16, get32 } from "./memory.ts";
import { FLAGS } from "./record.ts";

/** Offsets of a table: the place of its transport in the order. */
export const TRANSPORT: u32 = 0;
/** 1 where each row is written by TypeScript. */
export const IS_FOREIGN: u32 = 4;
/** Texts, an address and a length each: the protocol, the namespace, and how a row begins in JSON. */
export const PROTO: u32 = 8;
export const NETNS: u32 = 16;
export const HEAD: u32 = 24;
/** Texts of its reaches by number: where the first is, and how many there are. */
export const REACHES: u32 = 32;
export const TABLE_SIZE: u32 = 40;

/** Where the table of a record is. */
export function tableOf(p: u32): u32 {
  return get32(TABLES) + get16(p + FLAGS + 2) * TABLE_SIZE;
}
