/**
 * Instruction: one BPF instruction. A function for each kind makes them.
 *
 * ```text
 *  byte   0        1         2   3     4   5   6   7
 *       +--------+----+----+---------+-----------------+
 *       |  code  |src |dst | offset  |    immediate    |   little-endian: dst is the low half of byte 1
 *       +--------+----+----+---------+-----------------+
 *
 *  code of a load or store:          code of arithmetic or a jump:
 *    7   5 4  3 2     0                7       4  3  2     0
 *   +-----+----+-------+              +---------+---+-------+
 *   |mode |size| class |              |operation|src| class |   src 0: immediate, 1: register
 *   +-----+----+-------+              +---------+---+-------+
 * ```
 *
 * Source: Documentation/bpf/standardization/instruction-set.rst.
 *
 * @module
 */

/** Registers: r0 is the result, r1 to r5 are arguments and lost in a call, r6 to r9 survive it, r10 is the frame pointer (read only). */
export const R0 = 0;
export const R1 = 1;
export const R2 = 2;
export const R3 = 3;
export const R4 = 4;
export const R6 = 6;
export const R7 = 7;
export const R8 = 8;
export const R9 = 9;
export const R10 = 10;

/** Classes: the low three bits of the code. */
export const CLASS = { LD: 0, LDX: 1, ST: 2, STX: 3, ALU: 4, JMP: 5, JMP32: 6, ALU64: 7 } as const;

/** Mode of an ordinary load or store, of the 16-byte load of a constant, and of an atomic operation. */
export const MODE_IMM = 0x00;
export const MODE_MEM = 0x60;
export const MODE_ATOMIC = 0xc0;
/** Immediate of an atomic operation other than plain addition, which has 0. */
export const FETCH_ADD = 0x01;
export const COMPARE_EXCHANGE = 0xf1;
/** Source of a 16-byte load whose constant is the descriptor of a map. Kernel: BPF_PSEUDO_MAP_FD. */
export const SOURCE_MAP = 1;
/** Second operand is a register. */
export const SOURCE_REGISTER = 0x08;

/** Number of bytes that a load or store moves → size bits of the code. */
export const SIZE_CODES: ReadonlyMap<number, number> = new Map([[4, 0x00], [2, 0x08], [1, 0x10], [
  8,
  0x18,
]]);

/** Two-operand arithmetic → operation bits. */
export const ARITHMETIC = {
  "+=": 0x00,
  "-=": 0x10,
  "*=": 0x20,
  "/=": 0x30,
  "|=": 0x40,
  "&=": 0x50,
  "<<=": 0x60,
  ">>=": 0x70,
  "%=": 0x90,
  "^=": 0xa0,
  "=": 0xb0,
  "s>>=": 0xc0,
} as const;
type Arithmetic = keyof typeof ARITHMETIC;

/** Conditions → operation bits. `s` marks signed comparison; `&` is "has a bit in common". */
export const CONDITIONS = {
  "==": 0x10,
  ">": 0x20,
  ">=": 0x30,
  "&": 0x40,
  "!=": 0x50,
  "s>": 0x60,
  "s>=": 0x70,
  "<": 0xa0,
  "<=": 0xb0,
  "s<": 0xc0,
  "s<=": 0xd0,
} as const;
type Condition = keyof typeof CONDITIONS;

export const JUMP_ALWAYS = 0x00;
export const JUMP_CALL = 0x80;
export const JUMP_EXIT = 0x90;

/** One instruction. `target` names the label that `offset` will lead to. */
export interface Instruction {
  readonly code: number;
  readonly dst: number;
  readonly src: number;
  readonly offset: number;
  readonly immediate: number;
  /** Upper half of a 64-bit constant: the instruction then takes two slots. */
  readonly upper?: number;
  readonly target?: string;
}

/** The target of jumps. It is not encoded. */
export interface Label {
  readonly label: string;
}

function register(number: number): number {
  if (!Number.isInteger(number) || number < 0 || number > 10) {
    throw new RangeError(`Cannot use register ${number}: there are r0 to r10`);
  }
  return number;
}

function signed16(offset: number): number {
  if (!Number.isInteger(offset) || offset < -0x8000 || offset > 0x7fff) {
    throw new RangeError(
      `Cannot encode the offset ${offset}: it has to fit into 16 bits with sign`,
    );
  }
  return offset;
}

function signed32(immediate: number): number {
  if (!Number.isInteger(immediate) || immediate < -0x8000_0000 || immediate > 0x7fff_ffff) {
    throw new RangeError(
      `Cannot encode the constant ${immediate}: it has to fit into 32 bits with sign`,
    );
  }
  return immediate;
}

function sizeCode(bytes: number): number {
  const code = SIZE_CODES.get(bytes);
  if (code === undefined) {
    throw new RangeError(`Cannot move ${bytes} bytes at once: 1, 2, 4 or 8 are wanted`);
  }
  return code;
}

/** `dst = *(bytes)(src + offset)`, zero-extended. */
export function load(bytes: number, dst: number, src: number, offset: number): Instruction {
  return {
    code: CLASS.LDX | MODE_MEM | sizeCode(bytes),
    dst: register(dst),
    src: register(src),
    offset: signed16(offset),
    immediate: 0,
  };
}

/** `*(bytes)(dst + offset) = src`. */
export function store(bytes: number, dst: number, offset: number, src: number): Instruction {
  return {
    code: CLASS.STX | MODE_MEM | sizeCode(bytes),
    dst: register(dst),
    src: register(src),
    offset: signed16(offset),
    immediate: 0,
  };
}

/** `*(bytes)(dst + offset) = immediate`, sign-extended. */
export function storeImmediate(
  bytes: number,
  dst: number,
  offset: number,
  immediate: number,
): Instruction {
  return {
    code: CLASS.ST | MODE_MEM | sizeCode(bytes),
    dst: register(dst),
    src: 0,
    offset: signed16(offset),
    immediate: signed32(immediate),
  };
}

/** `lock *(bytes)(dst + offset) += src`. `bytes` is 4 or 8. */
export function atomicAdd(bytes: number, dst: number, offset: number, src: number): Instruction {
  if (bytes !== 4 && bytes !== 8) {
    throw new RangeError(`Cannot add to ${bytes} bytes at once: 4 or 8 are wanted`);
  }
  return { ...store(bytes, dst, offset, src), code: CLASS.STX | MODE_ATOMIC | sizeCode(bytes) };
}

/** `src = lock xadd(dst + offset, src)`: adds, and `src` becomes what was there before. Kernel: BPF_ADD | BPF_FETCH, since 5.12. */
export function fetchAdd(bytes: number, dst: number, offset: number, src: number): Instruction {
  return { ...atomicAdd(bytes, dst, offset, src), immediate: FETCH_ADD };
}

/**
 * `r0 = lock cmpxchg(dst + offset, r0, src)`: puts `src` there if r0 is what is there, and r0 becomes what was there before.
 * Kernel: BPF_CMPXCHG, since 5.12.
 */
export function compareExchange(
  bytes: number,
  dst: number,
  offset: number,
  src: number,
): Instruction {
  return { ...atomicAdd(bytes, dst, offset, src), immediate: COMPARE_EXCHANGE };
}

/** `dst = the map behind this descriptor`; two slots. */
export function loadMap(dst: number, fd: number): Instruction {
  return { ...loadConstant(dst, BigInt(fd)), src: SOURCE_MAP };
}

/** `dst op src` in 64 bits. */
export function alu(dst: number, operation: Arithmetic, src: number): Instruction {
  return {
    code: CLASS.ALU64 | SOURCE_REGISTER | ARITHMETIC[operation],
    dst: register(dst),
    src: register(src),
    offset: 0,
    immediate: 0,
  };
}

/** `dst op immediate` in 64 bits. */
export function aluImmediate(dst: number, operation: Arithmetic, immediate: number): Instruction {
  return {
    code: CLASS.ALU64 | ARITHMETIC[operation],
    dst: register(dst),
    src: 0,
    offset: 0,
    immediate: signed32(immediate),
  };
}

/** `dst op src` in 32 bits; the upper half of `dst` becomes 0. */
export function alu32(dst: number, operation: Arithmetic, src: number): Instruction {
  return { ...alu(dst, operation, src), code: CLASS.ALU | SOURCE_REGISTER | ARITHMETIC[operation] };
}

/** `dst op immediate` in 32 bits; the upper half of `dst` becomes 0. */
export function alu32Immediate(dst: number, operation: Arithmetic, immediate: number): Instruction {
  return { ...aluImmediate(dst, operation, immediate), code: CLASS.ALU | ARITHMETIC[operation] };
}

/** Operation that changes the order of bytes; with {@linkcode SOURCE_REGISTER} to big-endian. */
export const OPERATION_END = 0xd0;

/** `dst = the lower bits of dst, big-endian`: on these machines the order of bytes turned around. */
export function toBigEndian(dst: number, bits: 16 | 32 | 64): Instruction {
  return {
    code: CLASS.ALU | SOURCE_REGISTER | OPERATION_END,
    dst: register(dst),
    src: 0,
    offset: 0,
    immediate: bits,
  };
}

/** `dst = src`. */
export function move(dst: number, src: number): Instruction {
  return alu(dst, "=", src);
}

/** `dst = immediate`, sign-extended. */
export function moveImmediate(dst: number, immediate: number): Instruction {
  return aluImmediate(dst, "=", immediate);
}

/** `dst = constant`, any 64 bits; two slots. */
export function loadConstant(dst: number, constant: bigint): Instruction {
  return {
    code: CLASS.LD | MODE_IMM | sizeCode(8),
    dst: register(dst),
    src: 0,
    offset: 0,
    immediate: Number(BigInt.asIntN(32, constant)),
    upper: Number(BigInt.asIntN(32, constant >> 32n)),
  };
}

/** `if dst condition src goto target`, in 64 bits. */
export function jumpIf(
  dst: number,
  condition: Condition,
  src: number,
  target: string,
): Instruction {
  return {
    code: CLASS.JMP | SOURCE_REGISTER | CONDITIONS[condition],
    dst: register(dst),
    src: register(src),
    offset: 0,
    immediate: 0,
    target,
  };
}

/** `if dst condition immediate goto target`, in 64 bits. */
export function jumpIfImmediate(
  dst: number,
  condition: Condition,
  immediate: number,
  target: string,
): Instruction {
  return {
    code: CLASS.JMP | CONDITIONS[condition],
    dst: register(dst),
    src: 0,
    offset: 0,
    immediate: signed32(immediate),
    target,
  };
}

/** `if (u32)dst condition immediate goto target`. */
export function jumpIf32Immediate(
  dst: number,
  condition: Condition,
  immediate: number,
  target: string,
): Instruction {
  return {
    ...jumpIfImmediate(dst, condition, immediate, target),
    code: CLASS.JMP32 | CONDITIONS[condition],
  };
}

/** `goto target`. */
export function jump(target: string): Instruction {
  return { code: CLASS.JMP | JUMP_ALWAYS, dst: 0, src: 0, offset: 0, immediate: 0, target };
}

/** `r0 = helper(r1 … r5)`. `helper` is its number in `enum bpf_func_id`. */
export function call(helper: number): Instruction {
  return {
    code: CLASS.JMP | JUMP_CALL,
    dst: 0,
    src: 0,
    offset: 0,
    immediate: signed32(helper),
  };
}

/** Ends the program with r0 as its result. */
export function exit(): Instruction {
  return { code: CLASS.JMP | JUMP_EXIT, dst: 0, src: 0, offset: 0, immediate: 0 };
}

/** A label in front of the next instruction. */
export function label(name: string): Label {
  return { label: name };
}
