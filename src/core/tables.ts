/**
 * What rows of one request have in common: TypeScript writes it, the core reads it.
 *
 * @module
 */
import { TABLES } from "./arena.ts";
import { get16, get32, get8 } from "./memory.ts";
import { AF_INET } from "./message.ts";
import { FLAGS, KIND } from "./record.ts";

/** Offsets of a table: the place of its transport in the order. */
export const TRANSPORT: u32 = 0;
/** 1 where each row is written by TypeScript. */
export const IS_FOREIGN: u32 = 4;
/** Texts, an address and a length each, for IPv4 and then for IPv6: the protocol, and how a row begins in JSON. */
export const PROTO: u32 = 8;
export const HEAD: u32 = 24;
/** The namespace. */
export const NETNS: u32 = 40;
/** Texts of its reaches by number: where the first is. */
export const REACHES: u32 = 48;
export const TABLE_SIZE: u32 = 56;
const TEXT_SIZE: u32 = 8;

/** Where one of {@linkcode PROTO} and {@linkcode HEAD} is for the IP version of a record. */
export function versionText(p: u32, text: u32): u32 {
  return tableOf(p) + text + (get8(p + KIND) === AF_INET ? 0 : TEXT_SIZE);
}

/** Where the table of a record is. */
export function tableOf(p: u32): u32 {
  return get32(TABLES) + get16(p + FLAGS + 2) * TABLE_SIZE;
}
