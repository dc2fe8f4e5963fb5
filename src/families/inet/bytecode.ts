/**
 * Bytecode: a filter program that the kernel runs on each socket of a dump, so that it sends only those asked for.
 *
 * Attribute INET_DIAG_REQ_BYTECODE of a request. A program is a sequence of operations, each `struct inet_diag_bc_op`
 * (include/uapi/linux/inet_diag.h), 4 bytes, host byte order: code u8 0, yes u8 1, no u16 2, followed by an operand.
 * `yes` and `no` are distances forward from the operation, in bytes. A row is accepted if execution arrives exactly
 * at the end of the program, and rejected if it arrives 4 bytes behind it.
 *
 * The checker in the kernel follows only `yes` and wants every `no` to lead to an operation that it has met that way. So
 * `yes` is always the size of the operation here, which fits into its byte. Every jump is by `no`, which reaches across the
 * largest program.
 *
 * @module
 */
import type {
  Condition,
  Dialect,
  End,
  Expr,
  HostCondition,
  PortOrderCondition,
  Prefix,
} from "../../filter/ast.ts";
import { conditions } from "../../filter/ast.ts";
import { prefixBytes } from "../../filter/prefix.ts";
import type { Range } from "../../filter/ranges.ts";
import { split } from "../../filter/split.ts";
import { AF_INET, AF_INET6, AF_UNSPEC } from "../../model/address_family.ts";

// enum in include/uapi/linux/inet_diag.h.
export const INET_DIAG_BC_NOP = 0;
export const INET_DIAG_BC_JMP = 1;
export const INET_DIAG_BC_S_GE = 2;
export const INET_DIAG_BC_S_LE = 3;
export const INET_DIAG_BC_D_GE = 4;
export const INET_DIAG_BC_D_LE = 5;
export const INET_DIAG_BC_AUTO = 6;
export const INET_DIAG_BC_S_COND = 7;
export const INET_DIAG_BC_D_COND = 8;
export const INET_DIAG_BC_DEV_COND = 9;
export const INET_DIAG_BC_MARK_COND = 10;
export const INET_DIAG_BC_S_EQ = 11;
export const INET_DIAG_BC_D_EQ = 12;
export const INET_DIAG_BC_CGROUP_COND = 13;

/** Size of `struct inet_diag_bc_op`. */
export const OP_SIZE = 4;
/** Size of `struct inet_diag_hostcond` without its address. */
export const HOSTCOND_SIZE = 8;

/** Largest program: an attribute holds 65,531 bytes, and operations are multiples of 4. */
const MAX_PROGRAM_SIZE = 65528;

/**
 * The largest number of comparisons in a program. For each row that does not match, the kernel makes all of them, one by
 * one; with more than some hundreds it is faster to send every row and look its port up in a set.
 */
export const MAX_COMPARISONS = 256;

/** What the kernel will accept. */
interface CompileOptions {
  /** True with CAP_NET_ADMIN: without it the kernel answers EPERM to a program that looks at marks. */
  readonly mark?: boolean;
  /** Index of an interface in the namespace that will be dumped, for `dev = eth0`. */
  interfaceIndex?(name: string): number | undefined;
}

/** An expression in two parts, one for the kernel and one for us. Both together mean the same as the whole. */
export interface Compiled {
  /** Payload of INET_DIAG_REQ_BYTECODE; `null` to ask for every row. */
  readonly program: Uint8Array<ArrayBuffer> | null;
  /** What the program says, as an expression; `null` when there is no program. */
  readonly pushed: Expr | null;
  /**
   * What the program does not test; `null` if it tests everything. A row that the kernel has not filtered, as from /proc, has
   * to be tested against the whole expression.
   */
  readonly residual: Expr | null;
}

/**
 * Compiles an expression.
 *
 * In the sockeye dialect every matching row passes the program. In the ss dialect the program is what ss 7.1.0 would send,
 * which may reject matching rows: only the first address of a host is sent, ports in comparisons are cut to 16 bits, and a
 * `dev` anywhere means that there is no program. `residual` is the whole expression there, as ss tests every row again.
 */
export function compile(expr: Expr, dialect: Dialect, options: CompileOptions = {}): Compiled {
  return dialect === "ss" ? compileAsSs(expr) : compileSoundly(expr, options);
}

function compileAsSs(expr: Expr): Compiled {
  const none = { program: null, pushed: null, residual: expr };
  for (const condition of conditions(expr)) if (!isSsExpressible(condition)) return none;
  const program = assemble(lower(expr, loweringForSs));
  return program === null ? none : { program, pushed: expr, residual: expr };
}

function isSsExpressible(condition: Condition): boolean {
  switch (condition.kind) {
    case "host":
      return condition.addresses.every(({ family }) => family === AF_UNSPEC || isInternet(family));
    case "port_order":
    case "mark":
    case "cgroup":
    case "autobound":
      return true;
    default:
      return false;
  }
}

function compileSoundly(expr: Expr, options: CompileOptions): Compiled {
  const { first, rest } = split(expr, (condition) => lowering(condition, options) !== null);
  const none = { program: null, pushed: null, residual: expr };
  if (first === null) return none;
  const code = lower(first, (condition) => lowering(condition, options));
  if (comparisons(code) > MAX_COMPARISONS) return none;
  const program = assemble(code);
  return program === null ? none : { program, pushed: first, residual: rest };
}

/** Code without jumps yet: a tree like the expression, with operations as its leaves. */
type Code =
  | { readonly kind: "all" | "any"; readonly terms: readonly Code[] }
  | { readonly kind: "not"; readonly term: Code }
  | { readonly kind: "op"; readonly code: number; readonly operand: Uint8Array };

function lower(expr: Expr, leaf: (condition: Condition) => Code | null): Code {
  switch (expr.kind) {
    case "all":
    case "any":
      return { kind: expr.kind, terms: expr.terms.map((term) => lower(term, leaf)) };
    case "not":
      return { kind: "not", term: lower(expr.term, leaf) };
    default: {
      const code = leaf(expr);
      if (code === null) throw new TypeError(`No operation for the condition ${expr.kind}`);
      return code;
    }
  }
}

/** How many operations look at the row. */
function comparisons(code: Code): number {
  switch (code.kind) {
    case "op":
      return 1;
    case "not":
      return comparisons(code.term);
    default:
      return code.terms.reduce((sum, term) => sum + comparisons(term), 0);
  }
}

/** Operations for a condition of the sockeye dialect; `null` when the kernel has none that mean the same. */
function lowering(condition: Condition, options: CompileOptions): Code | null {
  switch (condition.kind) {
    case "host":
      return lowerHost(condition);
    case "device": {
      const index = condition.index ?? options.interfaceIndex?.(condition.name);
      return index === undefined ? null : op(INET_DIAG_BC_DEV_COND, words(index));
    }
    case "mark":
      return options.mark === true ? markOp(condition.mark, condition.mask) : null;
    case "cgroup":
      return cgroupOp(condition.id);
    // Not the kernel's AUTO: that is true if bind(2) was given no port, `autobound` if the port is in the range.
    default:
      return null;
  }
}

function loweringForSs(condition: Condition): Code | null {
  switch (condition.kind) {
    case "host":
      return hostOp(
        condition.end,
        condition.addresses[0] ?? null,
        condition.ports?.[0]?.first ?? -1,
      );
    case "port_order":
      return lowerPortOrder(condition);
    case "mark":
      return markOp(condition.mark, condition.mask);
    case "cgroup":
      return cgroupOp(condition.id);
    case "autobound":
      return op(INET_DIAG_BC_AUTO, words());
    default:
      return null;
  }
}

function op(code: number, operand: Uint8Array): Code {
  return { kind: "op", code, operand };
}

/** 32-bit integers in host byte order. */
function words(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setUint32(4 * i, value, true));
  return bytes;
}

function markOp(mark: number, mask: number): Code {
  return op(INET_DIAG_BC_MARK_COND, words(mark, mask));
}

function cgroupOp(id: bigint): Code {
  const low = Number(BigInt.asUintN(32, id));
  return op(INET_DIAG_BC_CGROUP_COND, words(low, Number(id >> 32n)));
}

/**
 * An address and a port in one operation. struct inet_diag_hostcond: family u8 0, prefix_len u8 1, port s32 4 in host
 * byte order (-1 is any), address 8 in network byte order: 4 or 16 bytes, none for AF_UNSPEC.
 */
function hostOp(end: End, prefix: Prefix | null, port: number): Code {
  const hasAddress = prefix !== null && prefix.family !== AF_UNSPEC;
  const address = hasAddress ? prefixBytes(prefix) : new Uint8Array(0);
  const operand = new Uint8Array(HOSTCOND_SIZE + address.length);
  if (hasAddress) {
    operand[0] = prefix.family;
    operand[1] = prefix.length;
  }
  new DataView(operand.buffer).setInt32(4, port, true);
  operand.set(address, HOSTCOND_SIZE);
  return op(end === "source" ? INET_DIAG_BC_S_COND : INET_DIAG_BC_D_COND, operand);
}

/** A comparison of the port, which is in the field `no` of a second operation that is never executed. */
function portOp(end: End, operator: ">=" | "<=", port: number): Code {
  const codes = end === "source"
    ? { ">=": INET_DIAG_BC_S_GE, "<=": INET_DIAG_BC_S_LE }
    : { ">=": INET_DIAG_BC_D_GE, "<=": INET_DIAG_BC_D_LE };
  return op(codes[operator], words((port & 0xffff) * 0x10000));
}

function lowerPortOrder({ end, operator, port }: PortOrderCondition): Code {
  return portOp(end, operator, port);
}

function isInternet(family: number): boolean {
  return family === AF_INET || family === AF_INET6;
}

function lowerHost({ end, addresses, ports }: HostCondition): Code {
  // A prefix of another family matches no internet socket, so it is left out.
  const prefixes = addresses.filter(({ family }) => isInternet(family));
  const [range, ...moreRanges] = ports ?? [];
  const port = range !== undefined && moreRanges.length === 0 && range.first === range.last
    ? range.first
    : null;
  const terms: Code[] = [];
  if (addresses.length > 0) {
    terms.push({
      kind: "any",
      terms: prefixes.map((prefix) => hostOp(end, prefix, port ?? -1)),
    });
  }
  if (ports !== null && (port === null || addresses.length === 0)) {
    terms.push({ kind: "any", terms: ports.map((range) => lowerRange(end, range)) });
  }
  return { kind: "all", terms };
}

function lowerRange(end: End, { first, last }: Range): Code {
  if (first === last) return hostOp(end, null, first);
  const terms: Code[] = [];
  if (first > 0) terms.push(portOp(end, ">=", first));
  if (last < 0xffff) terms.push(portOp(end, "<=", last));
  return { kind: "all", terms };
}

/** A place in a program that is not known yet when operations jump to it. */
interface Label {
  /** Offsets of the operations that jump here. */
  readonly jumps: number[];
}

/** Lays operations out one after the other and fills in the jumps. */
class Assembler {
  readonly bytes: number[] = [];

  /** An operation that continues if it is true and jumps to the label if it is false. */
  op(code: number, operand: Uint8Array, otherwise: Label): void {
    otherwise.jumps.push(this.bytes.length);
    this.bytes.push(code, OP_SIZE + operand.length, 0, 0, ...operand);
  }

  /** Goes to the label. */
  jump(label: Label): void {
    this.op(INET_DIAG_BC_JMP, new Uint8Array(0), label);
  }

  /** The label is here, or `offset` bytes farther on. */
  place(label: Label, offset = 0): void {
    const target = this.bytes.length + offset;
    for (const jump of label.jumps) {
      const distance = target - jump;
      this.bytes[jump + 2] = distance & 0xff;
      this.bytes[jump + 3] = distance >>> 8;
    }
  }
}

/** The program; `null` if there is nothing to test, or if it is too long for an attribute. */
function assemble(code: Code): Uint8Array<ArrayBuffer> | null {
  const assembler = new Assembler();
  const reject: Label = { jumps: [] };
  emit(assembler, code, reject);
  const size = assembler.bytes.length;
  if (size === 0 || size > MAX_PROGRAM_SIZE) return null;
  assembler.place(reject, OP_SIZE);
  return Uint8Array.from(assembler.bytes);
}

/** Emits code that continues after itself if it is true, and jumps to `otherwise` if it is false. */
function emit(assembler: Assembler, code: Code, otherwise: Label): void {
  switch (code.kind) {
    case "op":
      assembler.op(code.code, code.operand, otherwise);
      break;
    case "all":
      for (const term of code.terms) emit(assembler, term, otherwise);
      break;
    case "any": {
      if (code.terms.length === 0) assembler.jump(otherwise);
      const done: Label = { jumps: [] };
      code.terms.forEach((term, i) => {
        if (i === code.terms.length - 1) return emit(assembler, term, otherwise);
        const next: Label = { jumps: [] };
        emit(assembler, term, next);
        assembler.jump(done);
        assembler.place(next);
      });
      assembler.place(done);
      break;
    }
    case "not": {
      const failed: Label = { jumps: [] };
      emit(assembler, code.term, failed);
      assembler.jump(otherwise);
      assembler.place(failed);
      break;
    }
  }
}
