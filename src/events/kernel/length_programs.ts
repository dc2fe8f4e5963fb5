/**
 * Programs where bytes are sent and received: tracepoints that every family passes, in the context of the process, with the
 * number of bytes or the error.
 *
 * @module
 */
import type { Hook } from "../../bpf/attachment.ts";
import {
  aluImmediate,
  atomicAdd,
  call,
  type Instruction,
  jump,
  jumpIf,
  jumpIfImmediate,
  type Label,
  label,
  load,
  loadMap,
  move,
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
} from "../../bpf/instruction.ts";
import { AF_INET, AF_INET6, AF_UNIX } from "../../model/address_family.ts";
import { swap32 } from "../../model/byte_order.ts";
import { EventCode, FN, type KernelContext } from "./code.ts";
import { addToFlow, countFlow } from "./flow_code.ts";
import { FLOW_KEY_SIZE, PENDING, SENDING_PENDING, TRAFFIC, TRAFFIC_SIZE } from "./maps.ts";
import { packetKey } from "./packet_program.ts";
import { AT, FLAG, KIND } from "./record.ts";
import { routeKey } from "./route_programs.ts";
import type { KernelTypes } from "./types.ts";
import { unixUse } from "./unix_programs.ts";

const IPPROTO_TCP = 6;
const IPPROTO_UDP = 17;
const IPPROTO_UDPLITE = 136;
const IPPROTO_MPTCP = 262;
const MSG_PEEK = 2;

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
  const { base } = code;
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
  else if (datagrams) {
    code.add(
      jumpIfImmediate(R8, "s<", 0, "out"),
      load(4, R1, R6, ARGUMENTS.flags),
      aluImmediate(R1, "&=", MSG_PEEK),
      jumpIfImmediate(R1, "!=", 0, "out"),
    );
    code.cookie(R7);
    addTraffic(code, TRAFFIC.received, base + AT.cookie);
    code.add(jump("out"));
  }
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
  const { pending } = code.context.maps;
  const { base } = code;
  // Its cookie was made when it was established; without one it is none that is waited for.
  code.get(R1, R7, types.common("skc_cookie"));
  code.add(store(8, R10, base + AT.cookie, R1));
  code.lookUp(pending, base + AT.cookie);
  code.add(jumpIfImmediate(R0, "==", 0, "out"));
  code.remove(pending, base + AT.cookie);
  tell(code, types, KIND.firstUse);
  code.add(jump("out"));
}

/** Fills in the record about the socket in r7 and this process, whose cookie is there already, and writes it. */
function tell(code: EventCode, types: KernelTypes, kind: number): void {
  clearButCookie(code);
  code.setKind(kind);
  code.process();
  code.socket(types);
  code.filter();
  code.time();
  code.announce();
  code.output(kind);
}

function clearButCookie(code: EventCode): void {
  const { base, size } = code;
  code.clear(base, AT.cookie);
  code.clear(base + AT.cookie + 8, size - AT.cookie - 8);
}

function datagram(code: EventCode, types: KernelTypes, routes: boolean): void {
  const { base, key, room } = code;
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
  // A connected socket knows the destination itself. One that is not has zeros, and then it is not known.
  for (const part of [0, 8]) {
    const next = code.fresh();
    code.add(load(8, R1, R10, base + AT.peer + part), jumpIfImmediate(R1, "==", 0, next));
    code.flag(FLAG.hasPeer);
    code.add(label(next));
  }
  code.add(label(ready));
  code.filter();
  code.clear(key, FLOW_KEY_SIZE);
  code.copy(R10, base + AT.cookie, key, 8);
  code.copy(R10, base + AT.peer, key + 8, 16);
  code.copy(R10, base + AT.peerPort, key + 24, 2);
  code.copy(R10, base + AT.family, key + 26, 2);
  countFlow(code, R8);
  const [failed, told] = [code.fresh(), code.fresh()];
  code.add(
    jumpIfImmediate(R8, "s<", 0, failed),
    store(8, R10, base + AT.sent, R8),
    jump(told),
    label(failed),
    store(4, R10, base + AT.error, R8),
    label(told),
  );
  // The namespace of the socket is surer than that of the process.
  code.process();
  code.netns(types);
  code.filter();
  code.time();
  code.announce();
  code.output(KIND.send);
  code.add(jump("out"));
}

/**
 * Counts a datagram of a flow that was told already, and goes on otherwise. Nearly all datagrams of a fast sender end here, so it
 * builds nothing: what the thread said that it sends to has the form of a flow's key.
 */
function knownFlow(code: EventCode, types: KernelTypes): void {
  const { room } = code;
  const { sending, flows } = code.context.maps;
  const [slow, wanted] = [code.fresh(), code.fresh()];
  code.get(R1, R7, types.sock("sk_protocol"));
  code.add(
    jumpIfImmediate(R1, "!=", IPPROTO_UDP, slow),
    call(FN.getCurrentPidTgid),
    store(8, R10, room, R0),
  );
  code.lookUp(sending, room);
  code.add(
    jumpIfImmediate(R0, "==", 0, slow),
    move(R9, R0),
    load(8, R1, R9, SENDING_PENDING),
    jumpIfImmediate(R1, "==", PENDING.none, slow),
    jumpIfImmediate(R1, "!=", PENDING.unwanted, wanted),
    storeImmediate(8, R9, SENDING_PENDING, PENDING.none),
    jump("out"),
    label(wanted),
    load(8, R1, R9, 0),
  );
  code.get(R2, R7, types.common("skc_cookie"));
  code.add(
    jumpIf(R1, "!=", R2, slow),
    loadMap(R1, flows),
    move(R2, R9),
    call(FN.mapLookup),
    jumpIfImmediate(R0, "==", 0, slow),
    storeImmediate(8, R9, SENDING_PENDING, PENDING.none),
  );
  addToFlow(code, R8);
  code.add(jump("out"), label(slow));
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

/** Adds what r8 says, unless it is an error, to what the socket has moved. The cookie is on the stack. */
function addTraffic(code: EventCode, field: number, cookie: number): void {
  const { traffic } = code.context.maps;
  const { value } = code;
  const [fresh, done] = [code.fresh(), code.fresh()];
  code.add(jumpIfImmediate(R8, "s<", 0, done));
  code.lookUp(traffic, cookie);
  code.add(
    jumpIfImmediate(R0, "==", 0, fresh),
    atomicAdd(8, R0, field, R8),
    jump(done),
    label(fresh),
  );
  code.clear(value, TRAFFIC_SIZE);
  code.add(store(8, R10, value + field, R8));
  code.update(traffic, cookie);
  code.add(label(done));
}
