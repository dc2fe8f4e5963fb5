/**
 * bpf(2): load a program, attach it as an iterator, open the iterator.
 *
 * Everything made here is a descriptor and exists as long as it is open. Nothing is pinned to a file system.
 *
 * @module
 */
import { SYS } from "./arch/mod.ts";
import { errno } from "./errno.ts";
import { libc } from "./libc.ts";
import { addressOf, allocate, setPointer } from "./memory.ts";

// enum bpf_cmd, include/uapi/linux/bpf.h.
const BPF_PROG_LOAD = 5;
const BPF_LINK_CREATE = 28;
const BPF_ITER_CREATE = 33;

/** Source: include/uapi/linux/bpf.h. */
export const BPF_PROG_TYPE_TRACING = 26;
export const BPF_TRACE_ITER = 28;

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

/** A program to load. */
interface ProgramLoad {
  /** `enum bpf_prog_type`. */
  readonly type: number;
  /** `enum bpf_attach_type`. */
  readonly attachType: number;
  /** BTF ID of the kernel function that stands for the iterator. */
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
  const result = bpf(BPF_PROG_LOAD, block, PROG_LOAD_SIZE);
  log?.set(block.subarray(logAt));
  return result;
}

/** Attaches an iterator program; `attachType` is BPF_TRACE_ITER. Returns the descriptor of the link, or the negated errno. */
export function tryCreateLink(programFd: number, attachType: number): number {
  const attribute = allocate(LINK_CREATE_SIZE);
  const view = new DataView(attribute.buffer);
  view.setUint32(0, programFd, true);
  view.setUint32(8, attachType, true);
  return bpf(BPF_LINK_CREATE, attribute);
}

/** Opens a linked iterator for one run of read(2). Returns its descriptor, or the negated errno. */
export function tryCreateIterator(linkFd: number): number {
  const attribute = allocate(ITER_CREATE_SIZE);
  new DataView(attribute.buffer).setUint32(0, linkFd, true);
  return bpf(BPF_ITER_CREATE, attribute);
}
