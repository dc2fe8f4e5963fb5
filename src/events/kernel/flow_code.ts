/**
 * Instructions that count datagrams by socket and destination in the kernel, so that only the first of them is told one by one.
 *
 * @module
 */
import {
  aluImmediate,
  atomicAdd,
  call,
  jump,
  jumpIfImmediate,
  label,
  moveImmediate,
  R0,
  R1,
  R10,
  store,
  storeImmediate,
} from "../../bpf/instruction.ts";
import { type EventCode, FN } from "./code.ts";
import { FLOW, FLOW_VALUE_SIZE } from "./maps.ts";
import { AT } from "./record.ts";

/**
 * Counts a datagram of the flow whose key is on the stack, and goes to `out` unless it is the flow's first. `result` is the
 * register with what send(2) returned, which stays; `null`: it is not known.
 */
export function countFlow(code: EventCode, result: number | null): void {
  const { flows } = code.context.maps;
  const { value } = code;
  const first = code.fresh();
  code.lookUp(flows);
  code.add(jumpIfImmediate(R0, "==", 0, first));
  addToFlow(code, result);
  code.add(jump("out"), label(first));
  code.clear(value, FLOW_VALUE_SIZE);
  code.add(storeImmediate(8, R10, value + FLOW.count, 1));
  if (result !== null) {
    const [error, done] = [code.fresh(), code.fresh()];
    code.add(
      jumpIfImmediate(result, "s<", 0, error),
      store(8, R10, value + FLOW.bytes, result),
      jump(done),
      label(error),
      storeImmediate(8, R10, value + FLOW.failed, 1),
      label(done),
    );
  }
  code.update(flows);
}

/** The key of the record's flow, and the process in it: the number that the kernel has for it, whatever it is where we run. */
export function flowKey(code: EventCode): void {
  const { base, key } = code;
  code.copy(R10, base + AT.cookie, key, 8);
  code.copy(R10, base + AT.peer, key + 8, 16);
  code.copy(R10, base + AT.peerPort, key + 24, 2);
  code.copy(R10, base + AT.family, key + 26, 2);
  flowProcess(code);
}

/** The process in the key of a flow, into the key and the record. */
export function flowProcess(code: EventCode): void {
  code.add(
    call(FN.getCurrentPidTgid),
    aluImmediate(R0, ">>=", 32),
    store(4, R10, code.key + 28, R0),
    store(4, R10, code.base + AT.flowTgid, R0),
  );
}

/** Writes the record of a flow's first datagram. Where it is lost, the next one is the first. */
export function outputFlow(code: EventCode, kind: number): void {
  code.output(kind, () => {
    // Counting the loss has taken the key's first bytes.
    code.copy(R10, code.base + AT.cookie, code.key, 8);
    code.remove(code.context.maps.flows);
  });
}

/** Counts a datagram of the flow whose counts r0 points to. */
export function addToFlow(code: EventCode, result: number | null): void {
  const [failed, told] = [code.fresh(), code.fresh()];
  if (result !== null) {
    code.add(
      jumpIfImmediate(result, "s<", 0, failed),
      atomicAdd(8, R0, FLOW.bytes, result),
      jump(told),
      label(failed),
      moveImmediate(R1, 1),
      atomicAdd(8, R0, FLOW.failed, R1),
      label(told),
    );
  }
  code.add(moveImmediate(R1, 1), atomicAdd(8, R0, FLOW.count, R1));
}
