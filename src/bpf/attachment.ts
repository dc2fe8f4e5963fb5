/**
 * Attachment: a program on its hook, for as long as it is kept open.
 *
 * Nothing is pinned: program, link and maps are descriptors of this process, so that they are gone with it however it ends.
 *
 * @module
 */
import {
  BPF_PROG_TYPE_TRACING,
  BPF_TRACE_RAW_TP,
  tryCreateLink,
  tryLoadProgram,
  tryOpenTracepoint,
} from "../../ffi/bpf.ts";
import { EINVAL, EPERM, errnoName, errnoText } from "../../ffi/errno.ts";
import { close } from "../../ffi/files.ts";
import { ProcRoot } from "../proc/root.ts";
import { assemble } from "./assembler.ts";
import { type Btf, BTF_KIND } from "./btf.ts";
import type { Instruction, Label } from "./instruction.ts";
import { type Probe, refuse, verifierLines, verifierReason } from "./probe.ts";

// The log of a program of some hundred instructions is longer than that of the owner program.
const LOG_SIZE = 1024 * 1024;

/** A program and where it goes. */
export interface Hook {
  /** What it is called in messages and in the kernel: at most 15 letters, digits and `_`. */
  readonly name: string;
  readonly code: readonly (Instruction | Label)[];
  /** The kernel from which on the hook and all that the program calls are there. */
  readonly since: string;
  /** A tracepoint of the kernel's, by its name; or a hook of control groups: `enum bpf_prog_type`, `enum bpf_attach_type`. */
  readonly on:
    | { readonly tracepoint: string }
    | { readonly programType: number; readonly attachType: number };
}

/** The name that BTF has for the arguments of a tracepoint: an {@linkcode Btf} that serves such hooks is made with it. */
export function tracepointType(name: string): string {
  return `btf_trace_${name}`;
}

/** Loads the program of a hook without attaching it. The descriptor is the caller's. Throws what the BTF throws. */
export function loadHook(hook: Hook, btf: Btf | null): Probe<number> {
  const { on, name } = hook;
  const traced = "tracepoint" in on;
  if (traced && btf === null) return refuse(`${name}: the kernel's types are not known`);
  const program = {
    type: traced ? BPF_PROG_TYPE_TRACING : on.programType,
    attachType: traced ? BPF_TRACE_RAW_TP : on.attachType,
    attachBtfId: traced ? btf!.id(BTF_KIND.TYPEDEF, tracepointType(on.tracepoint)) : 0,
    instructions: assemble(hook.code),
    name,
  };
  const fd = tryLoadProgram(program);
  if (fd >= 0) return { ok: true, value: fd };
  const log = new Uint8Array(LOG_SIZE);
  const again = tryLoadProgram({ ...program, log });
  if (again >= 0) return { ok: true, value: again };
  // Nothing was verified: it was asked first whether there is such a hook.
  if (again === -EINVAL && log[0] === 0) {
    return refuse(
      `the kernel does not know what the program ${name} is for (EINVAL): that came with Linux ${hook.since}`,
    );
  }
  const words = { what: `program ${name}`, since: hook.since };
  return {
    ...refuse(verifierReason(-again, log, new ProcRoot("/"), words)),
    log: verifierLines(log),
  };
}

/**
 * Loads a program and attaches it: one of a control group to the group whose directory `cgroup` is. The link's descriptor is the
 * caller's. Throws what the BTF throws.
 */
export function attachHook(hook: Hook, btf: Btf | null, cgroup: number): Probe<number> {
  const loaded = loadHook(hook, btf);
  if (!loaded.ok) return loaded;
  const { on, name } = hook;
  const link = "tracepoint" in on
    ? tryOpenTracepoint(loaded.value)
    : tryCreateLink(loaded.value, on.attachType, cgroup);
  // The link keeps the program.
  close(loaded.value);
  if (link >= 0) return { ok: true, value: link };
  return refuse(
    link === -EPERM && !("tracepoint" in on)
      ? `${name}: another program has the control group for itself`
      : `${name} cannot be attached: ${errnoText(-link)} (${errnoName(-link)})`,
  );
}
