/**
 * Programs where a process names an address: connect(2), sendto(2) of a datagram, accept(2). Hooks of control groups.
 *
 * @module
 */
import { BPF_PROG_TYPE_CGROUP_SOCK_ADDR } from "../../../ffi/bpf.ts";
import type { Hook } from "../../bpf/attachment.ts";
import {
  call,
  type Instruction,
  jump,
  jumpIfImmediate,
  type Label,
  label,
  load,
  R0,
  R1,
  R10,
  R6,
  store,
  storeImmediate,
  toBigEndian,
} from "../../bpf/instruction.ts";
import { AF_INET, AF_INET6 } from "../../model/address_family.ts";
import { swap32 } from "../../model/byte_order.ts";
import { EventCode, FN, type KernelContext } from "./code.ts";
import { countFlow } from "./flow_code.ts";
import { FLOW_KEY_SIZE, PENDING, SENDING_PENDING } from "./maps.ts";
import { AT, FLAG, KIND } from "./record.ts";

// enum bpf_attach_type.
const BPF_CGROUP_INET4_CONNECT = 10;
const BPF_CGROUP_INET6_CONNECT = 11;
const BPF_CGROUP_UDP4_SENDMSG = 14;
const BPF_CGROUP_UDP6_SENDMSG = 15;
const BPF_CGROUP_INET4_GETPEERNAME = 29;
const BPF_CGROUP_INET6_GETPEERNAME = 30;

// struct bpf_sock_addr. The address of the other family may not be read.
const ADDRESS = { ip4: 4, ip6: 8, port: 24, family: 28, type: 32, protocol: 36 };

/** What tracepoints tell beside the hooks, which are all that is known of the rest. */
interface AddressSight {
  /** What became of a datagram. */
  readonly datagrams: boolean;
  /** That a connection from elsewhere is established. */
  readonly states: boolean;
}

/** The hooks. */
export function addressHooks(
  context: KernelContext,
  sees: AddressSight,
): Hook[] {
  const hook = (
    name: string,
    attachType: number,
    code: (Instruction | Label)[],
    since: string,
  ): Hook => ({
    name,
    code,
    since,
    on: { programType: BPF_PROG_TYPE_CGROUP_SOCK_ADDR, attachType },
  });
  const sending = sees.datagrams ? announced : sent;
  return [
    hook("sockeye_conn4", BPF_CGROUP_INET4_CONNECT, connecting(context, false), "5.10"),
    hook("sockeye_conn6", BPF_CGROUP_INET6_CONNECT, connecting(context, true), "5.10"),
    hook("sockeye_send4", BPF_CGROUP_UDP4_SENDMSG, sending(context, false), "5.10"),
    hook("sockeye_send6", BPF_CGROUP_UDP6_SENDMSG, sending(context, true), "5.10"),
    hook(
      "sockeye_accept4",
      BPF_CGROUP_INET4_GETPEERNAME,
      accepted(context, false, sees.states),
      "5.10",
    ),
    hook(
      "sockeye_accept6",
      BPF_CGROUP_INET6_GETPEERNAME,
      accepted(context, true, sees.states),
      "5.10",
    ),
  ];
}

/** Family, type, protocol and the other end, as the context has them. */
function identify(code: EventCode, v6: boolean): void {
  const { base } = code;
  code.add(
    storeImmediate(2, R10, base + AT.family, v6 ? AF_INET6 : AF_INET),
    load(4, R1, R6, ADDRESS.type),
    store(2, R10, base + AT.type, R1),
    load(4, R1, R6, ADDRESS.protocol),
    store(2, R10, base + AT.protocol, R1),
  );
  if (v6) {
    for (let i = 0; i < 16; i += 4) {
      code.add(load(4, R1, R6, ADDRESS.ip6 + i), store(4, R10, base + AT.peer + i, R1));
    }
  } else {
    const [plain, done] = [code.fresh(), code.fresh()];
    code.add(
      load(4, R1, R6, ADDRESS.family),
      jumpIfImmediate(R1, "!=", AF_INET6, plain),
      // A socket of IPv6 that has to do with IPv4 comes here too. It keeps its family, and the address its mapped form.
      storeImmediate(2, R10, base + AT.family, AF_INET6),
      storeImmediate(4, R10, base + AT.peer + 8, swap32(0xffff)),
      load(4, R1, R6, ADDRESS.ip4),
      store(4, R10, base + AT.peer + 12, R1),
      jump(done),
      label(plain),
      load(4, R1, R6, ADDRESS.ip4),
      store(4, R10, base + AT.peer, R1),
      label(done),
    );
  }
  code.add(
    load(4, R1, R6, ADDRESS.port),
    toBigEndian(R1, 16),
    store(2, R10, base + AT.peerPort, R1),
  );
  code.flag(FLAG.hasPeer);
}

function connecting(context: KernelContext, v6: boolean): (Instruction | Label)[] {
  const code = new EventCode(context, 1);
  code.begin(KIND.connecting);
  identify(code, v6);
  code.process();
  code.filter();
  code.time();
  code.cookie();
  code.announce();
  code.output(KIND.connecting);
  return code.finish();
}

function accepted(context: KernelContext, v6: boolean, sees: boolean): (Instruction | Label)[] {
  const code = new EventCode(context, 1);
  const { base } = code;
  code.begin(KIND.accepted);
  code.cookie();
  if (sees) {
    // getpeername(2) comes here too. Only a connection that waits for its process is told of, and only once.
    code.lookUp(context.maps.pending, base + AT.cookie);
    code.add(jumpIfImmediate(R0, "==", 0, "out"));
    code.remove(context.maps.pending, base + AT.cookie);
  } else {
    // Nothing else tells of it, so its first look at its peer counts, once.
    code.lookUp(context.maps.pending, base + AT.cookie);
    code.add(jumpIfImmediate(R0, "!=", 0, "out"));
    code.add(storeImmediate(8, R10, code.value, 1));
    code.update(context.maps.pending, base + AT.cookie);
  }
  identify(code, v6);
  code.process();
  code.filter();
  code.time();
  code.announce();
  code.output(KIND.accepted);
  return code.finish();
}

/** Keeps where the datagram goes for the program that learns what became of it. */
function announced(context: KernelContext, v6: boolean): (Instruction | Label)[] {
  const code = new EventCode(context, 1);
  const { key, value, base } = code;
  code.begin(KIND.send);
  identify(code, v6);
  code.cookie();
  code.clear(value, SENDING_PENDING + 8);
  code.copy(R10, base + AT.cookie, value, 8);
  code.copy(R10, base + AT.peer, value + 8, 16);
  code.copy(R10, base + AT.peerPort, value + 24, 2);
  code.copy(R10, base + AT.family, value + 26, 2);
  const [ready, fresh] = [code.fresh(), code.fresh()];
  code.add(storeImmediate(8, R10, value + SENDING_PENDING, PENDING.socket));
  if (context.filter !== null) {
    // Judged here once, so that the other program need not look at the datagram at all.
    code.filter("unwanted");
    code.add(
      jump(ready),
      label("unwanted"),
      storeImmediate(8, R10, value + SENDING_PENDING, PENDING.unwanted),
      label(ready),
    );
  }
  code.add(call(FN.getCurrentPidTgid), store(8, R10, key, R0));
  // To write into what is there costs a fraction of setting a value.
  code.lookUp(context.maps.sending);
  code.add(jumpIfImmediate(R0, "==", 0, fresh));
  for (let i = 0; i < SENDING_PENDING + 8; i += 8) {
    code.add(load(8, R1, R10, value + i), store(8, R0, i, R1));
  }
  code.add(jump("out"), label(fresh));
  code.update(context.maps.sending);
  return code.finish();
}

/** Tells of the datagram itself: nothing comes after that would know more. */
function sent(context: KernelContext, v6: boolean): (Instruction | Label)[] {
  const code = new EventCode(context, 1);
  const { base, key } = code;
  code.begin(KIND.send);
  identify(code, v6);
  code.cookie();
  code.filter();
  code.clear(key, FLOW_KEY_SIZE);
  code.copy(R10, base + AT.cookie, key, 8);
  code.copy(R10, base + AT.peer, key + 8, 16);
  code.copy(R10, base + AT.peerPort, key + 24, 2);
  code.copy(R10, base + AT.family, key + 26, 2);
  countFlow(code, null);
  code.process();
  // The filter may ask for a process.
  code.filter();
  code.time();
  code.announce();
  code.output(KIND.send);
  return code.finish();
}
