/**
 * The program where a process becomes another program: its path and its arguments, which outlive it in our cache.
 *
 * @module
 */
import type { Hook } from "../../bpf/attachment.ts";
import {
  aluImmediate,
  call,
  type Instruction,
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
  R9,
  store,
  storeImmediate,
} from "../../bpf/instruction.ts";
import { EventCode, FN, type KernelContext, sinceOf } from "./code.ts";
import { AT, KIND, PATH_ROOM, RECORD_SIZE } from "./record.ts";
import type { KernelTypes } from "./types.ts";

// The arguments of the tracepoint: task, its old number, struct linux_binprm.
const BINARY = 16;

/** The hook. */
export function execHook(context: KernelContext, types: KernelTypes): Hook {
  return {
    name: "sockeye_exec",
    code: execProgram(context, types),
    since: sinceOf(context),
    on: { tracepoint: "sched_process_exec" },
  };
}

function execProgram(context: KernelContext, types: KernelTypes): (Instruction | Label)[] {
  const code = new EventCode(context, 0);
  const { base } = code;
  code.begin(KIND.exec);
  // The process that runs is the one that has changed; its name and its memory are the new ones already.
  code.process();
  code.time();
  // Its next record needs no second word about it.
  code.update(context.maps.processes, base + AT.tgid, base + AT.start);
  code.reserve(KIND.exec, "out");
  for (let at = 0; at < RECORD_SIZE; at += 8) {
    code.add(load(8, R1, R10, base + at), store(8, R9, at, R1));
  }
  const none = code.fresh();
  code.add(storeImmediate(4, R9, AT.pathLength, 0), load(8, R3, R6, BINARY));
  code.get(R3, R3, types.of("linux_binprm", "filename"));
  code.add(
    move(R1, R9),
    aluImmediate(R1, "+=", AT.path),
    moveImmediate(R2, PATH_ROOM),
    call(FN.probeReadKernelStr),
    jumpIfImmediate(R0, "s<=", 0, none),
    store(4, R9, AT.pathLength, R0),
    label(none),
  );
  code.putArguments(types);
  code.submit();
  return code.finish();
}
