/**
 * Which number of a process is the one that it has where we run.
 *
 * @module
 */
import { BPF_PROG_TYPE_RAW_TRACEPOINT, tryLoadProgram, tryRunOnce } from "../../../ffi/bpf.ts";
import { errnoName, errnoText } from "../../../ffi/errno.ts";
import { AT_FDCWD, close } from "../../../ffi/files.ts";
import { cString } from "../../../ffi/memory.ts";
import { tryStatAt } from "../../../ffi/stat.ts";
import { assemble } from "../../bpf/assembler.ts";
import {
  aluImmediate,
  call,
  exit,
  jumpIfImmediate,
  label,
  load,
  loadMap,
  move,
  moveImmediate,
  R0,
  R1,
  R10,
  R2,
  R6,
  store,
  storeImmediate,
} from "../../bpf/instruction.ts";
import { type Probe, refuse } from "../../bpf/probe.ts";
import { insidePidNamespace } from "../../proc/ns.ts";
import type { ProcRoot } from "../../proc/root.ts";
import { FN, type PidSource } from "./code.ts";
import { COUNTER_LEVEL, type EventMaps } from "./maps.ts";
import type { KernelTypes } from "./types.ts";

/** Finds out how. `types`: `null` where the kernel's memory may not be read. */
export function pidSource(
  root: ProcRoot,
  types: KernelTypes | null,
  maps: EventMaps,
): Probe<PidSource> {
  if (insidePidNamespace(root) === false) return { ok: true, value: { kind: "initial" } };
  const status = tryStatAt(AT_FDCWD, cString(`${root.path}/self/ns/pid`));
  if (typeof status === "number") {
    return refuse(`our PID namespace is not known: ${errnoText(-status)} (${errnoName(-status)})`);
  }
  const { inode, device } = status;
  if (types === null) {
    // The kernel's own form of a device: 12 bits of major before 20 of minor.
    return {
      ok: true,
      value: { kind: "helper", device: device.major * 0x10_0000 + device.minor, inode },
    };
  }
  const level = ownLevel(types, maps);
  if (!level.ok) return level;
  return { ok: true, value: { kind: "level", level: level.value, inode } };
}

/**
 * How many PID namespaces are around ours. No system call tells that, but a program that runs in our name can look.
 */
function ownLevel(types: KernelTypes, maps: EventMaps): Probe<number> {
  const loaded = tryLoadProgram({
    type: BPF_PROG_TYPE_RAW_TRACEPOINT,
    attachType: 0,
    attachBtfId: 0,
    name: "sockeye_level",
    instructions: assemble([
      call(FN.getCurrentTask),
      load(8, R1, R0, types.task("thread_pid").offset),
      load(4, R6, R1, types.of("pid", "level").offset),
      aluImmediate(R6, "+=", 1),
      storeImmediate(4, R10, -4, COUNTER_LEVEL),
      loadMap(R1, maps.counters),
      move(R2, R10),
      aluImmediate(R2, "+=", -4),
      call(FN.mapLookup),
      jumpIfImmediate(R0, "==", 0, "out"),
      store(8, R0, 0, R6),
      label("out"),
      moveImmediate(R0, 0),
      exit(),
    ]),
  });
  if (loaded < 0) {
    return refuse(
      `our PID namespace cannot be told: ${errnoText(-loaded)} (${errnoName(-loaded)})`,
    );
  }
  const ran = tryRunOnce(loaded);
  close(loaded);
  const level = maps.counter(COUNTER_LEVEL);
  if (ran < 0 || level === 0) {
    return refuse(`our PID namespace cannot be told: ${errnoText(-ran)} (${errnoName(-ran)})`);
  }
  return { ok: true, value: level - 1 };
}
