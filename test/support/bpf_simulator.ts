/**
 * Runs BPF programs instruction by instruction, as the kernel's interpreter does, so that what they decide can be tested with any
 * input. The instructions are the same on every architecture, and so are the layouts that they are given here.
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
  OPERATION_END,
  SIZE_CODES,
  SOURCE_MAP,
  SOURCE_REGISTER,
} from "../../src/bpf/instruction.ts";

const MASK64 = (1n << 64n) - 1n;
const MASK32 = (1n << 32n) - 1n;
const STACK_SIZE = 512;
/** More than any program here takes: without loops each instruction runs once at most. */
const MOST_STEPS = 10_000;

const SIZES = new Map([...SIZE_CODES].map(([bytes, code]) => [code, bytes]));
const OPERATIONS = new Map<number, string>(
  Object.entries(ARITHMETIC).map(([text, code]) => [code, text]),
);
const COMPARISONS = new Map<number, string>(
  Object.entries(CONDITIONS).map(([text, code]) => [code, text]),
);

/** A helper: r1 to r5 in, r0 out. */
type Helper = (args: readonly bigint[], simulator: Simulator) => bigint;

/** A hash map or an array: its values stay where they are, as in the kernel. */
class SimulatedMap {
  readonly values = new Map<string, bigint>();
  constructor(readonly keySize: number, readonly valueSize: number, readonly most = Infinity) {}
}

/** Memory, maps and helpers for programs to run in. */
export class Simulator {
  readonly #regions: { readonly start: bigint; readonly bytes: Uint8Array<ArrayBuffer> }[] = [];
  #next = 0x1_0000n;
  readonly maps = new Map<number, SimulatedMap>();
  readonly helpers = new Map<number, Helper>();
  /** How many instructions have run. */
  steps = 0;

  constructor() {
    this.helpers.set(1, ([map, key]) => this.#find(map!, key!) ?? 0n);
    this.helpers.set(2, ([map, key, value]) => this.#update(map!, key!, value!));
    this.helpers.set(3, ([map, key]) => {
      const { values, keySize } = this.#map(map!);
      return values.delete(this.bytes(key!, keySize).toHex()) ? 0n : -2n;
    });
  }

  /** Puts bytes at an address of their own, far from all others, so that reaching past them is noticed. */
  allocate(bytes: Uint8Array<ArrayBuffer> | number): bigint {
    const start = this.#next;
    const region = typeof bytes === "number" ? new Uint8Array(bytes) : bytes;
    this.#regions.push({ start, bytes: region });
    this.#next += BigInt(region.length) + 0x1_0000n & ~7n;
    return start;
  }

  /** The bytes at an address. Throws for memory that nobody has. */
  bytes(address: bigint, size: number): Uint8Array<ArrayBuffer> {
    const region = this.#regions.find(({ start, bytes }) =>
      address >= start && address + BigInt(size) <= start + BigInt(bytes.length)
    );
    if (region === undefined) {
      throw new Error(`There is no memory of ${size} bytes at 0x${address.toString(16)}`);
    }
    const at = Number(address - region.start);
    return region.bytes.subarray(at, at + size);
  }

  addMap(fd: number, keySize: number, valueSize: number, most = Infinity): SimulatedMap {
    const map = new SimulatedMap(keySize, valueSize, most);
    this.maps.set(fd, map);
    return map;
  }

  #map(fd: bigint): SimulatedMap {
    const map = this.maps.get(Number(fd));
    if (map === undefined) throw new Error(`There is no map ${fd}`);
    return map;
  }

  #find(fd: bigint, key: bigint): bigint | undefined {
    const map = this.#map(fd);
    return map.values.get(this.bytes(key, map.keySize).toHex());
  }

  #update(fd: bigint, key: bigint, value: bigint): bigint {
    const map = this.#map(fd);
    const name = this.bytes(key, map.keySize).toHex();
    let at = map.values.get(name);
    if (at === undefined) {
      if (map.values.size >= map.most) return -7n;
      at = this.allocate(map.valueSize);
      map.values.set(name, at);
    }
    this.bytes(at, map.valueSize).set(this.bytes(value, map.valueSize));
    return 0n;
  }

  /** The value of a key, for a test to look at; `undefined` for none. */
  valueOf(fd: number, key: Uint8Array): DataView | undefined {
    const map = this.#map(BigInt(fd));
    const at = map.values.get(key.toHex());
    if (at === undefined) return undefined;
    const bytes = this.bytes(at, map.valueSize);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Runs a program whose context is at an address. Returns r0. Throws for what the verifier would refuse, where it is met. */
  run(program: Uint8Array<ArrayBuffer>, context: bigint): bigint {
    const view = new DataView(program.buffer, program.byteOffset, program.length);
    const registers: (bigint | undefined)[] = new Array(11).fill(undefined);
    const stack = this.allocate(STACK_SIZE);
    registers[1] = context;
    registers[10] = stack + BigInt(STACK_SIZE);
    const read = (register: number): bigint => {
      const value = registers[register];
      if (value === undefined) throw new Error(`r${register} was not set at slot ${slot}`);
      return value;
    };
    let slot = 0;
    for (let steps = 0; steps < MOST_STEPS; steps++, this.steps++) {
      const at = slot * 8;
      const code = view.getUint8(at);
      const dst = view.getUint8(at + 1) & 15;
      const src = view.getUint8(at + 1) >> 4;
      const offset = view.getInt16(at + 2, true);
      const immediate = view.getInt32(at + 4, true);
      slot++;
      switch (code & 7) {
        case CLASS.LD:
          if (code !== (CLASS.LD | MODE_IMM | 0x18)) {
            throw new Error(`What is 0x${code.toString(16)}`);
          }
          registers[dst] = src === SOURCE_MAP
            ? BigInt(immediate)
            : BigInt(view.getUint32(at + 12, true)) << 32n | BigInt(immediate >>> 0);
          slot++;
          break;
        case CLASS.LDX:
          registers[dst] = this.#load(read(src) + BigInt(offset), SIZES.get(code & 0x18)!);
          break;
        case CLASS.ST:
          this.#store(read(dst) + BigInt(offset), SIZES.get(code & 0x18)!, BigInt(immediate));
          break;
        case CLASS.STX: {
          const size = SIZES.get(code & 0x18)!;
          const place = read(dst) + BigInt(offset);
          if ((code & 0xe0) !== MODE_ATOMIC) {
            this.#store(place, size, read(src));
            break;
          }
          const before = this.#load(place, size);
          if (immediate === COMPARE_EXCHANGE) {
            const expected = size === 4 ? read(0) & MASK32 : read(0);
            if (before === expected) this.#store(place, size, read(src));
            registers[0] = before;
            break;
          }
          this.#store(place, size, read(src) + before);
          if (immediate === FETCH_ADD) registers[src] = before;
          break;
        }
        case CLASS.ALU:
        case CLASS.ALU64: {
          if (code === (CLASS.ALU | SOURCE_REGISTER | OPERATION_END)) {
            registers[dst] = turned(read(dst), immediate);
            break;
          }
          const wide = (code & 7) === CLASS.ALU64;
          const operand = (code & SOURCE_REGISTER) !== 0 ? read(src) : BigInt(immediate);
          const operation = OPERATIONS.get(code & 0xf0)!;
          registers[dst] = arithmetic(operation, operation === "=" ? 0n : read(dst), operand, wide);
          break;
        }
        default: {
          const wide = (code & 7) === CLASS.JMP;
          if (wide && (code & 0xf0) === JUMP_EXIT) return read(0);
          if (wide && (code & 0xf0) === JUMP_CALL) {
            const helper = this.helpers.get(immediate);
            if (helper === undefined) throw new Error(`There is no helper ${immediate}`);
            const result = helper(registers.slice(1, 6).map((value) => value ?? 0n), this);
            // What a call leaves in its arguments may not be used.
            for (let i = 1; i <= 5; i++) registers[i] = undefined;
            registers[0] = BigInt.asUintN(64, result);
            break;
          }
          const operand = (code & SOURCE_REGISTER) !== 0 ? read(src) : BigInt(immediate);
          const always = wide && (code & 0xf0) === JUMP_ALWAYS;
          if (always || compare(COMPARISONS.get(code & 0xf0)!, read(dst), operand, wide)) {
            if (offset < 0) throw new Error(`slot ${slot - 1} jumps back`);
            slot += offset;
          }
        }
      }
    }
    throw new Error("The program does not end");
  }

  #load(address: bigint, size: number): bigint {
    let value = 0n;
    const bytes = this.bytes(address, size);
    for (let i = size - 1; i >= 0; i--) value = value << 8n | BigInt(bytes[i]!);
    return value;
  }

  #store(address: bigint, size: number, value: bigint): void {
    const bytes = this.bytes(address, size);
    for (let i = 0; i < size; i++) bytes[i] = Number(value >> BigInt(8 * i) & 0xffn);
  }
}

function turned(value: bigint, bits: number): bigint {
  let result = 0n;
  for (let i = 0; i < bits; i += 8) result = result << 8n | value >> BigInt(i) & 0xffn;
  return result;
}

function arithmetic(operation: string, a: bigint, b: bigint, wide: boolean): bigint {
  const mask = wide ? MASK64 : MASK32;
  const bits = wide ? 64 : 32;
  const x = a & mask;
  const y = b & mask;
  const shift = y & BigInt(bits - 1);
  switch (operation) {
    case "+=":
      return x + y & mask;
    case "-=":
      return x - y & mask;
    case "*=":
      return x * y & mask;
    case "|=":
      return x | y;
    case "&=":
      return x & y;
    case "^=":
      return x ^ y;
    case "=":
      return y;
    case "<<=":
      return x << shift & mask;
    case ">>=":
      return x >> shift;
    case "s>>=":
      return BigInt.asIntN(bits, x) >> shift & mask;
    default:
      throw new Error(`${operation} is not simulated`);
  }
}

function compare(condition: string, a: bigint, b: bigint, wide: boolean): boolean {
  const bits = wide ? 64 : 32;
  const [x, y] = [BigInt.asUintN(bits, a), BigInt.asUintN(bits, b)];
  const [sx, sy] = [BigInt.asIntN(bits, a), BigInt.asIntN(bits, b)];
  switch (condition) {
    case "==":
      return x === y;
    case "!=":
      return x !== y;
    case ">":
      return x > y;
    case ">=":
      return x >= y;
    case "<":
      return x < y;
    case "<=":
      return x <= y;
    case "&":
      return (x & y) !== 0n;
    case "s>":
      return sx > sy;
    case "s>=":
      return sx >= sy;
    case "s<":
      return sx < sy;
    case "s<=":
      return sx <= sy;
    default:
      throw new Error(`${condition} is not simulated`);
  }
}
