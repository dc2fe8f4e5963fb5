/**
 * Programs at the birth and the end of internet sockets, and where they get an address: hooks of control groups.
 *
 * @module
 */
import { BPF_PROG_TYPE_CGROUP_SOCK } from "../../../ffi/bpf.ts";
import type { Hook } from "../../bpf/attachment.ts";
import {
  aluImmediate,
  call,
  type Instruction,
  jump,
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
  R3,
  R6,
  store,
  toBigEndian,
} from "../../bpf/instruction.ts";
import { AF_INET6 } from "../../model/address_family.ts";
import { EventCode, FN, type KernelContext, sinceOf } from "./code.ts";
import { NOTE } from "./note.ts";
import { AT, FLAG, KIND } from "./record.ts";
import { ATTACH, SOCK } from "./uapi.ts";

/** The hooks. */
export function socketHooks(context: KernelContext): Hook[] {
  const hook = (
    name: string,
    attachType: number,
    code: (Instruction | Label)[],
    since = sinceOf(context),
  ): Hook => ({
    name,
    code,
    since,
    on: { programType: BPF_PROG_TYPE_CGROUP_SOCK, attachType },
  });
  return [
    hook("sockeye_open", ATTACH.inetSockCreate, created(context)),
    hook("sockeye_release", ATTACH.inetSockRelease, released(context)),
    hook("sockeye_bind4", ATTACH.inet4PostBind, bound(context, false)),
    hook("sockeye_bind6", ATTACH.inet6PostBind, bound(context, true)),
  ];
}

/** Family, type and protocol of the socket in the context. */
function identify(code: EventCode): void {
  const { base } = code;
  for (
    const [from, to] of [[SOCK.family, AT.family], [SOCK.type, AT.type], [
      SOCK.protocol,
      AT.protocol,
    ]] as const
  ) {
    code.add(load(4, R1, R6, from), store(2, R10, base + to, R1));
  }
}

function created(context: KernelContext): (Instruction | Label)[] {
  const code = new EventCode(context, 1);
  code.begin(KIND.open);
  identify(code);
  code.process();
  code.filter();
  code.time();
  code.cookie();
  code.announce();
  code.output(KIND.open);
  return code.finish();
}

function bound(context: KernelContext, v6: boolean): (Instruction | Label)[] {
  const code = new EventCode(context, 1);
  const { base } = code;
  code.begin(KIND.bind);
  identify(code);
  if (v6) {
    for (let i = 0; i < 16; i += 4) {
      code.add(load(4, R1, R6, SOCK.sourceIp6 + i), store(4, R10, base + AT.local + i, R1));
    }
  } else {
    code.add(load(4, R1, R6, SOCK.sourceIp4), store(4, R10, base + AT.local, R1));
  }
  code.add(load(4, R1, R6, SOCK.sourcePort), store(2, R10, base + AT.localPort, R1));
  code.process();
  code.filter();
  code.time();
  code.cookie();
  code.announce();
  code.output(KIND.bind);
  return code.finish();
}

function released(context: KernelContext): (Instruction | Label)[] {
  const code = new EventCode(context, 1);
  code.begin(KIND.release);
  identify(code);
  code.process();
  if (context.types !== null) addresses(code);
  code.filter();
  code.time();
  code.cookie();
  const { base } = code;
  if (context.hasNotes) {
    const none = code.fresh();
    code.note();
    code.add(
      jumpIfImmediate(R0, "==", 0, none),
      load(8, R1, R0, NOTE.received),
      store(8, R10, base + AT.received, R1),
    );
    code.flag(FLAG.hasCounters);
    code.add(label(none));
  }
  code.announce();
  code.output(KIND.release);
  return code.finish();
}

/** Bytes at the beginning of `struct sock` in which its addresses lie, as long as there is room for them on the stack. */
const COMMON_ROOM = 96;

// This hook may not read addresses from its context. But the context is the socket itself.
function addresses(code: EventCode): void {
  const types = code.context.types!;
  const { base } = code;
  const fields = {
    peer: types.common("skc_daddr"),
    local: types.common("skc_rcv_saddr"),
    peer6: types.common("skc_v6_daddr"),
    local6: types.common("skc_v6_rcv_saddr"),
    peerPort: types.common("skc_dport"),
    localPort: types.common("skc_num"),
    net: types.common("skc_net"),
  };
  const end = Math.max(...Object.values(fields).map(({ offset, size }) => offset + size));
  if (end > COMMON_ROOM) return;
  const at = code.room - COMMON_ROOM;
  const [v6, ports, failed] = [code.fresh(), code.fresh(), code.fresh()];
  code.stackAddress(R1, at);
  code.add(
    moveImmediate(R2, COMMON_ROOM),
    move(R3, R6),
    call(FN.probeReadKernel),
    jumpIfImmediate(R0, "!=", 0, failed),
    load(2, R1, R10, base + AT.family),
    jumpIfImmediate(R1, "==", AF_INET6, v6),
  );
  code.copy(R10, at + fields.peer.offset, base + AT.peer, 4);
  code.copy(R10, at + fields.local.offset, base + AT.local, 4);
  code.add(jump(ports), label(v6));
  code.copy(R10, at + fields.peer6.offset, base + AT.peer, 16);
  code.copy(R10, at + fields.local6.offset, base + AT.local, 16);
  code.add(label(ports));
  code.copy(R10, at + fields.localPort.offset, base + AT.localPort, 2);
  code.add(
    load(2, R1, R10, at + fields.peerPort.offset),
    toBigEndian(R1, 16),
    store(2, R10, base + AT.peerPort, R1),
  );
  // A process that ends has left its namespaces by now.
  code.add(load(8, R3, R10, at + fields.net.offset));
  code.add(aluImmediate(R3, "+=", types.netnsInode.offset));
  code.stackAddress(R1, at);
  code.add(
    moveImmediate(R2, 4),
    call(FN.probeReadKernel),
    jumpIfImmediate(R0, "!=", 0, failed),
    load(4, R1, R10, at),
    store(4, R10, base + AT.netns, R1),
    label(failed),
  );
}
