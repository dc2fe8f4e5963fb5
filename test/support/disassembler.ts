/**
 * BPF programs as lines that a person can read.
 *
 * @module
 */
import {
  ARITHMETIC,
  CLASS,
  COMPARE_EXCHANGE,
  CONDITIONS,
  FETCH_ADD,
  JUMP_ALWAYS,
  JUMP_CALL,
  JUMP_EXIT,
  MODE_ATOMIC,
  MODE_IMM,
  MODE_MEM,
  OPERATION_END,
  SIZE_CODES,
  SOURCE_MAP,
  SOURCE_REGISTER,
} from "../../src/bpf/instruction.ts";
import { DecodeError } from "../../src/model/decode_error.ts";

/** Bytes of one slot. */
const SLOT = 8;

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
      const what = view.getUint8(at + 1) >> 4 === SOURCE_MAP
        ? `map ${constant}`
        : `0x${constant.toString(16)} ll`;
      lines.push(`${slot}: r${view.getUint8(at + 1) & 15} = ${what}`);
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
      const type = `u${SIZES.get(code & 0x18)! * 8}`;
      const place = (base: number) => `*(${type} *)(r${base} ${signed(offset)})`;
      if (kind === CLASS.STX && (code & 0xe0) === MODE_ATOMIC && immediate === 0) {
        return `lock ${place(dst)} += r${src}`;
      }
      if (kind === CLASS.STX && (code & 0xe0) === MODE_ATOMIC && immediate === FETCH_ADD) {
        return `r${src} = lock xadd(${place(dst)}, r${src})`;
      }
      if (kind === CLASS.STX && (code & 0xe0) === MODE_ATOMIC && immediate === COMPARE_EXCHANGE) {
        return `r0 = lock cmpxchg(${place(dst)}, r0, r${src})`;
      }
      if ((code & 0xe0) !== MODE_MEM) throw unknown();
      if (kind === CLASS.LDX) return `r${dst} = ${place(src)}`;
      return `${place(dst)} = ${kind === CLASS.STX ? `r${src}` : immediate}`;
    }
    case CLASS.ALU:
    case CLASS.ALU64: {
      if (code === (CLASS.ALU | SOURCE_REGISTER | OPERATION_END)) {
        return `r${dst} = be${immediate} r${dst}`;
      }
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
