/**
 * Conditions of a filter as instructions, so that the kernel drops what nobody asked for where it happens.
 *
 * A record does not have every field: a socket that was just opened has no address. What cannot be judged passes, because the
 * filter as a whole is asked again of each event. So the instructions can let too much through, never too little.
 *
 * @module
 */
import {
  aluImmediate,
  type Instruction,
  jump,
  jumpIf32Immediate,
  jumpIfImmediate,
  type Label,
  label,
  load,
  R1,
  R10,
  R2,
} from "../../bpf/instruction.ts";
import type { Condition, Expr, HostCondition, Prefix } from "../../filter/ast.ts";
import { conditions } from "../../filter/ast.ts";
import { wordMask } from "../../filter/prefix.ts";
import type { Ranges } from "../../filter/ranges.ts";
import { split } from "../../filter/split.ts";
import { AF_INET, AF_INET6 } from "../../model/address_family.ts";
import { swap32 } from "../../model/byte_order.ts";
import type { Transport } from "../../model/socket.ts";
import { AT } from "./record.ts";
import { SOCK_RAW } from "../../../ffi/socket.ts";
import { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE } from "../../families/inet/uapi.ts";

/** Longer lists are left to the filter outside, and so are filters of more conditions. */
const MOST_ALTERNATIVES = 32;
const MOST_CONDITIONS = 48;

/** IP protocols by transport, of those that a socket has by its protocol alone. */
const PROTOCOLS: Partial<Record<Transport, number>> = {
  tcp: IPPROTO_TCP,
  udp: IPPROTO_UDP,
  udplite: IPPROTO_UDPLITE,
  sctp: 132,
  dccp: 33,
};

/** The part of a filter that the kernel can judge; `null` for none. */
export function kernelPart(filter: Expr | null): Expr | null {
  if (filter === null) return null;
  const { first } = split(filter, isTestable);
  if (first === null || [...conditions(first)].length > MOST_CONDITIONS) return null;
  return first;
}

/** True for conditions that can be judged in the kernel. */
function isTestable(condition: Condition): boolean {
  switch (condition.kind) {
    case "host":
      return condition.addresses.every(({ family }) => family === AF_INET || family === AF_INET6) &&
        condition.addresses.length <= MOST_ALTERNATIVES &&
        (condition.ports?.length ?? 0) <= MOST_ALTERNATIVES;
    case "pid":
      return condition.pids.length <= MOST_ALTERNATIVES;
    case "transport":
      return condition.transports.every((name) => PROTOCOLS[name] !== undefined);
    default:
      return false;
  }
}

/**
 * Instructions that go on if a record may match, and else jump to `no`. They use r1 and r2.
 *
 * @param base Where the record begins, from r10.
 * @param prefix What the labels begin with.
 */
export function conditionCode(
  expr: Expr,
  base: number,
  no: string,
  prefix: string,
): (Instruction | Label)[] {
  const code: (Instruction | Label)[] = [];
  let count = 0;
  const fresh = () => `${prefix}: condition ${count++}`;
  const yes = fresh();

  const generate = (node: Expr, yes: string, no: string): void => {
    switch (node.kind) {
      case "all":
        for (const term of node.terms) {
          const next = fresh();
          generate(term, next, no);
          code.push(label(next));
        }
        code.push(jump(yes));
        return;
      case "any":
        for (const term of node.terms) {
          const next = fresh();
          generate(term, yes, next);
          code.push(label(next));
        }
        code.push(jump(no));
        return;
      case "not":
        // split() moved negations down to the conditions.
        leaf(node.term as Condition, no, yes, yes);
        return;
      default:
        leaf(node, yes, no, yes);
    }
  };

  const leaf = (condition: Condition, yes: string, no: string, unknown: string): void => {
    switch (condition.kind) {
      case "transport":
        code.push(load(2, R1, R10, base + AT.family));
        // Of unix sockets and the like none of these protocols is true.
        jumpUnlessInternet(no);
        code.push(load(2, R1, R10, base + AT.type));
        // A raw socket has the protocol that it listens for.
        code.push(jumpIfImmediate(R1, "==", SOCK_RAW, no));
        code.push(load(2, R1, R10, base + AT.protocol));
        for (const name of condition.transports) {
          code.push(jumpIfImmediate(R1, "==", PROTOCOLS[name]!, yes));
        }
        code.push(jump(no));
        return;
      case "pid":
        code.push(load(4, R1, R10, base + AT.tgid), jumpIfImmediate(R1, "==", 0, unknown));
        inRanges(condition.pids, 0xffff_ffff, yes);
        code.push(jump(no));
        return;
      case "host":
        host(condition, yes, no, unknown);
        return;
      default:
        throw new Error(`${condition.kind} cannot be judged in the kernel`);
    }
  };

  // r1 holds the family.
  const jumpUnlessInternet = (no: string): void => {
    const next = fresh();
    code.push(
      jumpIfImmediate(R1, "==", AF_INET, next),
      jumpIfImmediate(R1, "!=", AF_INET6, no),
      label(next),
    );
  };

  // r1 holds the number.
  const inRanges = (set: Ranges, top: number, yes: string): void => {
    for (const { first, last } of set) {
      if (first > top) continue;
      const next = fresh();
      if (first > 0) code.push(jumpIf32Immediate(R1, "<", first | 0, next));
      if (last < top) code.push(jumpIf32Immediate(R1, ">", last | 0, next));
      code.push(jump(yes), label(next));
    }
  };

  const host = (
    { end, addresses, ports }: HostCondition,
    yes: string,
    no: string,
    unknown: string,
  ): void => {
    const source = end === "source";
    code.push(load(2, R1, R10, base + AT.family));
    jumpUnlessInternet(no);
    if (ports !== null) {
      const next = fresh();
      code.push(
        load(2, R1, R10, base + (source ? AT.localPort : AT.peerPort)),
        jumpIfImmediate(R1, "==", 0, unknown),
      );
      inRanges(ports, 0xffff, next);
      code.push(jump(no), label(next));
    }
    if (addresses.length === 0) {
      code.push(jump(yes));
      return;
    }
    const at = base + (source ? AT.local : AT.peer);
    const known = fresh();
    for (const offset of [0, 8]) {
      code.push(load(8, R1, R10, at + offset), jumpIfImmediate(R1, "!=", 0, known));
    }
    code.push(jump(unknown), label(known));
    for (const prefix of addresses) {
      const next = fresh();
      matchPrefix(prefix, at, yes, next);
      code.push(label(next));
    }
    code.push(jump(no));
  };

  const matchPrefix = (prefix: Prefix, at: number, yes: string, no: string): void => {
    code.push(load(2, R2, R10, base + AT.family));
    if (prefix.family === AF_INET6) {
      code.push(jumpIfImmediate(R2, "!=", AF_INET6, no));
      matchWords(prefix, at, no);
      code.push(jump(yes));
      return;
    }
    // An IPv4 prefix is also true of an address that is mapped into IPv6.
    const mapped = fresh();
    code.push(jumpIfImmediate(R2, "!=", AF_INET, mapped));
    matchWords(prefix, at, no);
    code.push(jump(yes), label(mapped));
    code.push(
      load(8, R1, R10, at),
      jumpIfImmediate(R1, "!=", 0, no),
      load(4, R1, R10, at + 8),
      jumpIf32Immediate(R1, "!=", swap32(0xffff) | 0, no),
    );
    matchWords(prefix, at + 12, no);
    code.push(jump(yes));
  };

  // The address is in network order, the constants are turned around.
  const matchWords = ({ words, length }: Prefix, at: number, no: string): void => {
    for (let i = 0; 32 * i < length; i++) {
      const mask = wordMask(length - 32 * i);
      code.push(load(4, R1, R10, at + 4 * i));
      if (mask >>> 0 !== 0xffff_ffff) code.push(aluImmediate(R1, "&=", swap32(mask) | 0));
      code.push(jumpIf32Immediate(R1, "!=", swap32(words[i]! & mask) | 0, no));
    }
  };

  generate(expr, yes, no);
  code.push(label(yes));
  return code;
}

/** True where a filter may match sockets that are not of the internet; what such need is not attached otherwise. */
export function mayBe(
  filter: Expr | null,
  what: "unix" | "raw" | "udp" | "tcp",
): boolean {
  if (filter === null) return true;
  const { first } = split(filter, ({ kind }) => kind === "transport" || kind === "family");
  return first === null || possible(first, what);
}

function possible(expr: Expr, what: "unix" | "raw" | "udp" | "tcp"): boolean {
  switch (expr.kind) {
    case "all":
      return expr.terms.every((term) => possible(term, what));
    case "any":
      return expr.terms.some((term) => possible(term, what));
    case "transport":
      return expr.transports.some((name) => GROUP[name] === what);
    case "family":
      return expr.families.some((name) => (name === "unix") === (what === "unix"));
    default:
      return true;
  }
}

const GROUP: Partial<Record<Transport, "unix" | "raw" | "udp" | "tcp">> = {
  tcp: "tcp",
  sctp: "tcp",
  dccp: "tcp",
  mptcp: "tcp",
  udp: "udp",
  udplite: "udp",
  raw: "raw",
  icmp: "raw",
  stream: "unix",
  dgram: "unix",
  seqpacket: "unix",
};
