/**
 * Programs where the kernel looks for the route of a packet. Where the hooks of control groups are not to be had, this tells where
 * an unconnected datagram goes: the route is looked up within the call that sends it.
 *
 * @module
 */
import type { Hook } from "../../bpf/attachment.ts";
import {
  alu,
  aluImmediate,
  call,
  type Instruction,
  jumpIfImmediate,
  type Label,
  label,
  load,
  move,
  R0,
  R1,
  R10,
  R6,
  R7,
  store,
  storeImmediate,
  toBigEndian,
} from "../../bpf/instruction.ts";
import { AF_INET, AF_INET6 } from "../../model/address_family.ts";
import { EventCode, FN, type KernelContext, sinceOf } from "./code.ts";
import { PENDING, SENDING_PENDING } from "./maps.ts";
import type { KernelTypes } from "./types.ts";
import { IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_TCP } from "../../families/inet/uapi.ts";

/**
 * The key of a destination that the search for a route told, onto the stack: the thread, with the protocol in the top byte.
 * Answers of the kernel itself, which look for a route within the same call, have another. `protocol` is a register, which is
 * changed.
 */
export function routeKey(code: EventCode, protocol: number, key: number): void {
  code.add(
    call(FN.getCurrentPidTgid),
    aluImmediate(protocol, "<<=", 56),
    alu(R0, "|=", protocol),
    store(8, R10, key, R0),
  );
}

// The arguments of the tracepoints: table and flow; namespace, result, table and flow.
const FLOW4_ARGUMENT = 8;
const FLOW6_ARGUMENT = 24;

/** The hooks. */
export function routeHooks(context: KernelContext, types: KernelTypes): Hook[] {
  return [
    {
      name: "sockeye_route4",
      code: routeProgram(context, types, false),
      since: sinceOf(context),
      on: { tracepoint: "fib_table_lookup" },
    },
    {
      name: "sockeye_route6",
      code: routeProgram(context, types, true),
      since: sinceOf(context),
      on: { tracepoint: "fib6_table_lookup" },
    },
  ];
}

function routeProgram(
  context: KernelContext,
  types: KernelTypes,
  v6: boolean,
): (Instruction | Label)[] {
  const code = new EventCode(context, 0);
  const { key, value } = code;
  const struct = v6 ? "flowi6" : "flowi4";
  const common = types.of(struct, "__fl_common").offset;
  const protocol = types.of("flowi_common", "flowic_proto");
  code.add(
    move(R6, R1),
    load(8, R7, R6, v6 ? FLOW6_ARGUMENT : FLOW4_ARGUMENT),
    load(protocol.size, R1, R7, common + protocol.offset),
    jumpIfImmediate(R1, "==", 0, "out"),
    jumpIfImmediate(R1, "==", IPPROTO_TCP, "out"),
  );
  code.clear(value, SENDING_PENDING + 8);
  const destination = types.of(struct, "daddr");
  for (let done = 0; done < destination.size; done += 4) {
    code.add(
      load(4, R1, R7, destination.offset + done),
      store(4, R10, value + 8 + done, R1),
    );
  }
  // The destination's port comes first; of ICMP type and code, which are no port.
  const ports = types.of(struct, "uli");
  const plain = code.fresh();
  code.add(
    load(protocol.size, R1, R7, common + protocol.offset),
    jumpIfImmediate(R1, "==", IPPROTO_ICMP, plain),
    jumpIfImmediate(R1, "==", IPPROTO_ICMPV6, plain),
    load(2, R1, R7, ports.offset),
    toBigEndian(R1, 16),
    store(2, R10, value + 24, R1),
    label(plain),
    storeImmediate(2, R10, value + 26, v6 ? AF_INET6 : AF_INET),
    storeImmediate(8, R10, value + SENDING_PENDING, PENDING.anySocket),
    load(protocol.size, R6, R7, common + protocol.offset),
  );
  routeKey(code, R6, key);
  code.update(context.maps.sending);
  return code.finish();
}
