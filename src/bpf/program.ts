/**
 * The owner program: writes one record for every descriptor that is a socket, with process, thread, descriptor, inode and cookie.
 *
 * It is attached to the kernel's `iter/task_file`, which calls it for every open file of every task in the PID namespace of the
 * reader. The kernel skips threads that share the table of their leader. All offsets come from the running kernel's BTF.
 *
 * @module
 */
import {
  KIND_FOREIGN_SOCKET,
  KIND_NAMESPACE,
  KIND_SOCKET,
  RECORD,
  recordSize,
} from "../proc/descriptors.ts";
import { type Btf, BTF_KIND, type Field } from "./btf.ts";
import {
  alu,
  aluImmediate,
  call,
  exit,
  type Instruction,
  jump,
  jumpIf,
  jumpIfImmediate,
  type Label,
  label,
  load,
  move,
  moveImmediate,
  R0,
  R1,
  R10,
  R2,
  R3,
  R6,
  R7,
  R8,
  R9,
  store,
} from "./instruction.ts";

/** The kernel function of the iterator. The program is attached to its BTF ID. */
const ITERATOR = "bpf_iter_task_file";

/** Names of the types that the program needs, to make a {@linkcode Btf} with. */
export const NEEDED_TYPES: readonly string[] = [
  ITERATOR,
  "bpf_iter__task_file",
  "bpf_iter_meta",
  "file",
  "inode",
  "pid",
  "sock",
  "sock_common",
  "socket",
  "super_block",
  "task_struct",
  "upid",
];

/** What it needs beside those to tell of namespaces. */
export const NAMESPACE_TYPES: readonly string[] = ["net", "ns_common", "nsproxy"];

/** What a pass tells in addition to the owners of sockets. */
export interface PassWishes {
  /** Descriptors that stand for a namespace, and sockets of another network namespace than their process. */
  readonly namespaces?: boolean;
  /** Cookies of the sockets. They take a third of the time, because they lie in memory that nothing else is read from. */
  readonly cookies?: boolean;
}

/** Kernel: NSFS_MAGIC (include/uapi/linux/magic.h). */
const NSFS_MAGIC = 0x6e736673;

// enum bpf_func_id, include/uapi/linux/bpf.h.
const FN_PROBE_READ_KERNEL = 113;
const FN_SEQ_WRITE = 127;
const FN_GET_CURRENT_TASK_BTF = 158;
const FN_SOCK_FROM_FILE = 162;

/** Kernel: MAX_PID_NS_LEVEL (include/linux/pid_namespace.h). */
const MAX_PID_NAMESPACE_LEVEL = 32;

// The record is built at the top of the stack. Below it lie a level and a number that are read from the kernel.
const RECORD_AT = -recordSize(true);
const LEVEL_AT = RECORD_AT - 8;
const NUMBER_AT = RECORD_AT - 16;
/** The network namespace of the socket; 0 for that of its task. */
const FOREIGN_AT = RECORD_AT - 24;

/** Which PID namespace the numbers in a record are of: that of the reader, or the initial one. */
export type PidNumbers = "initial" | "reader";

/** The members that the program reads. */
interface Layout {
  readonly context: { readonly meta: Field; readonly task: Field; fd: Field; file: Field };
  readonly seq: Field;
  readonly inode: Field;
  readonly inodeNumber: Field;
}

function layoutOf(btf: Btf): Layout {
  return {
    context: {
      meta: btf.member("bpf_iter__task_file", "meta"),
      task: btf.member("bpf_iter__task_file", "task"),
      fd: btf.member("bpf_iter__task_file", "fd"),
      file: btf.member("bpf_iter__task_file", "file"),
    },
    seq: btf.member("bpf_iter_meta", "seq"),
    inode: btf.member("file", "f_inode"),
    inodeNumber: btf.member("inode", "i_ino"),
  };
}

/** Reads a member: `dst = src->member`. */
function get(dst: number, src: number, field: Field): Instruction {
  return load(field.size, dst, src, field.offset);
}

/** Makes the program. Throws MissingKernelType where the kernel lacks what it reads. */
export function ownerProgram(
  btf: Btf,
  numbers: PidNumbers,
  { namespaces = false, cookies = false }: PassWishes = {},
): (Instruction | Label)[] {
  const { context, seq, inode, inodeNumber } = layoutOf(btf);
  const write = [
    get(R1, R6, context.meta),
    get(R1, R1, seq),
    move(R2, R10),
    aluImmediate(R2, "+=", RECORD_AT),
    moveImmediate(R3, recordSize(cookies)),
    call(FN_SEQ_WRITE),
  ];
  return [
    // r6 context, r7 file, r8 task.
    move(R6, R1),
    // The last call of a run has neither file nor task. The verifier demands both checks.
    get(R7, R6, context.file),
    jumpIfImmediate(R7, "==", 0, "skip"),
    get(R8, R6, context.task),
    jumpIfImmediate(R8, "==", 0, "skip"),
    move(R1, R7),
    call(FN_SOCK_FROM_FILE),
    jumpIfImmediate(R0, "==", 0, namespaces ? "no socket" : "skip"),
    ...(namespaces ? putForeign(btf) : []),
    ...(cookies ? putCookie(btf) : []),
    moveImmediate(R1, KIND_SOCKET),
    label("record"),
    store(4, R10, RECORD_AT + RECORD.kind, R1),
    get(R1, R6, context.fd),
    store(4, R10, RECORD_AT + RECORD.fd, R1),
    get(R1, R7, inode),
    get(R1, R1, inodeNumber),
    store(8, R10, RECORD_AT + RECORD.inode, R1),
    ...(numbers === "initial" ? initialNumbers(btf) : readerNumbers(btf)),
    ...write,
    ...(namespaces
      ? [
        // The same record once more, about the namespace.
        load(8, R1, R10, FOREIGN_AT),
        jumpIfImmediate(R1, "==", 0, "skip"),
        store(8, R10, RECORD_AT + RECORD.inode, R1),
        moveImmediate(R1, KIND_FOREIGN_SOCKET),
        store(4, R10, RECORD_AT + RECORD.kind, R1),
        ...write,
      ]
      : []),
    label("skip"),
    moveImmediate(R0, 0),
    exit(),
    ...(namespaces ? namespaceCheck(btf, inode) : []),
  ];
}

// r0 is the struct socket.
function putCookie(btf: Btf): Instruction[] {
  const common = btf.member("sock", "__sk_common");
  const { offset, size } = btf.member("sock_common", "skc_cookie");
  return [
    get(R1, R0, btf.member("socket", "sk")),
    get(R1, R1, { offset: common.offset + offset, size }),
    store(8, R10, RECORD_AT + RECORD.cookie, R1),
  ];
}

// r0 is the struct socket, and stays so. Most sockets belong where their task is.
function putForeign(btf: Btf): (Instruction | Label)[] {
  const member = (outer: Field, inner: Field): Field => ({
    offset: outer.offset + inner.offset,
    size: inner.size,
  });
  return [
    get(R1, R0, btf.member("socket", "sk")),
    get(R1, R1, member(btf.member("sock", "__sk_common"), btf.member("sock_common", "skc_net"))),
    get(R2, R8, btf.member("task_struct", "nsproxy")),
    get(R2, R2, btf.member("nsproxy", "net_ns")),
    moveImmediate(R3, 0),
    jumpIf(R1, "==", R2, "at home"),
    get(R3, R1, member(btf.member("net", "ns"), btf.member("ns_common", "inum"))),
    label("at home"),
    store(8, R10, FOREIGN_AT, R3),
  ];
}

// A file on nsfs is a namespace.
function namespaceCheck(btf: Btf, inode: Field): (Instruction | Label)[] {
  return [
    label("no socket"),
    get(R1, R7, inode),
    get(R1, R1, btf.member("inode", "i_sb")),
    get(R1, R1, btf.member("super_block", "s_magic")),
    jumpIfImmediate(R1, "!=", NSFS_MAGIC, "skip"),
    // The record on the stack has room for a cookie in any case.
    moveImmediate(R1, 0),
    store(8, R10, RECORD_AT + RECORD.cookie, R1),
    store(8, R10, FOREIGN_AT, R1),
    moveImmediate(R1, KIND_NAMESPACE),
    jump("record"),
  ];
}

// task->tgid and task->pid are numbers of the initial namespace.
function initialNumbers(btf: Btf): Instruction[] {
  return [
    get(R1, R8, btf.member("task_struct", "tgid")),
    store(4, R10, RECORD_AT + RECORD.tgid, R1),
    get(R1, R8, btf.member("task_struct", "pid")),
    store(4, R10, RECORD_AT + RECORD.pid, R1),
  ];
}

// A task has a number in each namespace from the initial one (level 0) to its own: task->thread_pid->numbers[level].nr.
// The level of the reader is not a constant, so the number is read by a helper.
function readerNumbers(btf: Btf): (Instruction | Label)[] {
  const threadPid = btf.member("task_struct", "thread_pid");
  const level = btf.member("pid", "level");
  const numbers = btf.member("pid", "numbers");
  const number = btf.member("upid", "nr");
  const numberOf = (to: number): Instruction[] => [
    get(R9, R9, threadPid),
    load(8, R3, R10, LEVEL_AT),
    alu(R9, "+=", R3),
    move(R1, R10),
    aluImmediate(R1, "+=", NUMBER_AT),
    moveImmediate(R2, number.size),
    move(R3, R9),
    call(FN_PROBE_READ_KERNEL),
    jumpIfImmediate(R0, "!=", 0, "skip"),
    load(number.size, R1, R10, NUMBER_AT),
    store(4, R10, RECORD_AT + to, R1),
  ];
  return [
    call(FN_GET_CURRENT_TASK_BTF),
    get(R1, R0, threadPid),
    get(R1, R1, level),
    jumpIfImmediate(R1, ">", MAX_PID_NAMESPACE_LEVEL, "skip"),
    aluImmediate(R1, "*=", btf.size("upid")),
    aluImmediate(R1, "+=", numbers.offset + number.offset),
    store(8, R10, LEVEL_AT, R1),
    move(R9, R8),
    ...numberOf(RECORD.pid),
    get(R9, R8, btf.member("task_struct", "group_leader")),
    ...numberOf(RECORD.tgid),
  ];
}

/** BTF ID of {@linkcode ITERATOR}. Throws MissingKernelType: the kernel is older than 5.8. */
export function iteratorId(btf: Btf): number {
  return btf.id(BTF_KIND.FUNC, ITERATOR);
}
