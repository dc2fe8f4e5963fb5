/**
 * Programs where a process names an address: connect(2), sendto(2) of a datagram, accept(2). Hooks of control groups.
 *
 * @module
 */
import { BPF_PROG_TYPE_CGROUP_SOCK_ADDR } from "../../../ffi/bpf.ts";
import type { Hook } from "../../bpf/attachment.ts";
import {
  aluImmediate,
  call,
  compareExchange,
  type Instruction,
  jump,
  jumpIf,
  jumpIfImmediate,
  type Label,
  label,
  load,
  move,
  moveImmediate,
  R0,
  R1,
  R10,
  R2,
  R6,
  R7,
  R8,
  R9,
  store,
  storeImmediate,
  toBigEndian,
} from "../../bpf/instruction.ts";
import { AF_INET, AF_INET6 } from "../../model/address_family.ts";
import { swap32 } from "../../model/byte_order.ts";
import { EventCode, FN, type KernelContext, sinceOf } from "./code.ts";
import { countFlow, flowKey, outputFlow } from "./flow_code.ts";
import { FLOW_KEY_SIZE, PENDING, SENDING_PENDING } from "./maps.ts";
import { HOME, NOTE } from "./note.ts";
import { AT, FLAG, KIND } from "./record.ts";
import { ATTACH, SOCK, SOCK_ADDR } from "./uapi.ts";

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
  ): Hook => ({
    name,
    code,
    since: sinceOf(context),
    on: { programType: BPF_PROG_TYPE_CGROUP_SOCK_ADDR, attachType },
  });
  const sending = sees.datagrams ? announced : sent;
  const accept = (v6: boolean) => accepted(context, v6, sees.states);
  return [
    hook("sockeye_conn4", ATTACH.inet4Connect, connecting(context, false)),
    hook("sockeye_conn6", ATTACH.inet6Connect, connecting(context, true)),
    hook("sockeye_send4", ATTACH.udp4Sendmsg, sending(context, false)),
    hook("sockeye_send6", ATTACH.udp6Sendmsg, sending(context, true)),
    hook("sockeye_accept4", ATTACH.inet4Getpeername, accept(false)),
    hook("sockeye_accept6", ATTACH.inet6Getpeername, accept(true)),
  ];
}

/** Family, type, protocol and the other end, as the context has them. */
function identify(code: EventCode, v6: boolean): void {
  const { base } = code;
  code.add(
    storeImmediate(2, R10, base + AT.family, v6 ? AF_INET6 : AF_INET),
    load(4, R1, R6, SOCK_ADDR.type),
    store(2, R10, base + AT.type, R1),
    load(4, R1, R6, SOCK_ADDR.protocol),
    store(2, R10, base + AT.protocol, R1),
  );
  if (v6) {
    for (let i = 0; i < 16; i += 4) {
      code.add(load(4, R1, R6, SOCK_ADDR.ip6 + i), store(4, R10, base + AT.peer + i, R1));
    }
  } else {
    const [plain, done] = [code.fresh(), code.fresh()];
    code.add(
      load(4, R1, R6, SOCK_ADDR.family),
      jumpIfImmediate(R1, "!=", AF_INET6, plain),
      // A socket of IPv6 that has to do with IPv4 comes here too. It keeps its family, and the address its mapped form.
      storeImmediate(2, R10, base + AT.family, AF_INET6),
      storeImmediate(4, R10, base + AT.peer + 8, swap32(0xffff)),
      load(4, R1, R6, SOCK_ADDR.ip4),
      store(4, R10, base + AT.peer + 12, R1),
      jump(done),
      label(plain),
      load(4, R1, R6, SOCK_ADDR.ip4),
      store(4, R10, base + AT.peer, R1),
      label(done),
    );
  }
  code.add(
    load(4, R1, R6, SOCK_ADDR.port),
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
  // getpeername(2) comes here too. Only a connection that waits for its process is told of, and only once.
  if (sees && !context.hasNotes) {
    code.lookUp(context.maps.pending, base + AT.cookie);
    code.add(jumpIfImmediate(R0, "==", 0, "out"));
    code.remove(context.maps.pending, base + AT.cookie);
  } else if (sees) {
    code.add(load(8, R7, R6, SOCK_ADDR.socket));
    code.takeWaiting(R7);
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

/**
 * Keeps where the datagram goes for the program that learns what became of it: see note.ts. What goes home, as nearly all datagrams
 * do, ends after a comparison.
 */
function announced(context: KernelContext, v6: boolean): (Instruction | Label)[] {
  const code = new EventCode(context, 1);
  const { key, value, base } = code;
  const [fresh, elsewhere, build] = [code.fresh(), code.fresh(), code.fresh()];
  code.add(move(R6, R1), load(8, R7, R6, SOCK_ADDR.socket));
  code.note(R7, true);
  // r8 is 1 for a destination that becomes the home.
  code.add(
    move(R9, R0),
    moveImmediate(R8, 0),
    jumpIfImmediate(R9, "==", 0, build),
    load(2, R1, R7, SOCK.destinationPort),
    jumpIfImmediate(R1, "!=", 0, build),
    load(1, R1, R9, NOTE.state),
    jumpIfImmediate(R1, "<", HOME.ready, fresh),
    load(4, R1, R9, NOTE.hookPort),
    load(4, R2, R6, SOCK_ADDR.port),
    jumpIf(R1, "!=", R2, build),
    load(4, R1, R9, NOTE.hook),
    jumpIfImmediate(R1, "!=", v6 ? 6 : 4, build),
  );
  for (let i = 0; i < (v6 ? 16 : 4); i += 4) {
    code.add(
      load(4, R1, R9, v6 ? NOTE.address + i : NOTE.hookIp4),
      load(4, R2, R6, v6 ? SOCK_ADDR.ip6 + i : SOCK_ADDR.ip4),
      jumpIf(R1, "!=", R2, build),
    );
  }
  code.add(
    jump("out"),
    label(fresh),
    moveImmediate(R0, 0),
    moveImmediate(R1, HOME.claimed),
    compareExchange(8, R9, NOTE.word, R1),
    jumpIfImmediate(R0, "!=", 0, build),
    moveImmediate(R8, 1),
    label(build),
  );
  code.clear(base, code.size);
  code.setKind(KIND.send);
  identify(code, v6);
  code.cookie();
  code.add(call(FN.getCurrentPidTgid), move(R7, R0));
  code.clear(value, SENDING_PENDING + 8);
  code.copy(R10, base + AT.cookie, value, 8);
  code.copy(R10, base + AT.peer, value + 8, 16);
  code.copy(R10, base + AT.peerPort, value + 24, 2);
  code.copy(R10, base + AT.family, value + 26, 2);
  code.add(move(R1, R7), aluImmediate(R1, ">>=", 32), store(4, R10, value + 28, R1));
  const ready = code.fresh();
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
  const table = code.fresh();
  code.add(
    jumpIfImmediate(R9, "==", 0, table),
    jumpIfImmediate(R8, "==", 0, elsewhere),
  );
  const copyTo = (at: number, from: number, size: number) => {
    for (let i = 0; i < size; i += 4) {
      code.add(load(4, R1, R10, value + from + i), store(4, R9, at + i, R1));
    }
  };
  copyTo(NOTE.address, 8, 20);
  const unwanted = code.fresh();
  code.add(
    load(4, R1, R6, SOCK_ADDR.port),
    store(4, R9, NOTE.hookPort, R1),
    storeImmediate(4, R9, NOTE.hook, v6 ? 6 : 4),
    load(4, R1, R10, value + 28),
    store(4, R9, NOTE.tgid, R1),
  );
  if (!v6) code.add(load(4, R1, R6, SOCK_ADDR.ip4), store(4, R9, NOTE.hookIp4, R1));
  code.add(
    load(8, R1, R10, value + SENDING_PENDING),
    jumpIfImmediate(R1, "==", PENDING.unwanted, unwanted),
    storeImmediate(1, R9, NOTE.state, HOME.ready),
    jump("out"),
    label(unwanted),
    storeImmediate(1, R9, NOTE.state, HOME.unwanted),
    jump("out"),
    label(elsewhere),
  );
  // The thread may have left something here that nobody took.
  const mine = code.fresh();
  code.add(
    load(8, R1, R9, NOTE.thread),
    jumpIf(R1, "==", R7, mine),
    moveImmediate(R0, 0),
    compareExchange(8, R9, NOTE.thread, R7),
    jumpIfImmediate(R0, "==", 0, mine),
    storeImmediate(1, R9, NOTE.contended, 1),
    jump(table),
    label(mine),
  );
  copyTo(NOTE.pending, 0, FLOW_KEY_SIZE);
  code.add(
    load(8, R1, R10, value + SENDING_PENDING),
    store(4, R9, NOTE.unwanted, R1),
    jump("out"),
    label(table),
    store(8, R10, key, R7),
  );
  // To write into what is there costs a fraction of setting a value.
  const insert = code.fresh();
  code.lookUp(context.maps.sending);
  code.add(jumpIfImmediate(R0, "==", 0, insert));
  for (let i = 0; i < SENDING_PENDING + 8; i += 8) {
    code.add(load(8, R1, R10, value + i), store(8, R0, i, R1));
  }
  code.add(jump("out"), label(insert));
  code.update(context.maps.sending);
  return code.finish();
}

/** Tells of the datagram itself: nothing comes after that would know more. */
function sent(context: KernelContext, v6: boolean): (Instruction | Label)[] {
  const code = new EventCode(context, 1);
  code.begin(KIND.send);
  identify(code, v6);
  code.cookie();
  code.filter();
  flowKey(code);
  countFlow(code, null);
  code.process();
  // The filter may ask for a process.
  code.filter();
  code.time();
  code.announce();
  outputFlow(code, KIND.send);
  return code.finish();
}
