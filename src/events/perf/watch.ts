/**
 * PerfWatch: tracepoints of the kernel as samples, without a program of ours in the kernel.
 *
 * It takes neither BPF nor the kernel's description of its types, only CAP_PERFMON and tracefs, which says what a record looks like.
 *
 * @module
 */
import { errnoName, errnoText } from "../../../ffi/errno.ts";
import { close } from "../../../ffi/files.ts";
import { tryFilterEvent, tryOpenTracepointEvent, tryShareRing } from "../../../ffi/perf.ts";
import { type Probe, refuse } from "../../bpf/probe.ts";
import type { Bytes } from "../../model/owner.ts";
import { ProcRoot } from "../../proc/root.ts";
import { IPPROTO_MPTCP, IPPROTO_TCP } from "../../families/inet/uapi.ts";
import { readFormat, type TracepointFormat } from "./format.ts";
import { PERF, PerfRing } from "./ring.ts";

/** Bytes of a ring, one for each processor: what the kernel locks for anybody. Kernel: perf_event_mlock_kb. */
const RING_SIZE = 512 * 1024;

/** Names of the tracepoints, and what is sampled of them. The first is needed. */
const TRACEPOINTS = {
  state: ["sock/inet_sock_set_state", `protocol == ${IPPROTO_TCP}`],
  sent: [
    "sock/sock_send_length",
    `(family == 2 || family == 10) && protocol != ${IPPROTO_TCP} && protocol != ${IPPROTO_MPTCP}`,
  ],
  route4: ["fib/fib_table_lookup", `proto != 0 && proto != ${IPPROTO_TCP}`],
  route6: ["fib6/fib6_table_lookup", `proto != 0 && proto != ${IPPROTO_TCP}`],
  exec: ["sched/sched_process_exec", null],
  connected: ["syscalls/sys_exit_connect", null],
} as const;

type TracepointName = keyof typeof TRACEPOINTS;

/** Something that was sampled. Times are CLOCK_MONOTONIC, in nanoseconds. */
export type Sample =
  | {
    readonly what: TracepointName;
    readonly timeNs: number;
    readonly pid: number;
    readonly tid: number;
    /** In an interrupt, so that process and thread are those of a bystander. */
    readonly interrupt: boolean;
    /** A number of the record by the name of its field. */
    number(field: string): number;
    bytes(field: string): Bytes;
    /** The value of a pointer. */
    pointer(field: string): bigint;
    /** A text whose place the field has. */
    text(field: string): Bytes;
  }
  | { readonly what: "comm"; readonly timeNs: number; readonly pid: number; readonly comm: Bytes }
  | { readonly what: "fork"; readonly timeNs: number; readonly pid: number; readonly ppid: number };

/** Bits of common_flags. Kernel: TRACE_FLAG_HARDIRQ, TRACE_FLAG_SOFTIRQ. */
const IN_INTERRUPT = 0x08 | 0x10;

/** See the module. */
export class PerfWatch implements Disposable {
  readonly #fds: readonly number[];
  readonly #rings: readonly PerfRing[];
  readonly #names: ReadonlyMap<number, readonly [TracepointName, TracepointFormat]>;
  /** Tracepoints that this kernel does not have. */
  readonly absent: ReadonlySet<TracepointName>;
  #lost = 0;

  private constructor(
    fds: readonly number[],
    rings: readonly PerfRing[],
    names: ReadonlyMap<number, readonly [TracepointName, TracepointFormat]>,
    absent: ReadonlySet<TracepointName>,
  ) {
    this.#fds = fds;
    this.#rings = rings;
    this.#names = names;
    this.absent = absent;
  }

  /** Opens the tracepoints on all processors, or says why that is not possible. */
  static open(root = new ProcRoot("/")): Probe<PerfWatch> {
    const names = new Map<number, readonly [TracepointName, TracepointFormat]>();
    const absent = new Set<TracepointName>();
    for (const [name, [path]] of Object.entries(TRACEPOINTS)) {
      const format = readFormat(path, root);
      if (!format.ok) return format;
      if (format.value === null) absent.add(name as TracepointName);
      else names.set(format.value.id, [name as TracepointName, format.value]);
    }
    if (absent.has("state")) {
      return refuse("the kernel has no tracepoint inet_sock_set_state, which came with Linux 4.16");
    }
    const fds: number[] = [];
    const rings: PerfRing[] = [];
    const failed = (reason: string) => {
      for (const ring of rings) ring.close();
      for (const fd of fds) close(fd);
      return refuse(reason);
    };
    for (const cpu of onlineProcessors(root)) {
      let first = -1;
      for (const [id, [name]] of names) {
        const fd = tryOpenTracepointEvent(id, cpu, first < 0);
        if (fd < 0) {
          return failed(`perf_event_open(2) fails: ${errnoText(-fd)} (${errnoName(-fd)})`);
        }
        fds.push(fd);
        const [, condition] = TRACEPOINTS[name];
        const filtered = condition === null ? 0 : tryFilterEvent(fd, condition);
        const shared = first < 0 ? 0 : tryShareRing(fd, first);
        if (filtered < 0 || shared < 0) {
          const error = -Math.min(filtered, shared);
          return failed(`a tracepoint cannot be set up: ${errnoText(error)} (${errnoName(error)})`);
        }
        if (first >= 0) continue;
        first = fd;
        const ring = PerfRing.tryOf(fd, RING_SIZE);
        if (ring === null) return failed("a ring for samples cannot be mapped into memory");
        rings.push(ring);
      }
    }
    return { ok: true, value: new PerfWatch(fds, rings, names, absent) };
  }

  /** All samples since the last time, in the order of their times. */
  drain(): Sample[] {
    const samples: Sample[] = [];
    for (const ring of this.#rings) {
      ring.drain((type, record) => {
        const sample = this.#decode(type, record);
        if (sample !== null) samples.push(sample);
      });
    }
    return samples.sort((a, b) => a.timeNs - b.timeNs);
  }

  /** Samples that found no room, since the last time this was asked. */
  takeLost(): number {
    const lost = this.#lost;
    this.#lost = 0;
    return lost;
  }

  #decode(type: number, record: Bytes): Sample | null {
    const view = new DataView(record.buffer);
    const u32 = (at: number) => view.getUint32(at, true);
    const u64 = (at: number) => Number(view.getBigUint64(at, true));
    switch (type) {
      case PERF.lost:
        this.#lost += u64(16);
        return null;
      case PERF.comm: {
        if (record.length < 32) return null;
        const text = record.subarray(16, record.length - 16);
        const end = text.indexOf(0);
        // Another thread's name is none of the process.
        if (u32(8) !== u32(12)) return null;
        const comm = end < 0 ? text : text.subarray(0, end);
        return { what: "comm", timeNs: u64(record.length - 8), pid: u32(8), comm };
      }
      case PERF.fork:
        if (record.length < 32 || u32(8) === u32(12)) return null;
        return { what: "fork", timeNs: u64(24), pid: u32(8), ppid: u32(12) };
      case PERF.sample:
        return record.length < 32 ? null : this.#sample(view, record);
      default:
        return null;
    }
  }

  #sample(view: DataView<ArrayBuffer>, record: Bytes): Sample | null {
    const base = 28;
    const length = view.getUint32(24, true);
    const raw = record.subarray(base, base + length);
    const named = raw.length < 4 ? undefined : this.#names.get(view.getUint16(base, true));
    if (named === undefined) return null;
    const [what, { fields }] = named;
    const place = (name: string) => {
      const field = fields.get(name);
      return field === undefined || field.offset + field.size > raw.length ? null : field;
    };
    const sub = new DataView(record.buffer, base, raw.length);
    return {
      what,
      pid: view.getUint32(8, true),
      tid: view.getUint32(12, true),
      timeNs: Number(view.getBigUint64(16, true)),
      interrupt: (raw[2]! & IN_INTERRUPT) !== 0,
      number(name) {
        const field = place(name);
        if (field === null) return 0;
        return field.size === 1
          ? sub.getUint8(field.offset)
          : field.size === 2
          ? sub.getUint16(field.offset, true)
          : sub.getInt32(field.offset, true);
      },
      bytes(name) {
        const field = place(name);
        return field === null
          ? new Uint8Array(0)
          : raw.slice(field.offset, field.offset + field.size);
      },
      pointer(name) {
        const field = place(name);
        return field === null ? 0n : sub.getBigUint64(field.offset, true);
      },
      text(name) {
        const field = place(name);
        if (field === null) return new Uint8Array(0);
        // Kernel: __data_loc, the length above the offset.
        const where = sub.getUint32(field.offset, true);
        const text = raw.slice(where & 0xffff, (where & 0xffff) + (where >>> 16));
        const end = text.indexOf(0);
        return end < 0 ? text : text.subarray(0, end);
      },
    };
  }

  /** Closes them all. */
  [Symbol.dispose](): void {
    for (const ring of this.#rings) ring.close();
    for (const fd of (this.#fds as number[]).splice(0)) close(fd);
  }
}

/** Numbers of the processors: `0-1,4`. */
function onlineProcessors(root: ProcRoot): number[] {
  const text = root.text("sys/devices/system/cpu/online")?.trim() ?? "0";
  return text.split(",").flatMap((part) => {
    const [first, last = first] = part.split("-").map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, i) => first! + i);
  });
}
