/**
 * Capabilities of this thread.
 *
 * @module
 */
import type { ProcRoot } from "./root.ts";

/** Bit numbers. Source: include/uapi/linux/capability.h. */
export const CAP_SYS_PTRACE = 19;
export const CAP_SYS_ADMIN = 21;
export const CAP_PERFMON = 38;
export const CAP_BPF = 39;

/** The effective set, one bit a capability; `null` where /proc does not tell. */
export function effectiveCapabilities(root: ProcRoot): bigint | null {
  const match = /^CapEff:\s*([0-9a-f]+)$/m.exec(root.text("thread-self/status") ?? "");
  return match === null ? null : BigInt(`0x${match[1]}`);
}

/** True when a set holds a capability. */
export function holds(set: bigint | null, capability: number): boolean {
  return set !== null && (set >> BigInt(capability) & 1n) === 1n;
}
