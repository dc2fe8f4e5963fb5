/**
 * Runs bytecode as the kernel does, so that programs can be tested without a kernel.
 *
 * @module
 */
import {
  decode,
  type HostOperand,
  type Instruction,
} from "../../src/families/inet/bytecode_reader.ts";
import {
  INET_DIAG_BC_AUTO,
  INET_DIAG_BC_CGROUP_COND,
  INET_DIAG_BC_D_COND,
  INET_DIAG_BC_D_EQ,
  INET_DIAG_BC_D_GE,
  INET_DIAG_BC_D_LE,
  INET_DIAG_BC_DEV_COND,
  INET_DIAG_BC_JMP,
  INET_DIAG_BC_MARK_COND,
  INET_DIAG_BC_S_COND,
  INET_DIAG_BC_S_EQ,
  INET_DIAG_BC_S_GE,
  INET_DIAG_BC_S_LE,
} from "../../src/families/inet/bytecode.ts";
import type { Prefix } from "../../src/filter/ast.ts";
import { wordMask } from "../../src/filter/prefix.ts";
import type { FilterSubject } from "../../src/filter/subject.ts";
import { AF_INET, AF_INET6 } from "../../src/model/address_family.ts";

/** What a program is asked about. Kernel: `struct inet_diag_entry`. */
export interface BytecodeSubject extends
  Pick<
    FilterSubject,
    | "family"
    | "sourcePort"
    | "destinationPort"
    | "sourceWord"
    | "destinationWord"
    | "ifindex"
    | "mark"
    | "cgroupId"
  > {
  /** bind(2) named the port. Kernel: SOCK_BINDPORT_LOCK in `sk_userlocks`; false for TIME-WAIT. */
  readonly portWasNamed: boolean;
}

/**
 * Runs a program as the kernel's `inet_diag_bc_run` does: true if the kernel would send the socket. As there, an unknown
 * mark or control group is 0.
 *
 * Throws {@linkcode DecodeError} for a program that the kernel would refuse.
 */
export function simulate(program: Uint8Array, subject: BytecodeSubject): boolean {
  const byOffset = new Map(decode(program).map((instruction) => [instruction.offset, instruction]));
  let at = 0;
  while (at < program.length) {
    const instruction = byOffset.get(at)!;
    at = isTrue(instruction, subject) ? instruction.yes : instruction.no;
  }
  return at === program.length;
}

function isTrue(instruction: Instruction, subject: BytecodeSubject): boolean {
  const { code, host, port, words } = instruction;
  switch (code) {
    case INET_DIAG_BC_JMP:
      return false;
    case INET_DIAG_BC_S_GE:
      return subject.sourcePort >= port!;
    case INET_DIAG_BC_S_LE:
      return subject.sourcePort <= port!;
    case INET_DIAG_BC_S_EQ:
      return subject.sourcePort === port!;
    case INET_DIAG_BC_D_GE:
      return subject.destinationPort >= port!;
    case INET_DIAG_BC_D_LE:
      return subject.destinationPort <= port!;
    case INET_DIAG_BC_D_EQ:
      return subject.destinationPort === port!;
    case INET_DIAG_BC_AUTO:
      return !subject.portWasNamed;
    case INET_DIAG_BC_S_COND:
      return hostMatches(host!, subject.family, subject.sourcePort, wordsOf(subject, "source"));
    case INET_DIAG_BC_D_COND:
      return hostMatches(
        host!,
        subject.family,
        subject.destinationPort,
        wordsOf(subject, "destination"),
      );
    case INET_DIAG_BC_DEV_COND:
      return subject.ifindex === words[0];
    case INET_DIAG_BC_MARK_COND:
      return ((subject.mark ?? 0) & words[1]!) === (words[0]! | 0);
    case INET_DIAG_BC_CGROUP_COND:
      return (subject.cgroupId ?? 0n) === (BigInt(words[1]!) << 32n | BigInt(words[0]!));
    default:
      return true;
  }
}

function wordsOf(subject: BytecodeSubject, end: "source" | "destination"): number[] {
  return ([0, 1, 2, 3] as const).map((i) =>
    (end === "source" ? subject.sourceWord(i) : subject.destinationWord(i)) | 0
  );
}

function hostMatches(
  { prefix, port: wanted }: HostOperand,
  family: number,
  port: number,
  address: readonly number[],
): boolean {
  if (wanted !== -1 && wanted !== port) return false;
  if (prefix === null) return true;
  if (prefix.family === family) return bitsMatch(address, prefix);
  const [a, b, c] = address;
  return family === AF_INET6 && prefix.family === AF_INET && a === 0 && b === 0 && c === 0xffff &&
    bitsMatch(address.slice(3), prefix);
}

function bitsMatch(address: readonly number[], { words, length }: Prefix): boolean {
  for (let i = 0; i * 32 < length; i++) {
    if (((address[i]! ^ words[i]!) & wordMask(length - 32 * i)) !== 0) return false;
  }
  return true;
}
