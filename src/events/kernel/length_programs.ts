/**
 * Programs where bytes are sent and received: tracepoints that every family passes, in the context of the process, with the
 * number of bytes or the error.
 *
 * @module
 */
import type { Hook } from "../../bpf/attachment.ts";
import {
  alu,
  aluImmediate,
  atomicAdd,
  call,
  compareExchange,
  fetchAdd,
  type Instruction,
  jump,
  jumpIf,
  jumpIf32Immediate,
  jumpIfImmediate,
  type Label,
  label,
  load,
  loadMap,
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
import { AF_INET, AF_INET6, AF_UNIX } from "../../model/address_family.ts";
import { swap32 } from "../../model/byte_order.ts";
import { EventCode, FN, type KernelContext } from "./code.ts";
import { addToFlow, countFlow, flowKey, outputFlow } from "./flow_code.ts";
import { COUNTER_SLOTS, FLOW, PENDING, SENDING_PENDING, SLOT_ROOM } from "./maps.ts";
import { HOME, NOTE, SLOT_CLAIMED } from "./note.ts";
import { packetKey } from "./packet_program.ts";
import { AT, FLAG, KIND } from "./record.ts";
import { routeKey } from "./route_programs.ts";
import type { KernelTypes } from "./types.ts";
import {
  IPPROTO_MPTCP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPPROTO_UDPLITE,
} from "../../families/inet/uapi.ts";
import { MSG_PEEK } from "./uapi.ts";
import { unixUse } from "./unix_programs.ts";

// The arguments of both tracepoints: socket, result, flags.
const ARGUMENTS = { socket: 0, result: 8, flags: 16 };

/** What the programs are to do beside the usual. */
interface LengthWishes {
  /** Tell of unix sockets too. */
  readonly unix: boolean;
  /** Tell of datagrams. */
  readonly datagrams: boolean;
  /** Take destinations from the search for routes. */
  readonly routes: boolean;
}

/** The hooks. */
export function lengthHooks(
  context: KernelContext,
  types: KernelTypes,
  wishes: LengthWishes,
): Hook[] {
  const since = "6.3";
  return [
    {
      name: "sockeye_sent",
      code: length(context, types, true, wishes),
      since,
      on: { tracepoint: "sock_send_length" },
    },
    {
      name: "sockeye_recv",
      code: length(context, types, false, wishes),
      since,
      on: { tracepoint: "sock_recv_length" },
    },
  ];
}

function length(
  context: KernelContext,
  types: KernelTypes,
  sends: boolean,
  { unix, routes, datagrams }: LengthWishes,
): (Instruction | Label)[] {
  const code = new EventCode(context, 0);
  const family = types.common("skc_family");
  code.add(move(R6, R1), load(8, R7, R6, ARGUMENTS.socket));
  code.get(R1, R7, family);
  code.add(
    jumpIfImmediate(R1, "==", AF_INET, "internet"),
    jumpIfImmediate(R1, "==", AF_INET6, "internet"),
    jumpIfImmediate(R1, "==", AF_UNIX, unix ? "unix" : "out"),
    jump("out"),
    label("internet"),
  );
  // r8 = what the call returned, with its sign.
  code.add(
    load(4, R8, R6, ARGUMENTS.result),
    aluImmediate(R8, "<<=", 32),
    aluImmediate(R8, "s>>=", 32),
  );
  code.get(R1, R7, types.sock("sk_protocol"));
  const stream = code.fresh();
  code.add(
    jumpIfImmediate(R1, "==", IPPROTO_TCP, stream),
    // Its bytes go over TCP sockets, which tell of it.
    jumpIfImmediate(R1, "==", IPPROTO_MPTCP, "out"),
    jump(datagrams ? "datagram" : "out"),
    label(stream),
  );
  firstUse(code, types);
  // What comes before has ended the program.
  if (datagrams) code.add(label("datagram"));
  if (datagrams && sends) datagram(code, types, routes);
  // What came in is told when the socket is closed, which is not seen where routes are looked at.
  else if (datagrams && !routes) received(code);
  else if (datagrams) code.add(jump("out"));
  if (unix) {
    code.add(label("unix"));
    code.add(
      load(4, R8, R6, ARGUMENTS.result),
      aluImmediate(R8, "<<=", 32),
      aluImmediate(R8, "s>>=", 32),
    );
    unixUse(code, types, sends);
  }
  return code.finish();
}

/** A connection that was established from elsewhere has found its process. */
function firstUse(code: EventCode, types: KernelTypes): void {
  // Most connections have no note, which is quickly found out.
  code.takeWaiting(R7);
  code.clear(code.base, code.size);
  code.setKind(KIND.firstUse);
  code.cookie(R7);
  code.process();
  code.socket(types);
  code.filter();
  code.time();
  code.announce();
  code.output(KIND.firstUse);
  code.add(jump("out"));
}

/** The socket in r7 received r8 bytes in a datagram. */
function received(code: EventCode): void {
  code.add(
    jumpIfImmediate(R8, "s<=", 0, "out"),
    load(4, R1, R6, ARGUMENTS.flags),
    aluImmediate(R1, "&=", MSG_PEEK),
    jumpIfImmediate(R1, "!=", 0, "out"),
  );
  code.note(R7, true);
  code.add(
    jumpIfImmediate(R0, "==", 0, "out"),
    atomicAdd(8, R0, NOTE.received, R8),
    jump("out"),
  );
}

function datagram(code: EventCode, types: KernelTypes, routes: boolean): void {
  const { base, room } = code;
  const { sending } = code.context.maps;
  if (!routes) knownFlow(code, types);
  code.clear(base, code.size);
  code.setKind(KIND.send);
  code.cookie(R7);
  code.socket(types);
  // Where this thread said that it sends to, if that was on this socket and for this datagram.
  const [connected, mine, ready] = [code.fresh(), code.fresh(), code.fresh()];
  const [byThread, look] = [code.fresh(), code.fresh()];
  code.add(
    load(2, R1, R10, base + AT.protocol),
    jumpIfImmediate(R1, "==", IPPROTO_UDP, byThread),
    jumpIfImmediate(R1, "==", IPPROTO_UDPLITE, byThread),
    load(8, R0, R10, base + AT.cookie),
  );
  packetKey(code, R0, room);
  code.lookUp(sending, room);
  code.add(
    jumpIfImmediate(R0, "!=", 0, look),
    label(byThread),
    call(FN.getCurrentPidTgid),
    store(8, R10, room, R0),
  );
  if (!routes) {
    const none = code.fresh();
    code.note(R7);
    code.add(
      jumpIfImmediate(R0, "==", 0, none),
      load(8, R1, R0, NOTE.thread),
      load(8, R2, R10, room),
      jumpIf(R1, "!=", R2, none),
      storeImmediate(8, R0, NOTE.thread, 0),
      load(4, R1, R0, NOTE.unwanted),
      jumpIfImmediate(R1, "==", PENDING.unwanted, "out"),
      aluImmediate(R0, "+=", NOTE.pending),
      jump(mine),
      label(none),
    );
  }
  code.lookUp(sending, room);
  code.add(label(look));
  if (routes) {
    const found = code.fresh();
    code.add(jumpIfImmediate(R0, "!=", 0, found), load(2, R9, R10, base + AT.protocol));
    routeKey(code, R9, room);
    code.lookUp(sending, room);
    code.add(label(found));
  }
  code.add(
    jumpIfImmediate(R0, "==", 0, connected),
    load(8, R1, R0, SENDING_PENDING),
    jumpIfImmediate(R1, "==", 0, connected),
    storeImmediate(8, R0, SENDING_PENDING, PENDING.none),
    jumpIfImmediate(R1, "==", PENDING.unwanted, "out"),
    jumpIfImmediate(R1, "==", PENDING.anySocket, mine),
    load(8, R1, R0, 0),
    load(8, R2, R10, base + AT.cookie),
    jumpIf(R1, "!=", R2, connected),
    label(mine),
  );
  takeDestination(code);
  code.add(jump(ready), label(connected));
  if (!routes) toHome(code, types);
  // A connected socket knows the destination itself. One that is not has zeros, and then it is not known.
  hasPeerIfNotZero(code);
  code.add(label(ready));
  code.filter();
  flowKey(code);
  countFlow(code, R8);
  result(code);
  // The namespace of the socket is surer than that of the process.
  code.process();
  code.netns(types);
  code.filter();
  code.time();
  code.announce();
  outputFlow(code, KIND.send);
  code.add(jump("out"));
}

/** What send(2) returned, r8, into the record. */
function result(code: EventCode): void {
  const { base } = code;
  const [failed, told] = [code.fresh(), code.fresh()];
  code.add(
    jumpIfImmediate(R8, "s<", 0, failed),
    store(8, R10, base + AT.sent, R8),
    jump(told),
    label(failed),
    store(4, R10, base + AT.error, R8),
    label(told),
  );
}

function hasPeerIfNotZero(code: EventCode): void {
  for (const part of [0, 8]) {
    const next = code.fresh();
    code.add(load(8, R1, R10, code.base + AT.peer + part), jumpIfImmediate(R1, "==", 0, next));
    code.flag(FLAG.hasPeer);
    code.add(label(next));
  }
}

/**
 * Counts a datagram of a flow that was told already, and goes on otherwise. Nearly all datagrams of a fast sender end here, so it
 * builds nothing.
 */
function knownFlow(code: EventCode, types: KernelTypes): void {
  const { key } = code;
  const { flows, slots } = code.context.maps;
  const [udp, slow, home, counted] = [code.fresh(), code.fresh(), code.fresh(), code.fresh()];
  code.get(R1, R7, types.sock("sk_protocol"));
  code.add(
    jumpIfImmediate(R1, "==", IPPROTO_UDP, udp),
    jumpIfImmediate(R1, "!=", IPPROTO_UDPLITE, slow),
    label(udp),
  );
  code.note(R7);
  code.add(
    jumpIfImmediate(R0, "==", 0, slow),
    move(R9, R0),
    call(FN.getCurrentPidTgid),
    load(8, R1, R9, NOTE.thread),
    jumpIf(R1, "==", R0, counted),
    // The word of a home that is ready and this process's own, on a socket that is connected as it was.
    aluImmediate(R0, ">>=", 32),
    aluImmediate(R0, "<<=", 32),
  );
  code.get(R2, R7, types.common("skc_dport"));
  code.add(
    move(R3, R2),
    aluImmediate(R3, "<<=", 16),
    alu(R0, "|=", R3),
    load(8, R1, R9, NOTE.word),
    alu(R1, "^=", R0),
    jumpIfImmediate(R1, "==", HOME.ready, home),
    jumpIfImmediate(R1, "==", HOME.unwantedOfProcess, home),
    jumpIf32Immediate(R1, "!=", HOME.unwanted, slow),
    label(home),
  );
  sameConnection(code, types, slow);
  code.add(
    jumpIfImmediate(R1, "!=", HOME.ready, "out"),
    load(4, R1, R9, NOTE.slot),
    store(4, R10, key, R1),
  );
  code.lookUp(slots);
  code.add(
    jumpIfImmediate(R0, "==", 0, slow),
    load(8, R1, R0, FLOW.cookie),
  );
  code.get(R2, R7, types.common("skc_cookie"));
  code.add(jumpIf(R1, "!=", R2, slow));
  addToFlow(code, R8);
  code.add(
    jump("out"),
    label(counted),
    load(4, R1, R9, NOTE.unwanted),
    jumpIfImmediate(R1, "==", PENDING.unwanted, slow),
    loadMap(R1, flows),
    move(R2, R9),
    aluImmediate(R2, "+=", NOTE.pending),
    call(FN.mapLookup),
    jumpIfImmediate(R0, "==", 0, slow),
    storeImmediate(8, R9, NOTE.thread, 0),
  );
  addToFlow(code, R8);
  code.add(jump("out"), label(slow));
}

/**
 * Goes on if the home in the note, r9, is still where the socket in r7 is connected to, given that the ports are the same, the
 * latter in r2. r1 stays.
 */
function sameConnection(code: EventCode, types: KernelTypes, no: string): void {
  const [v4, same] = [code.fresh(), code.fresh()];
  code.add(
    jumpIfImmediate(R2, "==", 0, same),
    load(2, R2, R9, NOTE.family),
    jumpIfImmediate(R2, "==", AF_INET, v4),
  );
  const v6 = types.common("skc_v6_daddr").offset;
  for (const part of [0, 8]) {
    code.add(
      load(8, R2, R9, NOTE.address + part),
      load(8, R3, R7, v6 + part),
      jumpIf(R2, "!=", R3, no),
    );
  }
  code.add(jump(same), label(v4), load(4, R2, R9, NOTE.address));
  code.get(R3, R7, types.common("skc_daddr"));
  code.add(jumpIf(R2, "!=", R3, no), label(same));
}

/**
 * The thread has not named a destination that the note does not have, so the datagram goes home, or where the socket is connected
 * to, which may become its home. Tells of the first one of this process, and ends the program; goes on where there is no home, or
 * it is another process's.
 */
function toHome(code: EventCode, types: KernelTypes): void {
  const { base, key, room } = code;
  const { slots, counters } = code.context.maps;
  const [none, udp, isHome, isConnected] = [code.fresh(), code.fresh(), code.fresh(), code.fresh()];
  code.add(
    load(2, R1, R10, base + AT.protocol),
    jumpIfImmediate(R1, "==", IPPROTO_UDP, udp),
    jumpIfImmediate(R1, "!=", IPPROTO_UDPLITE, none),
    label(udp),
  );
  code.note(R7, true);
  code.add(jumpIfImmediate(R0, "==", 0, none), move(R9, R0));
  code.get(R2, R7, types.common("skc_dport"));
  code.add(jumpIfImmediate(R2, "!=", 0, isConnected));
  // Unconnected: home is where the hook found it.
  code.add(
    load(1, R1, R9, NOTE.state),
    jumpIfImmediate(R1, "<", HOME.ready, none),
    load(4, R1, R9, NOTE.hook),
    jumpIfImmediate(R1, "==", 0, none),
  );
  for (const part of [0, 8]) {
    code.add(
      load(8, R1, R9, NOTE.address + part),
      store(8, R10, base + AT.peer + part, R1),
    );
  }
  code.add(load(2, R1, R9, NOTE.port), store(2, R10, base + AT.peerPort, R1));
  code.flag(FLAG.hasPeer);
  code.add(jump(isHome), label(isConnected));
  // Connected: the first such destination becomes the home.
  const owned = code.fresh();
  code.add(
    moveImmediate(R0, 0),
    moveImmediate(R1, HOME.claimed),
    compareExchange(8, R9, NOTE.word, R1),
    jumpIfImmediate(R0, "!=", 0, owned),
  );
  for (const part of [0, 8]) {
    code.add(
      load(8, R1, R10, base + AT.peer + part),
      store(8, R9, NOTE.address + part, R1),
    );
  }
  code.add(
    load(2, R1, R10, base + AT.peerPort),
    store(2, R9, NOTE.port, R1),
    load(2, R1, R10, base + AT.family),
    store(2, R9, NOTE.family, R1),
    store(2, R9, NOTE.socketPort, R2),
    load(4, R1, R10, room + 4),
    store(4, R9, NOTE.tgid, R1),
    storeImmediate(1, R9, NOTE.state, HOME.ready),
    label(owned),
    load(1, R1, R9, NOTE.state),
    jumpIfImmediate(R1, "<", HOME.ready, none),
    load(2, R1, R9, NOTE.socketPort),
    jumpIf(R1, "!=", R2, none),
  );
  sameConnection(code, types, none);
  hasPeerIfNotZero(code);
  code.add(label(isHome));
  // Whether it is wanted does not change as long as the socket does not. What is asked of processes is not known yet.
  if (code.context.filter !== null) {
    const [filtered, unwanted] = [code.fresh(), code.fresh()];
    code.filter(unwanted);
    code.add(
      jump(filtered),
      label(unwanted),
      storeImmediate(1, R9, NOTE.state, HOME.unwanted),
      jump("out"),
      label(filtered),
    );
  }
  code.add(
    load(1, R1, R9, NOTE.state),
    jumpIfImmediate(R1, "==", HOME.unwanted, "out"),
    load(4, R1, R9, NOTE.tgid),
    load(4, R2, R10, room + 4),
    jumpIf(R1, "!=", R2, none),
    load(1, R1, R9, NOTE.state),
    jumpIfImmediate(R1, "==", HOME.unwantedOfProcess, "out"),
  );
  // It may have been told already, and be here because the socket is contended.
  const untold = code.fresh();
  code.add(
    load(4, R1, R9, NOTE.slot),
    store(8, R10, room + 8, R1),
    jumpIfImmediate(R1, "==", 0, untold),
    store(4, R10, key, R1),
  );
  code.lookUp(slots);
  code.add(
    // Another thread is telling of it right now.
    jumpIfImmediate(R0, "==", 0, none),
    load(8, R1, R0, FLOW.cookie),
    load(8, R2, R10, base + AT.cookie),
    jumpIf(R1, "!=", R2, untold),
  );
  addToFlow(code, R8);
  code.add(
    jump("out"),
    label(untold),
    load(8, R0, R10, room + 8),
    moveImmediate(R1, SLOT_CLAIMED),
    move(R2, R0),
    compareExchange(4, R9, NOTE.slot, R1),
    jumpIf(R0, "!=", R2, none),
  );
  giveSlot(code, counters, slots);
  result(code);
  code.process();
  code.netns(types);
  const foreign = code.fresh();
  code.filter(foreign);
  code.time();
  code.announce();
  const setSlot = (value: () => void) => {
    code.note(R7);
    code.add(jumpIfImmediate(R0, "==", 0, "out"));
    value();
    code.add(jump("out"));
  };
  // Where it is lost, the next one is the first.
  code.output(KIND.send, () => setSlot(() => code.add(storeImmediate(4, R0, NOTE.slot, 0))));
  setSlot(() => code.add(load(4, R1, R10, base + AT.slot), store(4, R0, NOTE.slot, R1)));
  if (code.context.filter !== null) {
    code.add(label(foreign));
    setSlot(() =>
      code.add(
        storeImmediate(4, R0, NOTE.slot, 0),
        storeImmediate(1, R0, NOTE.state, HOME.unwantedOfProcess),
      )
    );
  }
  code.add(label(none));
}

/** Takes the next slot for the flow of the record, whose first datagram this is, and tells what was counted there before. */
function giveSlot(code: EventCode, counters: number, slots: number): void {
  const { base, key } = code;
  const fresh = code.fresh();
  code.add(storeImmediate(4, R10, key, COUNTER_SLOTS));
  code.lookUp(counters);
  code.add(
    jumpIfImmediate(R0, "==", 0, "out"),
    moveImmediate(R1, 1),
    fetchAdd(8, R0, 0, R1),
    aluImmediate(R1, "&=", SLOT_ROOM - 1),
    aluImmediate(R1, "+=", 1),
    store(4, R10, key, R1),
    store(8, R10, base + AT.slot, R1),
  );
  code.lookUp(slots);
  code.add(
    jumpIfImmediate(R0, "==", 0, "out"),
    move(R9, R0),
    // Of a single datagram nothing is left to tell.
    load(8, R1, R9, FLOW.count),
    jumpIfImmediate(R1, "<=", 1, fresh),
    store(8, R10, base + AT.slotCount, R1),
    load(8, R1, R9, FLOW.bytes),
    store(8, R10, base + AT.sent, R1),
    load(8, R1, R9, FLOW.failed),
    store(8, R10, base + AT.slotFailed, R1),
    load(8, R1, R9, FLOW.cookie),
    store(8, R10, base + AT.cookie, R1),
  );
  code.setKind(KIND.counted);
  code.time();
  code.output(KIND.counted);
  code.setKind(KIND.send);
  code.cookie(R7);
  const [failed, done] = [code.fresh(), code.fresh()];
  code.add(
    storeImmediate(8, R10, base + AT.sent, 0),
    label(fresh),
    load(8, R1, R10, base + AT.cookie),
    store(8, R9, FLOW.cookie, R1),
    storeImmediate(8, R9, FLOW.count, 1),
    storeImmediate(8, R9, FLOW.bytes, 0),
    storeImmediate(8, R9, FLOW.failed, 0),
    jumpIfImmediate(R8, "s<", 0, failed),
    store(8, R9, FLOW.bytes, R8),
    jump(done),
    label(failed),
    storeImmediate(8, R9, FLOW.failed, 1),
    label(done),
  );
}

/** Copies the destination from what r0 points to. */
function takeDestination(code: EventCode): void {
  const { base } = code;
  const [plain, port] = [code.fresh(), code.fresh()];
  code.flag(FLAG.hasPeer);
  code.add(
    load(2, R1, R0, 24),
    store(2, R10, base + AT.peerPort, R1),
    // A packet of IPv4 on a socket of IPv6: the address in its mapped form.
    load(2, R1, R10, base + AT.family),
    load(2, R2, R0, 26),
    jumpIf(R1, "==", R2, plain),
    jumpIfImmediate(R1, "!=", AF_INET6, plain),
    storeImmediate(8, R10, base + AT.peer, 0),
    storeImmediate(4, R10, base + AT.peer + 8, swap32(0xffff)),
    load(4, R1, R0, 8),
    store(4, R10, base + AT.peer + 12, R1),
    jump(port),
    label(plain),
  );
  for (const part of [0, 8]) {
    code.add(load(8, R1, R0, 8 + part), store(8, R10, base + AT.peer + part, R1));
  }
  code.add(label(port));
}
