/**
 * Capabilities by name. Which ones this thread has stands in /proc/thread-self/status: see status.ts.
 *
 * @module
 */

/** Bit numbers. Source: include/uapi/linux/capability.h. */
export const CAP_SYS_PTRACE = 19;
export const CAP_SYS_ADMIN = 21;
export const CAP_PERFMON = 38;
export const CAP_BPF = 39;

/** True when a set contains a capability. */
export function holds(set: bigint | null, capability: number): boolean {
  return set !== null && (set >> BigInt(capability) & 1n) === 1n;
}
