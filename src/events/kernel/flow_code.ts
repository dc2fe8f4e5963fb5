/**
 * Instructions that count datagrams by socket and destination in the kernel, so that only the first of them is told one by one.
 *
 * @module
 */
import {
  atomicAdd,
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
import type { EventCode } from "./code.ts";
import { FLOW, FLOW_VALUE_SIZE } from "./maps.ts";

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
