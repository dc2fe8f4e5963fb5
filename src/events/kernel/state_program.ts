/**
 * The program where a TCP socket changes its state: a tracepoint that every socket of every namespace passes.
 *
 * Only a connect(2), a listen(2) and some closes happen on behalf of a process here. The rest happens when a packet comes in, while
 * whatever process is running, so no process is told.
 *
 * @module
 */
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
  toBigEndian,
} from "../../bpf/instruction.ts";
import {
  TCP_CLOSE,
  TCP_ESTABLISHED,
  TCP_LISTEN,
  TCP_SYN_RECV,
  TCP_SYN_SENT,
} from "../../model/state.ts";
import { EventCode, FN, type KernelContext } from "./code.ts";
import { NOTE } from "./note.ts";
import { AT, FLAG, KIND } from "./record.ts";
import type { KernelTypes } from "./types.ts";

// The arguments of the tracepoint.
const ARGUMENTS = { socket: 0, oldState: 8, newState: 16 };

/** Kernel: SOCK_DONE of `enum sock_flags`: the peer's FIN was received. */
const SOCK_DONE = 1;

/** The hook. */
export function stateHook(context: KernelContext, types: KernelTypes): Hook {
  return {
    name: "sockeye_state",
    code: stateProgram(context, types),
    since: "5.12",
    on: { tracepoint: "inet_sock_set_state" },
  };
}

function stateProgram(context: KernelContext, types: KernelTypes): (Instruction | Label)[] {
  const code = new EventCode(context, 0);
  const { base } = code;
  const kinds = [
    KIND.synSent,
    KIND.listen,
    KIND.connected,
    KIND.passive,
    KIND.connectFailed,
    KIND.closed,
  ];
  const go = (kind: number) => `kind ${kind}`;
  // r8 old state, r9 new state.
  code.add(
    load(4, R8, R1, ARGUMENTS.oldState),
    load(4, R9, R1, ARGUMENTS.newState),
    jumpIfImmediate(R9, "==", TCP_SYN_SENT, "wanted"),
    jumpIfImmediate(R9, "==", TCP_LISTEN, "wanted"),
    jumpIfImmediate(R9, "==", TCP_ESTABLISHED, "wanted"),
    jumpIfImmediate(R9, "!=", TCP_CLOSE, "out"),
    label("wanted"),
  );
  code.begin(0);
  code.add(load(8, R7, R6, ARGUMENTS.socket));
  code.cookie(R7);
  code.socket(types);
  code.add(
    store(1, R10, base + AT.oldState, R8),
    jumpIfImmediate(R9, "==", TCP_SYN_SENT, go(KIND.synSent)),
    jumpIfImmediate(R9, "==", TCP_LISTEN, go(KIND.listen)),
    jumpIfImmediate(R9, "==", TCP_CLOSE, "close"),
    jumpIfImmediate(R8, "==", TCP_SYN_SENT, go(KIND.connected)),
    jumpIfImmediate(R8, "==", TCP_SYN_RECV, go(KIND.passive)),
    jump("out"),
    label("close"),
  );
  finalCounters(code, types);
  code.add(jumpIfImmediate(R8, "==", TCP_SYN_SENT, go(KIND.connectFailed)), jump(go(KIND.closed)));
  for (const kind of kinds) {
    code.add(label(go(kind)));
    code.setKind(kind);
    if (kind === KIND.listen) {
      code.get(R1, R7, types.sock("sk_max_ack_backlog"));
      code.add(store(4, R10, base + AT.backlog, R1));
    }
    if (kind === KIND.synSent || kind === KIND.listen) {
      code.process();
      code.netns(types);
    }
    code.filter();
    code.time();
    if (kind === KIND.passive && !context.hasNotes) {
      code.add(storeImmediate(8, R10, code.value, 1));
      code.update(context.maps.pending, base + AT.cookie);
    } else if (kind === KIND.passive) {
      const none = code.fresh();
      code.note(R7, true);
      code.add(
        jumpIfImmediate(R0, "==", 0, none),
        storeImmediate(4, R0, NOTE.waiting, 1),
        label(none),
      );
    }
    if (kind === KIND.closed && !context.hasNotes) {
      code.remove(context.maps.pending, base + AT.cookie);
    }
    if (kind === KIND.synSent || kind === KIND.listen) code.announce();
    code.output(kind);
    code.add(jump("out"));
  }
  return code.finish();
}

/** What only a TCP socket has, while it still has it: its counters, and the local port, which it has given back already. */
function finalCounters(code: EventCode, types: KernelTypes): void {
  const { base } = code;
  const done = code.fresh();
  const tcp = (member: string) => types.of("tcp_sock", member);
  code.get(R1, R7, types.sock("sk_err"));
  code.add(store(4, R10, base + AT.error, R1));
  code.get(R9, R7, types.common("skc_flags"));
  code.add(
    move(R1, R7),
    call(FN.skcToTcpSock),
    jumpIfImmediate(R0, "==", 0, done),
  );
  code.get(R1, R0, tcp("bytes_sent"));
  code.get(R2, R0, tcp("bytes_retrans"));
  code.add(alu(R1, "-=", R2), store(8, R10, base + AT.sent, R1));
  code.get(R1, R0, tcp("bytes_received"));
  code.add(store(8, R10, base + AT.received, R1));
  code.get(R1, R0, types.inetOfTcp("inet_sport"));
  code.add(toBigEndian(R1, 16), store(2, R10, base + AT.localPort, R1));
  code.flag(FLAG.hasCounters);
  code.add(aluImmediate(R9, "&=", 1 << SOCK_DONE), jumpIfImmediate(R9, "==", 0, done));
  code.flag(FLAG.finReceived);
  code.add(label(done));
}
