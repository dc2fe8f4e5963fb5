/**
 * /proc has no table of vsock sockets: sock_diag is the only source.
 *
 * @module
 */
import type { ProcTable } from "../family.ts";

/** There is none. */
export const vsockProcTable: ProcTable | null = null;
