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
import { allocate } from "../../ffi/memory.ts";
import { DecodeError } from "../model/decode_error.ts";
import { DescriptorTable } from "../proc/descriptors.ts";
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
  KIND_NAMESPACE,
  KIND_SOCKET,
  ownerProgram,
  type PassWishes,
  type PidNumbers,
  RECORD,
  recordSize,
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
}

/** An open pass over all descriptors. */
export class OwnerIterator implements Disposable {
  #fd: number;
  readonly #cookies: boolean;

  private constructor(fd: number, cookies: boolean) {
    this.#fd = fd;
    this.#cookies = cookies;
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
    const program = probeTypes((btf) => loadOwnerProgram(btf, numbers, wishes));
    if (!program.ok) return program;
    const link = tryCreateLink(program.value, BPF_TRACE_ITER);
    // The link keeps the program alive, and the iterator keeps both alive.
    close(program.value);
    if (link < 0) return failed("attached", link);
    const fd = tryCreateIterator(link);
    close(link);
    if (fd < 0) return failed("opened", fd);
    return { ok: true, value: new OwnerIterator(fd, wishes.cookies === true) };
  }

  /** Runs the pass to its end and closes it. Throws SyscallError when a read fails. */
  run(): Pass {
    const pass: Pass = {
      descriptors: new DescriptorTable(this.#cookies),
      namespaces: new DescriptorTable(),
    };
    this.read((words, length) => decodeRecords(words, length, pass));
    return pass;
  }

  /**
   * Reads the pass to its end and closes it. `take` gets the records in portions: words, and how many bytes of them are valid.
   * Throws SyscallError when a read fails.
   */
  read(take: (words: Uint32Array, length: number) => void): void {
    const buffer = allocate(READ_SIZE);
    const words = new Uint32Array(buffer.buffer);
    try {
      for (;;) {
        const length = tryRead(this.#fd, buffer);
        // The kernel returns EAGAIN after a million files without a record.
        if (length === -EAGAIN) continue;
        if (length < 0) throw new SyscallError("read of the BPF iterator", -length);
        if (length === 0) return;
        take(words, length);
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
 * Appends `length` bytes of records to a pass. Throws {@linkcode DecodeError} when they do not end with a record.
 *
 * Takes words and not a DataView, because reading a typed array needs no call. That matters until this function is compiled.
 */
export function decodeRecords(words: Uint32Array, length: number, pass: Pass): void {
  const { descriptors } = pass;
  const cookies = descriptors.cookies !== null;
  const size = recordSize(cookies);
  if (length % size !== 0) {
    throw new DecodeError("BPF owner records", length, "the last record is cut off");
  }
  for (let at = 0; at < length / 4; at += size / 4) {
    const tgid = words[at + RECORD.tgid / 4]! | 0;
    const pid = words[at + RECORD.pid / 4]! | 0;
    const tid = pid === tgid ? 0 : pid;
    const fd = words[at + RECORD.fd / 4]!;
    const inode = words[at + RECORD.inode / 4]! +
      words[at + RECORD.inode / 4 + 1]! * 0x1_0000_0000;
    const kind = words[at + RECORD.kind / 4]!;
    if (kind === KIND_SOCKET && cookies) {
      const cookie = at + RECORD.cookie / 4;
      descriptors.add(tgid, tid, fd, inode, words[cookie]!, words[cookie + 1]!);
    } else if (kind === KIND_SOCKET) {
      descriptors.push(tgid, tid, fd, inode);
    } else if (kind === KIND_NAMESPACE) {
      pass.namespaces.push(tgid, tid, fd, inode);
    } else {
      throw new DecodeError("BPF owner records", 4 * at + RECORD.kind, `there is no kind ${kind}`);
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
