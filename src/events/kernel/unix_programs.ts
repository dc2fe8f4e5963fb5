/**
 * Programs about unix sockets. There is no hook for their birth, their bind(2), listen(2) and close(2).
 *
 * @module
 */
import { BPF_PROG_TYPE_CGROUP_SOCK_ADDR } from "../../../ffi/bpf.ts";
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
  R6,
  R7,
  R8,
  R9,
  store,
  storeImmediate,
} from "../../bpf/instruction.ts";
import { AF_UNIX } from "../../model/address_family.ts";
import { EventCode, FN, type KernelContext } from "./code.ts";
import { countFlow, flowProcess, outputFlow } from "./flow_code.ts";
import { FLOW_KEY_SIZE } from "./maps.ts";
import { AT, FLAG, KIND, NAME_ROOM, UNIX_RECORD_SIZE } from "./record.ts";
import type { KernelTypes } from "./types.ts";
import { SOCK_DGRAM } from "../../../ffi/socket.ts";
import { ATTACH, SOCK_ADDR } from "./uapi.ts";

// struct bpf_sock_addr_kern, which the context really is: sk, uaddr, tmp_reg, t_ctx, uaddrlen.
const KERN = { socket: 0, address: 8, length: 32, size: 40 };

/** Longest address, with its family. Kernel: sizeof(struct sockaddr_un). */
const ADDRESS_MOST = 110;

/** The hooks. They read memory of the kernel. */
export function unixHooks(context: KernelContext): Hook[] {
  const hook = (name: string, attachType: number, kind: number): Hook => ({
    name,
    code: addressed(context, kind),
    since: "6.7",
    on: { programType: BPF_PROG_TYPE_CGROUP_SOCK_ADDR, attachType },
  });
  return [
    hook("sockeye_uconn", ATTACH.unixConnect, KIND.unixConnect),
    hook("sockeye_usend", ATTACH.unixSendmsg, KIND.unixSend),
  ];
}

/** connect(2), or sendto(2) with an address. */
function addressed(context: KernelContext, kind: number): (Instruction | Label)[] {
  const code = new EventCode(context, 1, UNIX_RECORD_SIZE);
  const { base, key, value } = code;
  code.begin(kind);
  code.add(
    storeImmediate(2, R10, base + AT.family, AF_UNIX),
    load(4, R1, R6, SOCK_ADDR.type),
    store(2, R10, base + AT.type, R1),
  );
  code.flag(FLAG.hasPeer);
  code.cookie();
  // The address that was given, and how long it is. The key and the value are not used yet: there is room.
  code.stackAddress(R1, value);
  code.add(
    moveImmediate(R2, KERN.size),
    move(R3, R6),
    call(FN.probeReadKernel),
    jumpIfImmediate(R0, "!=", 0, "out"),
    load(8, R7, R10, value + KERN.address),
    load(4, R8, R10, value + KERN.length),
  );
  readName(code, AT.peerName, AT.peerLength);
  if (kind === KIND.unixConnect) {
    // What is used first at the other end is what was accepted. It is known by the socket that connects.
    code.add(storeImmediate(8, R10, value, 1));
    code.update(context.maps.pending, base + AT.cookie);
  } else {
    code.clear(key, FLOW_KEY_SIZE);
    code.copy(R10, base + AT.cookie, key, 8);
    hashName(code);
    code.add(
      store(8, R10, key + 8, R8),
      store(8, R10, base + AT.flow, R8),
      storeImmediate(2, R10, key + 26, AF_UNIX),
    );
    flowProcess(code);
    countFlow(code, null);
  }
  code.process();
  code.filter();
  code.time();
  code.announce();
  if (kind === KIND.unixSend) outputFlow(code, kind);
  else code.output(kind);
  return code.finish();
}

/** Reads a socket's address: r7 is where it is in the kernel, r8 how long with its family. */
function readName(code: EventCode, at: number, lengthAt: number): void {
  const { base } = code;
  const [none, bounded] = [code.fresh(), code.fresh()];
  code.add(
    jumpIfImmediate(R7, "==", 0, none),
    jumpIfImmediate(R8, "<=", 2, none),
    jumpIfImmediate(R8, "<=", ADDRESS_MOST, bounded),
    moveImmediate(R8, ADDRESS_MOST),
    label(bounded),
    aluImmediate(R8, "-=", 2),
    move(R3, R7),
    aluImmediate(R3, "+=", 2),
    move(R2, R8),
  );
  code.stackAddress(R1, base + at);
  code.add(
    call(FN.probeReadKernel),
    jumpIfImmediate(R0, "!=", 0, none),
    store(2, R10, base + lengthAt, R8),
    label(none),
  );
}

/** r8 = a hash of the peer's name. */
function hashName(code: EventCode): void {
  const { base } = code;
  // FNV-1a, eight bytes at a time.
  code.add(loadConstant(R8, 0xcbf29ce484222325n), loadConstant(R2, 0x100000001b3n));
  for (let i = 0; i < NAME_ROOM; i += 8) {
    code.add(load(8, R1, R10, base + AT.peerName + i), alu(R8, "^=", R1), alu(R8, "*=", R2));
    // The high bits have to reach the low ones.
    code.add(move(R1, R8), aluImmediate(R1, ">>=", 32), alu(R8, "^=", R1));
  }
}

/**
 * A unix socket, r7, sent or received r8 bytes. If it is the other end of one that was seen to connect, and it is used for the
 * first time, it was accepted. A connected datagram socket that sends is told once. Ends the program.
 */
export function unixUse(outer: EventCode, types: KernelTypes, sends: boolean): void {
  // The record is longer than that of the rest of the program, so it has a frame of its own.
  const code = outer.framed(UNIX_RECORD_SIZE);
  const { base, key, value } = code;
  const { maps } = code.context;
  const peerCookie = value;
  code.add(
    jumpIfImmediate(R8, "s<", 0, "out"),
    move(R1, R7),
    call(FN.skcToUnixSock),
    jumpIfImmediate(R0, "==", 0, "out"),
    move(R9, R0),
  );
  // The other end, and its cookie. That of a socket that was seen to connect was made then.
  code.get(R1, R9, types.of("unix_sock", "peer"));
  code.add(jumpIfImmediate(R1, "==", 0, "out"));
  code.get(R1, R1, types.common("skc_cookie"));
  code.add(store(8, R10, peerCookie, R1));
  const datagram = code.fresh();
  code.get(R1, R7, types.sock("sk_type"));
  code.add(jumpIfImmediate(R1, "==", SOCK_DGRAM, datagram));
  code.lookUp(maps.pending, peerCookie);
  code.add(jumpIfImmediate(R0, "==", 0, "out"));
  code.remove(maps.pending, peerCookie);
  // Only now is there something to tell.
  const begin = (kind: number) => {
    code.clear(base, code.size);
    code.setKind(kind);
    code.get(R1, R7, types.sock("sk_type"));
    code.add(store(2, R10, base + AT.type, R1));
  };
  begin(KIND.unixAccepted);
  code.cookie(R7);
  code.get(R7, R9, types.of("unix_sock", "addr"));
  unixName(code, types, AT.localName, AT.localLength);
  const tell = code.fresh();
  code.add(jump(tell), label(datagram));
  if (!sends) code.add(jump("out"));
  else {
    code.clear(key, FLOW_KEY_SIZE);
    code.add(move(R1, R7), call(FN.getSocketCookie), store(8, R10, key, R0));
    code.add(
      load(8, R1, R10, peerCookie),
      store(8, R10, key + 8, R1),
      storeImmediate(2, R10, key + 26, AF_UNIX),
      storeImmediate(2, R10, key + 24, 1),
    );
    flowProcess(code);
    countFlow(code, R8);
    begin(KIND.unixSend);
    code.copy(R10, key, base + AT.cookie, 8);
    code.copy(R10, key + 8, base + AT.flow, 8);
    code.copy(R10, key + 28, base + AT.flowTgid, 4);
    code.add(store(8, R10, base + AT.sent, R8));
    code.flag(FLAG.hasPeer | FLAG.connected);
    code.get(R1, R9, types.of("unix_sock", "peer"));
    const unnamed = code.fresh();
    code.add(call(FN.skcToUnixSock), jumpIfImmediate(R0, "==", 0, unnamed));
    code.get(R7, R0, types.of("unix_sock", "addr"));
    unixName(code, types, AT.peerName, AT.peerLength);
    code.add(label(unnamed));
  }
  code.add(label(tell), storeImmediate(2, R10, base + AT.family, AF_UNIX));
  code.process();
  code.filter();
  code.time();
  code.announce();
  // A loss is counted by its kind.
  const accepted = code.fresh();
  code.add(
    load(1, R1, R10, base + AT.kind),
    jumpIfImmediate(R1, "==", KIND.unixAccepted, accepted),
  );
  outputFlow(code, KIND.unixSend);
  code.add(jump("out"), label(accepted));
  code.output(KIND.unixAccepted);
  code.add(jump("out"));
}

/** Reads the name of a socket: r7 is its `struct unix_address`, or 0. */
function unixName(code: EventCode, types: KernelTypes, at: number, lengthAt: number): void {
  const none = code.fresh();
  code.add(jumpIfImmediate(R7, "==", 0, none));
  code.get(R8, R7, types.of("unix_address", "len"));
  code.add(aluImmediate(R7, "+=", types.of("unix_address", "name").offset));
  readName(code, at, lengthAt);
  code.add(label(none));
}
