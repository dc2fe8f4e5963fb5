/**
 * perf_event_open(2): tracepoints of the kernel, by their numbers, as samples in a ring that is shared with the kernel.
 *
 * @module
 */
import { SYS } from "./arch/mod.ts";
import { CLOCK_MONOTONIC } from "./clock.ts";
import { errno } from "./errno.ts";
import { libc } from "./libc.ts";
import { addressOf, allocate } from "./memory.ts";

// include/uapi/linux/perf_event.h: struct perf_event_attr as far as the reserved word after sample_max_stack: type u32 0, size u32 4,
// config u64 8, sample_period u64 16, sample_type u64 24, read_format u64 32, flags u64 40, …, clockid s32 92.
const ATTR_SIZE = 112;
const PERF_TYPE_TRACEPOINT = 2;
const PERF_SAMPLE_TID = 1 << 1;
const PERF_SAMPLE_TIME = 1 << 2;
const PERF_SAMPLE_RAW = 1 << 10;
const FLAG_COMM = 1 << 9;
const FLAG_TASK = 1 << 13;
const FLAG_SAMPLE_ID_ALL = 1 << 18;
const FLAG_USE_CLOCKID = 1 << 25;
const PERF_FLAG_FD_CLOEXEC = 1 << 3;

/** -1 as a pid_t, which takes the lower half of a register. */
const ALL_PROCESSES = 0xffff_ffff;

const PERF_EVENT_IOC_SET_OUTPUT = 0x2405n;
const PERF_EVENT_IOC_SET_FILTER = 0x40082406n;

/**
 * Opens a tracepoint on one processor, for all processes. Each sample has process and thread, as they are numbered in our PID
 * namespace, CLOCK_MONOTONIC, and the tracepoint's own record. `tasks`: the ring also tells of names, forks and ends of processes.
 * Returns the descriptor, or the negated errno: EACCES or EPERM without CAP_PERFMON.
 */
export function tryOpenTracepointEvent(id: number, cpu: number, tasks: boolean): number {
  const attribute = allocate(ATTR_SIZE);
  const view = new DataView(attribute.buffer);
  view.setUint32(0, PERF_TYPE_TRACEPOINT, true);
  view.setUint32(4, ATTR_SIZE, true);
  view.setUint32(8, id, true);
  view.setUint32(16, 1, true);
  view.setUint32(24, PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_RAW, true);
  const flags = FLAG_SAMPLE_ID_ALL | FLAG_USE_CLOCKID | (tasks ? FLAG_COMM | FLAG_TASK : 0);
  view.setUint32(40, flags, true);
  view.setInt32(92, CLOCK_MONOTONIC, true);
  const result = Number(
    libc.syscall(
      SYS.perf_event_open,
      addressOf(attribute),
      ALL_PROCESSES as never,
      cpu,
      -1,
      PERF_FLAG_FD_CLOEXEC,
      0,
    ),
  );
  return result >= 0 ? result : -errno();
}

/** Lets an event write into the ring of another one on the same processor. Returns 0, or the negated errno. */
export function tryShareRing(fd: number, ring: number): number {
  return libc.ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, ring as never) < 0 ? -errno() : 0;
}

/** Samples only what a condition on the tracepoint's fields is true of: `protocol == 17`. Returns 0, or the negated errno. */
export function tryFilterEvent(fd: number, condition: string): number {
  const bytes = new TextEncoder().encode(condition);
  const text = allocate(bytes.length + 1);
  text.set(bytes);
  return libc.ioctl(fd, PERF_EVENT_IOC_SET_FILTER, text as never) < 0 ? -errno() : 0;
}
