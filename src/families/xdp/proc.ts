/**
 * /proc has no table of XDP sockets: sock_diag is the only source.
 *
 * @module
 */
import type { ProcTable } from "../family.ts";

/** There is none. */
export const xdpProcTable: ProcTable | null = null;
