/**
 * clock_gettime(2).
 *
 * @module
 */
import { SYS } from "./arch/mod.ts";
import { check } from "./errno.ts";
import { libc } from "./libc.ts";
import { allocate } from "./memory.ts";

/** Source: include/uapi/linux/time.h. */
export const CLOCK_REALTIME = 0;
export const CLOCK_MONOTONIC = 1;
export const CLOCK_BOOTTIME = 7;

/** Nanoseconds that a clock shows. Throws SyscallError. */
export function clockNs(clock: number): bigint {
  // struct timespec: seconds s64 0, nanoseconds s64 8.
  const time = allocate(16);
  check(
    `clock_gettime(${clock})`,
    Number(libc.syscall(SYS.clock_gettime, clock, time as never, 0, 0, 0, 0)),
  );
  const view = new DataView(time.buffer);
  return view.getBigInt64(0, true) * 1_000_000_000n + view.getBigInt64(8, true);
}
