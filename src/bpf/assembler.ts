/**
 * Assembler: from instructions and labels to bytes, and from bytes to lines that a person can read.
 *
 * @module
 */
import { DecodeError } from "../model/decode_error.ts";
import {
  ARITHMETIC,
  CLASS,
  CONDITIONS,
  type Instruction,
  JUMP_ALWAYS,
  JUMP_CALL,
  JUMP_EXIT,
  type Label,
  MODE_IMM,
  MODE_MEM,
  SIZE_CODES,
  SOURCE_REGISTER,
} from "./instruction.ts";

/** Bytes of one slot. */
const SLOT = 8;
const MAX_DISTANCE = 0x7fff;

function slotsOf(instruction: Instruction): number {
  return instruction.upper === undefined ? 1 : 2;
}

/** Encodes a program. Throws Error for a label that is missing, defined twice, or too far to jump to. */
export function assemble(lines: readonly (Instruction | Label)[]): Uint8Array<ArrayBuffer> {
  const labels = new Map<string, number>();
  let slots = 0;
  for (const line of lines) {
    if ("label" in line) {
      if (labels.has(line.label)) throw new Error(`Cannot define the label ${line.label} twice`);
      labels.set(line.label, slots);
    } else {
      slots += slotsOf(line);
    }
  }
  const bytes = new Uint8Array(slots * SLOT);
  const view = new DataView(bytes.buffer);
  let slot = 0;
  for (const line of lines) {
    if ("label" in line) continue;
    const at = slot * SLOT;
    slot += slotsOf(line);
    view.setUint8(at, line.code);
    view.setUint8(at + 1, line.src << 4 | line.dst);
    view.setInt16(at + 2, line.target === undefined ? line.offset : distance(line.target), true);
    view.setInt32(at + 4, line.immediate, true);
    if (line.upper !== undefined) view.setInt32(at + SLOT + 4, line.upper, true);
  }
  return bytes;

  // Jumps count from the instruction after.
  function distance(target: string): number {
    const place = labels.get(target);
    if (place === undefined) throw new Error(`Cannot jump to ${target}: there is no such label`);
    const slots = place - slot;
    if (Math.abs(slots) > MAX_DISTANCE) {
      throw new Error(`Cannot jump ${slots} instructions to ${target}: too far`);
    }
    return slots;
  }
}

const SIZES = new Map([...SIZE_CODES].map(([bytes, code]) => [code, bytes]));
const OPERATIONS = new Map<number, string>(
  Object.entries(ARITHMETIC).map(([text, code]) => [code, text]),
);
const COMPARISONS = new Map<number, string>(
  Object.entries(CONDITIONS).map(([text, code]) => [code, text]),
);

const signed = (value: number) => value < 0 ? `- ${-value}` : `+ ${value}`;

/**
 * One line an instruction, `3: r7 = *(u64 *)(r1 + 24)`; numbers are slots and a jump shows where it leads. Throws
 * {@linkcode DecodeError} for bytes that are not instructions of the kinds made here.
 */
export function disassemble(bytes: Uint8Array): string[] {
  if (bytes.length % SLOT !== 0) {
    throw new DecodeError("BPF program", bytes.length, "its length is no multiple of 8");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += SLOT) {
    const slot = at / SLOT;
    const code = view.getUint8(at);
    if (code === (CLASS.LD | MODE_IMM | 0x18)) {
      const second = at + SLOT;
      if (second >= bytes.length || view.getUint32(second, true) !== 0) {
        throw new DecodeError("BPF program", at, "a 64-bit constant lacks its second half");
      }
      const constant = BigInt(view.getUint32(second + 4, true)) << 32n |
        BigInt(view.getUint32(at + 4, true));
      lines.push(`${slot}: r${view.getUint8(at + 1) & 15} = 0x${constant.toString(16)} ll`);
      at = second;
    } else {
      lines.push(`${slot}: ${describe(view, at, slot)}`);
    }
  }
  return lines;
}

function describe(view: DataView, at: number, slot: number): string {
  const code = view.getUint8(at);
  const dst = view.getUint8(at + 1) & 15;
  const src = view.getUint8(at + 1) >> 4;
  const offset = view.getInt16(at + 2, true);
  const immediate = view.getInt32(at + 4, true);
  const kind = code & 7;
  const unknown = () =>
    new DecodeError("BPF program", at, `there is no instruction 0x${code.toString(16)}`);
  switch (kind) {
    case CLASS.LDX:
    case CLASS.ST:
    case CLASS.STX: {
      if ((code & 0xe0) !== MODE_MEM) throw unknown();
      const type = `u${SIZES.get(code & 0x18)! * 8}`;
      const place = (base: number) => `*(${type} *)(r${base} ${signed(offset)})`;
      if (kind === CLASS.LDX) return `r${dst} = ${place(src)}`;
      return `${place(dst)} = ${kind === CLASS.STX ? `r${src}` : immediate}`;
    }
    case CLASS.ALU:
    case CLASS.ALU64: {
      const operation = OPERATIONS.get(code & 0xf0);
      if (operation === undefined) throw unknown();
      const prefix = kind === CLASS.ALU ? "w" : "r";
      const operand = (code & SOURCE_REGISTER) !== 0 ? `${prefix}${src}` : immediate;
      return `${prefix}${dst} ${operation} ${operand}`;
    }
    case CLASS.JMP:
    case CLASS.JMP32: {
      const to = slot + 1 + offset;
      if (kind === CLASS.JMP) {
        if (code === (CLASS.JMP | JUMP_ALWAYS)) return `goto ${to}`;
        if (code === (CLASS.JMP | JUMP_CALL)) return `call ${immediate}`;
        if (code === (CLASS.JMP | JUMP_EXIT)) return "exit";
      }
      const comparison = COMPARISONS.get(code & 0xf0);
      if (comparison === undefined) throw unknown();
      const prefix = kind === CLASS.JMP32 ? "w" : "r";
      const operand = (code & SOURCE_REGISTER) !== 0 ? `${prefix}${src}` : immediate;
      return `if ${prefix}${dst} ${comparison} ${operand} goto ${to}`;
    }
    default:
      throw unknown();
  }
}
