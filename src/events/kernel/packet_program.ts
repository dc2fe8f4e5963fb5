/**
 * The program where a packet leaves: of sockets whose destination nothing else tells, which are raw ones and those of ping.
 *
 * It keeps the destination for the program that learns what became of the datagram: such packets leave in the context of their
 * process, within its call. The kernel's own answers to them leave there too, from sockets of its own.
 *
 * @module
 */
import { BPF_PROG_TYPE_CGROUP_SKB } from "../../../ffi/bpf.ts";
import type { Hook } from "../../bpf/attachment.ts";
import {
  alu,
  aluImmediate,
  call,
  type Instruction,
  jump,
  jumpIfImmediate,
  type Label,
  label,
  load,
  loadConstant,
  move,
  moveImmediate,
  R0,
  R1,
  R10,
  R2,
  R3,
  R4,
  R6,
  store,
  storeImmediate,
} from "../../bpf/instruction.ts";
import { AF_INET, AF_INET6 } from "../../model/address_family.ts";
import { EventCode, FN, type KernelContext, sinceOf } from "./code.ts";
import { PENDING, SENDING_PENDING } from "./maps.ts";
import { SOCK_RAW } from "../../../ffi/socket.ts";
import { IPPROTO_ICMP, IPPROTO_ICMPV6 } from "../../families/inet/uapi.ts";
import { ATTACH, SK_BUFF, SOCK } from "./uapi.ts";

// The destination, in the headers of IPv4 and IPv6.
const DESTINATION4 = 16;
const DESTINATION6 = 24;

/** The hook. */
export function packetHook(context: KernelContext): Hook {
  return {
    name: "sockeye_packet",
    code: packetProgram(context),
    since: sinceOf(context),
    on: { programType: BPF_PROG_TYPE_CGROUP_SKB, attachType: ATTACH.inetEgress },
  };
}

function packetProgram(context: KernelContext): (Instruction | Label)[] {
  const code = new EventCode(context, 1);
  const { key, value, room } = code;
  code.add(
    move(R6, R1),
    load(8, R1, R6, SK_BUFF.socket),
    jumpIfImmediate(R1, "==", 0, "out"),
    call(FN.skFullsock),
    jumpIfImmediate(R0, "==", 0, "out"),
    load(4, R1, R0, SOCK.type),
    jumpIfImmediate(R1, "==", SOCK_RAW, "wanted"),
    load(4, R1, R0, SOCK.protocol),
    jumpIfImmediate(R1, "==", IPPROTO_ICMP, "wanted"),
    jumpIfImmediate(R1, "!=", IPPROTO_ICMPV6, "out"),
    label("wanted"),
  );
  const readPacket = (offset: number, size: number, to: number) => {
    code.add(move(R1, R6), moveImmediate(R2, offset));
    code.stackAddress(R3, to);
    code.add(
      moveImmediate(R4, size),
      call(FN.skbLoadBytes),
      jumpIfImmediate(R0, "!=", 0, "out"),
    );
  };
  code.clear(value, SENDING_PENDING + 8);
  readPacket(0, 1, room);
  const [v6, ready] = [code.fresh(), code.fresh()];
  code.add(
    load(1, R1, R10, room),
    aluImmediate(R1, ">>=", 4),
    jumpIfImmediate(R1, "==", 6, v6),
  );
  readPacket(DESTINATION4, 4, value + 8);
  code.add(storeImmediate(2, R10, value + 26, AF_INET), jump(ready), label(v6));
  readPacket(DESTINATION6, 16, value + 8);
  code.add(storeImmediate(2, R10, value + 26, AF_INET6), label(ready));
  code.add(
    move(R1, R6),
    call(FN.getSocketCookie),
    store(8, R10, value, R0),
    storeImmediate(8, R10, value + SENDING_PENDING, PENDING.socket),
  );
  packetKey(code, R0, key);
  code.update(context.maps.sending);
  return code.finish();
}

/** The key of a destination that is kept by socket and not by thread, onto the stack. `cookie` is a register, which is changed. */
export function packetKey(code: EventCode, cookie: number, key: number): void {
  // No thread has such a number.
  code.add(
    loadConstant(R2, 1n << 63n),
    alu(cookie, "|=", R2),
    store(8, R10, key, cookie),
  );
}
