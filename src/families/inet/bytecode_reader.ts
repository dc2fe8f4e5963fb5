/**
 * Reads bytecode: decodes and checks a program as the kernel does, and lists it for `explain --filter`.
 *
 * @module
 */
import type { Prefix } from "../../filter/ast.ts";
import { formatPrefix, prefixOf } from "../../filter/prefix.ts";
import { AF_INET, AF_INET6, AF_UNSPEC } from "../../model/address_family.ts";
import { DecodeError } from "../../model/decode_error.ts";
import {
  HOSTCOND_SIZE,
  INET_DIAG_BC_AUTO,
  INET_DIAG_BC_CGROUP_COND,
  INET_DIAG_BC_D_COND,
  INET_DIAG_BC_DEV_COND,
  INET_DIAG_BC_JMP,
  INET_DIAG_BC_MARK_COND,
  INET_DIAG_BC_NOP,
  INET_DIAG_BC_S_COND,
  OP_SIZE,
} from "./bytecode.ts";

/** The operand of S_COND and D_COND. Kernel: `struct inet_diag_hostcond`. */
export interface HostOperand {
  /** `null` for AF_UNSPEC: any address. */
  readonly prefix: Prefix | null;
  /** -1 for any. */
  readonly port: number;
}

/** A decoded operation. */
export interface Instruction {
  /** Its offset in the program. */
  readonly offset: number;
  readonly code: number;
  /** The offset of the operation that is next if this one is true. */
  readonly yes: number;
  /** The offset of the one that is next if it is false; equal to `yes` for NOP, which is always true. */
  readonly no: number;
  /** Address and port of S_COND and D_COND. */
  readonly host: HostOperand | null;
  /** The port that S_GE, S_LE, S_EQ and those of the destination compare with. */
  readonly port: number | null;
  /** DEV_COND: interface index. MARK_COND: mark and mask. CGROUP_COND: low and high half of the ID. Otherwise empty. */
  readonly words: readonly number[];
}

/** INET_DIAG_BC_* in lower case, by number. */
const NAMES = [
  "nop",
  "jmp",
  "s_ge",
  "s_le",
  "d_ge",
  "d_le",
  "auto",
  "s_cond",
  "d_cond",
  "dev_cond",
  "mark_cond",
  "s_eq",
  "d_eq",
  "cgroup_cond",
];

/**
 * Decodes a program and checks it as the kernel's `inet_diag_bc_audit` does. Following `yes` from the start must lead from
 * operation to operation, to exactly the end. Each `no` must lead to one of these operations, to the end (the socket is
 * accepted) or 4 bytes behind it (the socket is rejected).
 *
 * Throws {@linkcode DecodeError} where the kernel would answer EINVAL.
 */
export function decode(program: Uint8Array): Instruction[] {
  if (program.length < OP_SIZE) {
    throw new DecodeError(WHAT, 0, `${program.length} bytes where ${OP_SIZE} are needed`);
  }
  const view = new DataView(program.buffer, program.byteOffset, program.length);
  const instructions: Instruction[] = [];
  for (let at = 0; at < program.length;) {
    const instruction = decodeOne(view, at);
    instructions.push(instruction);
    at = instruction.yes;
  }
  checkTargets(instructions, program.length);
  return instructions;
}

const WHAT = "INET_DIAG_REQ_BYTECODE";

function decodeOne(view: DataView, offset: number): Instruction {
  const left = view.byteLength - offset;
  if (left < OP_SIZE) {
    throw new DecodeError(WHAT, offset, `${left} bytes behind the last operation`);
  }
  const code = view.getUint8(offset);
  const name = NAMES[code];
  if (name === undefined) throw new DecodeError(WHAT, offset, `unknown operation ${code}`);
  const size = sizeAt(view, offset, code);
  if (left < size) throw new DecodeError(WHAT, offset, `${left} bytes where ${name} needs ${size}`);
  const distance = (value: number, field: string, least: number): number => {
    if (value < least || value > left + 4 || value % 4 !== 0) {
      throw new DecodeError(
        WHAT,
        offset,
        `${field} of ${name} is ${value}, ${left} bytes are left`,
      );
    }
    return offset + value;
  };
  // `yes` may lead to the end, but not behind it.
  const yes = distance(view.getUint8(offset + 1), "yes", size);
  if (yes > view.byteLength) throw new DecodeError(WHAT, offset, `yes of ${name} misses the end`);
  const no = code === INET_DIAG_BC_NOP
    ? yes
    : distance(view.getUint16(offset + 2, true), "no", size);
  return { offset, code, yes, no, ...operandAt(view, offset, code) };
}

/** Size of an operation with its operand. */
function sizeAt(view: DataView, offset: number, code: number): number {
  switch (code) {
    case INET_DIAG_BC_S_COND:
    case INET_DIAG_BC_D_COND:
      return OP_SIZE + HOSTCOND_SIZE +
        (view.byteLength - offset > OP_SIZE ? addressSize(view.getUint8(offset + OP_SIZE)) : 0);
    case INET_DIAG_BC_MARK_COND:
    case INET_DIAG_BC_CGROUP_COND:
      return OP_SIZE + 8;
    case INET_DIAG_BC_NOP:
    case INET_DIAG_BC_JMP:
    case INET_DIAG_BC_AUTO:
      return OP_SIZE;
    default:
      return OP_SIZE + 4;
  }
}

function addressSize(family: number): number {
  return family === AF_INET ? 4 : family === AF_INET6 ? 16 : 0;
}

function operandAt(
  view: DataView,
  offset: number,
  code: number,
): Pick<Instruction, "host" | "port" | "words"> {
  const at = offset + OP_SIZE;
  const none = { host: null, port: null, words: [] };
  switch (code) {
    case INET_DIAG_BC_S_COND:
    case INET_DIAG_BC_D_COND:
      return { ...none, host: hostAt(view, at) };
    case INET_DIAG_BC_DEV_COND:
      return { ...none, words: [view.getUint32(at, true)] };
    case INET_DIAG_BC_MARK_COND:
    case INET_DIAG_BC_CGROUP_COND:
      return { ...none, words: [view.getUint32(at, true), view.getUint32(at + 4, true)] };
    case INET_DIAG_BC_NOP:
    case INET_DIAG_BC_JMP:
    case INET_DIAG_BC_AUTO:
      return none;
    default:
      return { ...none, port: view.getUint16(at + 2, true) };
  }
}

function hostAt(view: DataView, at: number): HostOperand {
  const family = view.getUint8(at);
  const length = view.getUint8(at + 1);
  const port = view.getInt32(at + 4, true);
  if (family !== AF_UNSPEC && addressSize(family) === 0) {
    throw new DecodeError(WHAT, at, `address family ${family} where inet or inet6 is wanted`);
  }
  if (length > 8 * addressSize(family)) {
    throw new DecodeError(WHAT, at, `prefix length ${length} in family ${family}`);
  }
  if (family === AF_UNSPEC) return { prefix: null, port };
  const start = view.byteOffset + at + HOSTCOND_SIZE;
  const address = new Uint8Array(view.buffer, start, addressSize(family));
  return { prefix: prefixOf(address, length), port };
}

function checkTargets(instructions: readonly Instruction[], length: number): void {
  const offsets = new Set(instructions.map(({ offset }) => offset));
  for (const { offset, no } of instructions) {
    if (no < length && !offsets.has(no)) {
      throw new DecodeError(WHAT, offset, `a jump to ${no}, where no operation begins`);
    }
  }
}

/**
 * The program as text, one operation a line: offset, name, operand, and where it goes if not to the next line.
 *
 * Throws {@linkcode DecodeError} for a program that the kernel would refuse.
 */
export function disassemble(program: Uint8Array): string[] {
  const target = (offset: number) =>
    offset === program.length ? "accept" : offset > program.length ? "reject" : String(offset);
  return decode(program).map((instruction) => {
    const { offset, code, yes, no } = instruction;
    const operand = describeOperand(instruction);
    const name = operand === "" ? NAMES[code]! : NAMES[code]!.padEnd(11);
    const line = `${String(offset).padStart(5)}  ${name}${operand === "" ? "" : ` ${operand}`}`;
    if (code === INET_DIAG_BC_NOP) return line;
    if (code === INET_DIAG_BC_JMP) return `${line} ${target(no)}`;
    return `${line}, ${yes === program.length ? "accept, " : ""}else ${target(no)}`;
  });
}

function describeOperand({ code, host, port, words }: Instruction): string {
  if (host !== null) {
    const address = host.prefix === null ? [] : [formatPrefix(host.prefix)];
    const at = host.port === -1 ? [] : [`port ${host.port}`];
    return [...address, ...at].join(" ") || "any";
  }
  if (port !== null) return `port ${port}`;
  switch (code) {
    case INET_DIAG_BC_DEV_COND:
      return `interface ${words[0]}`;
    case INET_DIAG_BC_MARK_COND:
      return `0x${words[0]!.toString(16)}/0x${words[1]!.toString(16)}`;
    case INET_DIAG_BC_CGROUP_COND:
      return String(BigInt(words[1]!) << 32n | BigInt(words[0]!));
    default:
      return "";
  }
}
