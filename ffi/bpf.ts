/**
 * bpf(2): load a program, attach it, open an iterator, make and read a map.
 *
 * Everything made here is a descriptor and exists as long as it is open. Nothing is pinned to a file system.
 *
 * @module
 */
import { SYS } from "./arch/mod.ts";
import { ENOENT, EPERM, errno } from "./errno.ts";
import { libc } from "./libc.ts";
import { addressOf, allocate, setPointer } from "./memory.ts";
import { raiseLockedMemoryLimit } from "./process.ts";

// enum bpf_cmd, include/uapi/linux/bpf.h.
const BPF_MAP_CREATE = 0;
const BPF_MAP_LOOKUP_ELEM = 1;
const BPF_PROG_LOAD = 5;
const BPF_PROG_TEST_RUN = 10;
const BPF_RAW_TRACEPOINT_OPEN = 17;
const BPF_BTF_LOAD = 18;
const BPF_MAP_LOOKUP_BATCH = 24;
const BPF_LINK_CREATE = 28;
const BPF_ITER_CREATE = 33;

/** Source: include/uapi/linux/bpf.h. */
export const BPF_PROG_TYPE_CGROUP_SKB = 8;
export const BPF_PROG_TYPE_CGROUP_SOCK = 9;
export const BPF_PROG_TYPE_RAW_TRACEPOINT = 17;
export const BPF_PROG_TYPE_CGROUP_SOCK_ADDR = 18;
export const BPF_PROG_TYPE_TRACING = 26;
export const BPF_TRACE_RAW_TP = 23;
export const BPF_TRACE_ITER = 28;
export const BPF_MAP_TYPE_ARRAY = 2;
export const BPF_MAP_TYPE_LRU_HASH = 9;
export const BPF_MAP_TYPE_SK_STORAGE = 24;
export const BPF_MAP_TYPE_RINGBUF = 27;
/** Flags of a map: entries are made when they are needed; its values can be mapped into memory. */
export const BPF_F_NO_PREALLOC = 1;
export const BPF_F_MMAPABLE = 1 << 10;

/** Longest name of a program, without the NUL. Kernel: BPF_OBJ_NAME_LEN - 1. */
const BPF_NAME_MAX = 15;

// union bpf_attr, its part for BPF_PROG_LOAD as far as attach_btf_id: prog_type u32 0, insn_cnt u32 4, insns u64 8,
// license u64 16, log_level u32 24, log_size u32 28, log_buf u64 32, kern_version u32 40, prog_flags u32 44,
// prog_name char[16] 48, prog_ifindex u32 64, expected_attach_type u32 68, attach_btf_id u32 108.
const PROG_LOAD_SIZE = 112;
// link_create: prog_fd u32 0, target_fd u32 4, attach_type u32 8, flags u32 12, iter_info u64 16, iter_info_len u32 24.
const LINK_CREATE_SIZE = 32;
// iter_create: link_fd u32 0, flags u32 4.
const ITER_CREATE_SIZE = 8;

// An older kernel accepts a longer attribute than its own if the bytes that it does not know are 0.
function bpf(command: number, attribute: Uint8Array, size = attribute.length): number {
  const result = Number(libc.syscall(SYS.bpf, command, attribute as never, size, 0, 0, 0));
  return result >= 0 ? result : -errno();
}

let limitIsRaised = false;

/**
 * Makes something that the kernel counted as locked memory before Linux 5.11, of all processes of a user together: EPERM beyond the
 * limit, which begins at 64 KiB. The same errno stands for want of a capability, so the limit is raised, once, and it is tried again.
 */
function bpfThatCounts(command: number, attribute: Uint8Array, size = attribute.length): number {
  const result = bpf(command, attribute, size);
  if (result !== -EPERM || limitIsRaised) return result;
  limitIsRaised = true;
  return raiseLockedMemoryLimit() ? bpf(command, attribute, size) : result;
}

/** A program to load. */
interface ProgramLoad {
  /** `enum bpf_prog_type`. */
  readonly type: number;
  /** `enum bpf_attach_type`. */
  readonly attachType: number;
  /** BTF ID of what it is attached to: the function of an iterator, the type of a tracepoint. 0: of nothing that BTF knows. */
  readonly attachBtfId: number;
  /** Instructions, 8 bytes each. */
  readonly instructions: Uint8Array;
  /** At most {@linkcode BPF_NAME_MAX} letters, digits, `_` or `.`. */
  readonly name: string;
  /** Gets the verifier's log, NUL-terminated. The kernel is slower with a log, so ask for one only after a failure. */
  readonly log?: Uint8Array;
}

const LICENSE = new TextEncoder().encode("GPL\0");

/**
 * Loads a program under the GPL, since some helpers require that. Returns its descriptor, or the negated errno: EPERM without the
 * capabilities, EINVAL or EACCES when the verifier refuses it. Throws RangeError for a name that is too long.
 */
export function tryLoadProgram(load: ProgramLoad): number {
  const { instructions, log, name } = load;
  if (name.length > BPF_NAME_MAX) {
    throw new RangeError(
      `Cannot name a program ${name}: at most ${BPF_NAME_MAX} characters are allowed`,
    );
  }
  // One block holds the attribute and everything that it points to, so that all of it stays alive during the call.
  const licenseAt = PROG_LOAD_SIZE;
  const instructionsAt = licenseAt + 8;
  const logAt = instructionsAt + instructions.length;
  const block = allocate(logAt + (log?.length ?? 0));
  const view = new DataView(block.buffer);
  block.set(LICENSE, licenseAt);
  block.set(instructions, instructionsAt);
  view.setUint32(0, load.type, true);
  view.setUint32(4, instructions.length / 8, true);
  setPointer(view, 8, addressOf(block, instructionsAt));
  setPointer(view, 16, addressOf(block, licenseAt));
  if (log !== undefined) {
    view.setUint32(24, 1, true);
    view.setUint32(28, log.length, true);
    setPointer(view, 32, addressOf(block, logAt));
  }
  for (let i = 0; i < name.length; i++) block[48 + i] = name.charCodeAt(i);
  view.setUint32(68, load.attachType, true);
  view.setUint32(108, load.attachBtfId, true);
  const result = bpfThatCounts(BPF_PROG_LOAD, block, PROG_LOAD_SIZE);
  log?.set(block.subarray(logAt));
  return result;
}

/**
 * Attaches a program: of a control group, whose directory `targetFd` is, or of what the program itself names. Returns the link's
 * descriptor, or the negated errno: EPERM where a program stands alone on the group or above it.
 */
export function tryCreateLink(programFd: number, attachType: number, targetFd = 0): number {
  const attribute = allocate(LINK_CREATE_SIZE);
  const view = new DataView(attribute.buffer);
  view.setUint32(0, programFd, true);
  view.setUint32(4, targetFd, true);
  view.setUint32(8, attachType, true);
  return bpf(BPF_LINK_CREATE, attribute);
}

/** Opens a linked iterator for one run of read(2). Returns its descriptor, or the negated errno. */
export function tryCreateIterator(linkFd: number): number {
  const attribute = allocate(ITER_CREATE_SIZE);
  new DataView(attribute.buffer).setUint32(0, linkFd, true);
  return bpf(BPF_ITER_CREATE, attribute);
}

// raw_tracepoint: name u64 0, prog_fd u32 8.
const RAW_TRACEPOINT_SIZE = 16;

/** Attaches a program to the tracepoint that it was loaded for. Returns the link's descriptor, or the negated errno. */
export function tryOpenTracepoint(programFd: number): number {
  const attribute = allocate(RAW_TRACEPOINT_SIZE);
  new DataView(attribute.buffer).setUint32(8, programFd, true);
  return bpf(BPF_RAW_TRACEPOINT_OPEN, attribute);
}

// test: prog_fd u32 0, retval u32 4, …, ctx_size_in u32 40; 80 bytes as far as batch_size.
const TEST_RUN_SIZE = 80;

/** Runs a program of a raw tracepoint once, in this thread and with no argument. Returns 0, or the negated errno. */
export function tryRunOnce(programFd: number): number {
  const attribute = allocate(TEST_RUN_SIZE);
  new DataView(attribute.buffer).setUint32(0, programFd, true);
  return bpf(BPF_PROG_TEST_RUN, attribute);
}

/** A map to make. */
interface MapCreate {
  /** `enum bpf_map_type`. */
  readonly type: number;
  /** Bytes of a key; 0 for a ring. */
  readonly key: number;
  /** Bytes of a value; 0 for a ring. */
  readonly value: number;
  /** Entries; for a ring its bytes, a power of two and a multiple of the page size. */
  readonly max: number;
  /** As of a program. */
  readonly name: string;
  /** Absent: none. */
  readonly flags?: number;
  /** Types of key and value, for a map that has to have them. */
  readonly types?: { readonly btf: number; readonly key: number; readonly value: number };
}

// map_type u32 0, key_size u32 4, value_size u32 8, max_entries u32 12, map_flags u32 16, …, map_name char[16] 28, …, btf_fd u32 48,
// btf_key_type_id u32 52, btf_value_type_id u32 56.
const MAP_CREATE_SIZE = 64;

/** Makes a map. Returns its descriptor, or the negated errno: EPERM before Linux 5.11 where RLIMIT_MEMLOCK cannot be raised. */
export function tryCreateMap(map: MapCreate): number {
  const { type, key, value, max, name, flags, types } = map;
  const attribute = allocate(MAP_CREATE_SIZE);
  const view = new DataView(attribute.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, key, true);
  view.setUint32(8, value, true);
  view.setUint32(12, max, true);
  for (let i = 0; i < Math.min(name.length, BPF_NAME_MAX); i++) {
    attribute[28 + i] = name.charCodeAt(i);
  }
  view.setUint32(16, flags ?? 0, true);
  if (types !== undefined) {
    view.setUint32(48, types.btf, true);
    view.setUint32(52, types.key, true);
    view.setUint32(56, types.value, true);
  }
  return bpfThatCounts(BPF_MAP_CREATE, attribute);
}

// btf_load: btf u64 0, btf_log_buf u64 8, btf_size u32 16.
const BTF_LOAD_SIZE = 32;

/** Tells the kernel types of our own, in the form of BTF. Returns their descriptor, or the negated errno. */
export function tryLoadBtf(types: Uint8Array): number {
  const block = allocate(BTF_LOAD_SIZE + types.length);
  block.set(types, BTF_LOAD_SIZE);
  const view = new DataView(block.buffer);
  setPointer(view, 0, addressOf(block, BTF_LOAD_SIZE));
  view.setUint32(16, types.length, true);
  return bpf(BPF_BTF_LOAD, block, BTF_LOAD_SIZE);
}

// map_fd u32 0, key u64 8, value u64 16, flags u64 24.
const ELEMENT_SIZE = 32;

/** Reads the value of a key into `value`. Returns 0, or the negated errno: ENOENT without such a key. */
export function tryLookUp(fd: number, key: Uint8Array, value: Uint8Array): number {
  const attribute = allocate(ELEMENT_SIZE);
  const view = new DataView(attribute.buffer);
  // Both lie in pinned memory, because only the attribute is handed over.
  const pinned = allocate(key.length + value.length);
  pinned.set(key);
  view.setUint32(0, fd, true);
  setPointer(view, 8, addressOf(pinned));
  setPointer(view, 16, addressOf(pinned, key.length));
  const result = bpf(BPF_MAP_LOOKUP_ELEM, attribute);
  value.set(pinned.subarray(key.length));
  return result;
}

// batch: in_batch u64 0, out_batch u64 8, keys u64 16, values u64 24, count u32 32, map_fd u32 36, elem_flags u64 40, flags u64 48.
const BATCH_SIZE = 56;

/** Buffers for reading a whole map, which are made once. */
export class MapBatch {
  readonly #fd: number;
  readonly #room: number;
  readonly #attribute = allocate(BATCH_SIZE);
  readonly #view = new DataView(this.#attribute.buffer);
  /** Where the kernel goes on: a number, or a key. */
  readonly #place: Uint8Array<ArrayBuffer>;
  readonly keys: Uint8Array<ArrayBuffer>;
  readonly values: Uint8Array<ArrayBuffer>;

  /** `room`: entries read by one call, which has to be more than the kernel has in one bucket. */
  constructor(fd: number, key: number, value: number, room: number) {
    this.#fd = fd;
    this.#room = room;
    this.#place = allocate(Math.max(8, key));
    this.keys = allocate(key * room);
    this.values = allocate(value * room);
  }

  /**
   * Reads the map: `take` is called with how many entries stand in {@linkcode keys} and {@linkcode values}, until all were
   * there. Entries that come and go meanwhile may be missed or come twice. Returns 0, or the negated errno: EINVAL for a kernel
   * before 5.6.
   */
  read(take: (count: number) => void): number {
    const view = this.#view;
    view.setBigUint64(0, 0n, true);
    setPointer(view, 8, addressOf(this.#place));
    setPointer(view, 16, addressOf(this.keys));
    setPointer(view, 24, addressOf(this.values));
    view.setUint32(36, this.#fd, true);
    for (;;) {
      view.setUint32(32, this.#room, true);
      const result = bpf(BPF_MAP_LOOKUP_BATCH, this.#attribute);
      // The last part comes with ENOENT.
      if (result < 0 && result !== -ENOENT) return result;
      take(view.getUint32(32, true));
      if (result < 0) return 0;
      setPointer(view, 0, addressOf(this.#place));
    }
  }
}
