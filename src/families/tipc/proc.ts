/**
 * /proc has no table of TIPC sockets: sock_diag is the only source.
 *
 * @module
 */
import type { ProcTable } from "../family.ts";

/** There is none. */
export const tipcProcTable: ProcTable | null = null;
