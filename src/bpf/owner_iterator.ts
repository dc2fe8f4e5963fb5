/**
 * OwnerIterator: loads and runs the owner program. One pass returns every socket descriptor of every task in this process's PID
 * namespace, in a tenth of the time that reading links in /proc takes.
 *
 * Program, link and iterator are descriptors, so the kernel removes them when this process ends, however it ends.
 *
 * @module
 */
import {
  BPF_PROG_TYPE_TRACING,
  BPF_TRACE_ITER,
  tryCreateIterator,
  tryCreateLink,
  tryLoadProgram,
} from "../../ffi/bpf.ts";
import { EAGAIN, errnoName, errnoText, SyscallError } from "../../ffi/errno.ts";
import { close, tryRead } from "../../ffi/files.ts";
import { DecodeError } from "../model/decode_error.ts";
import {
  DescriptorTable,
  KIND_FOREIGN_SOCKET,
  KIND_NAMESPACE,
  KIND_SOCKET,
  RECORD,
  recordSize,
} from "../proc/descriptors.ts";
import { assemble } from "./assembler.ts";
import type { Btf } from "./btf.ts";
import {
  type Probe,
  probePermission,
  probeTypes,
  type Refusal,
  refuse,
  verifierLines,
  verifierReason,
} from "./probe.ts";
import {
  iteratorId,
  NAMESPACE_TYPES,
  NEEDED_TYPES,
  ownerProgram,
  type PassWishes,
  type PidNumbers,
} from "./program.ts";

// One read(2) never returns more. Kernel: bpf_seq_read, PAGE_SIZE << 3.
const READ_SIZE = 32 * 1024;
const LOG_SIZE = 64 * 1024;

/** What a pass found. */
interface Pass {
  /** Sockets, with their cookies if those were asked for. */
  readonly descriptors: DescriptorTable;
  /** Descriptors of namespaces of any type, if those were asked for. */
  readonly namespaces: DescriptorTable;
  /**
   * Sockets of another network namespace than their process, with the inode of that namespace, if namespaces were asked for. They
   * are among the descriptors too.
   */
  readonly foreign: DescriptorTable;
}

/** An open pass over all descriptors. */
export class OwnerIterator implements Disposable {
  #fd: number;
  readonly #wishes: PassWishes;

  private constructor(fd: number, wishes: PassWishes) {
    this.#fd = fd;
    this.#wishes = wishes;
  }

  /**
   * Loads the program and opens one pass, or returns why that is not possible here.
   *
   * ```ts
   * const opened = OwnerIterator.open("reader");
   * if (opened.ok) opened.value.run().descriptors.length; // how many descriptors are sockets
   * ```
   *
   * @param numbers `reader` is correct in every PID namespace. `initial` is faster, and correct only in the initial one.
   */
  static open(numbers: PidNumbers, wishes: PassWishes = {}): Probe<OwnerIterator> {
    const permission = probePermission();
    if (!permission.ok) return permission;
    const program = probeTypes(
      (btf) => loadOwnerProgram(btf, numbers, wishes),
      undefined,
      wishes.namespaces === true ? [...NEEDED_TYPES, ...NAMESPACE_TYPES] : NEEDED_TYPES,
    );
    if (!program.ok) return program;
    const link = tryCreateLink(program.value, BPF_TRACE_ITER);
    // The link keeps the program alive, and the iterator keeps both alive.
    close(program.value);
    if (link < 0) return failed("attached", link);
    const fd = tryCreateIterator(link);
    close(link);
    if (fd < 0) return failed("opened", fd);
    return { ok: true, value: new OwnerIterator(fd, wishes) };
  }

  /** Runs the pass to its end and closes it. Throws SyscallError when a read fails, DecodeError for a record that is cut off. */
  run(): Pass {
    const cookies = this.#wishes.cookies === true;
    const pass: Pass = {
      descriptors: new DescriptorTable(cookies),
      namespaces: new DescriptorTable(cookies),
      foreign: new DescriptorTable(cookies),
    };
    const { descriptors } = pass;
    try {
      for (;;) {
        const length = tryRead(this.#fd, descriptors.room(READ_SIZE));
        // The kernel returns EAGAIN after a million files without a record.
        if (length === -EAGAIN) continue;
        if (length < 0) throw new SyscallError("read of the BPF iterator", -length);
        if (length === 0) return pass;
        takeRecords(pass, length, this.#wishes.namespaces === true);
      }
    } finally {
      this[Symbol.dispose]();
    }
  }

  /** Closes a pass that is not run. The kernel then unloads the program. */
  [Symbol.dispose](): void {
    if (this.#fd >= 0) close(this.#fd);
    this.#fd = -1;
  }
}

/** Why no pass is possible here; `null` if one is. Opens a pass and closes it without reading. */
export function whyNoOwnerPass(): string | null {
  const opened = OwnerIterator.open("reader");
  if (!opened.ok) return opened.reason;
  opened.value[Symbol.dispose]();
  return null;
}

/**
 * Takes in `length` bytes of records, which are behind the rows of the pass's descriptors: see {@linkcode DescriptorTable.room}.
 * Throws {@linkcode DecodeError} when they do not end with a record. `mixed`: some of them may be of namespaces; without, the
 * program writes sockets only, and no record is looked at.
 */
export function takeRecords(pass: Pass, length: number, mixed: boolean): void {
  const { descriptors, namespaces, foreign } = pass;
  const size = recordSize(descriptors.hasCookies);
  if (length % size !== 0) {
    throw new DecodeError("BPF owner records", length, "the last record is cut off");
  }
  const first = descriptors.length;
  const end = first + length / size;
  if (!mixed) {
    descriptors.length = end;
    return;
  }
  for (let row = first; row < end; row++) {
    const kind = descriptors.kind(row);
    if (kind === KIND_SOCKET) {
      // Nearly all are where they belong already.
      if (descriptors.length === row) descriptors.length++;
      else descriptors.pushRow(descriptors, row);
    } else if (kind === KIND_NAMESPACE) namespaces.pushRow(descriptors, row);
    else if (kind === KIND_FOREIGN_SOCKET) foreign.pushRow(descriptors, row);
    else {
      const at = (row - first) * size + RECORD.kind;
      throw new DecodeError("BPF owner records", at, `there is no kind ${kind}`);
    }
  }
}

/** Loads the owner program. The caller closes the descriptor. Throws MissingKernelType, DecodeError and SyscallError for the BTF. */
export function loadOwnerProgram(
  btf: Btf,
  numbers: PidNumbers,
  wishes: PassWishes = {},
): Probe<number> {
  const program = {
    type: BPF_PROG_TYPE_TRACING,
    attachType: BPF_TRACE_ITER,
    attachBtfId: iteratorId(btf),
    instructions: assemble(ownerProgram(btf, numbers, wishes)),
    name: "sockeye_owners",
  };
  const fd = tryLoadProgram(program);
  if (fd >= 0) return { ok: true, value: fd };
  const log = new Uint8Array(LOG_SIZE);
  const again = tryLoadProgram({ ...program, log });
  if (again >= 0) return { ok: true, value: again };
  return { ...refuse(verifierReason(-again, log)), log: verifierLines(log) };
}

function failed(what: string, result: number): Refusal {
  return refuse(
    `the owner program could not be ${what}: ${errnoText(-result)} (${errnoName(-result)})`,
  );
}
