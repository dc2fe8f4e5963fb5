/**
 * Probes: find out whether this process may use the owner program on this kernel. Cheap probes come first. Each returns a value,
 * or a reason to print.
 *
 * @module
 */
import { BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, tryLoadProgram } from "../../ffi/bpf.ts";
import {
  EACCES,
  EINVAL,
  ENOENT,
  ENOSYS,
  EPERM,
  errnoName,
  errnoText,
  SyscallError,
} from "../../ffi/errno.ts";
import { close } from "../../ffi/files.ts";
import { LazyFile } from "../../ffi/lazy_file.ts";
import { DecodeError } from "../model/decode_error.ts";
import { CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN, holds } from "../proc/capabilities.ts";
import { ProcRoot } from "../proc/root.ts";
import { effectiveCapabilities } from "../proc/status.ts";
import { assemble } from "./assembler.ts";
import { Btf, MissingKernelType } from "./btf.ts";
import { exit, moveImmediate, R0 } from "./instruction.ts";
import { NEEDED_TYPES } from "./program.ts";
import { utf8Text } from "../text/encoding.ts";

/** Why something is not possible: a clause for people, without a period. */
export interface Refusal {
  readonly ok: false;
  readonly reason: string;
  /** All lines of the verifier's log; absent where the verifier was not asked. */
  readonly log?: readonly string[];
}

/** A value, or why there is none. */
export type Probe<T> = { readonly ok: true; readonly value: T } | Refusal;

/** Where the kernel keeps its BTF. */
const KERNEL_BTF = "/sys/kernel/btf/vmlinux";
/** Where securityfs shows the lockdown mode: `none [integrity] confidentiality`. */
const LOCKDOWN = "/sys/kernel/security/lockdown";

/** Makes a {@linkcode Refusal}. */
export function refuse(reason: string): Refusal {
  return { ok: false, reason };
}

/**
 * Finds out whether this process may use bpf(2) for tracing. It asks the kernel to load a program that is attached to nothing. The
 * kernel checks the permission first and then refuses with EINVAL, so EINVAL means that it is permitted.
 */
export function probePermission(root: ProcRoot = new ProcRoot()): Probe<null> {
  const result = tryLoadProgram({
    type: BPF_PROG_TYPE_TRACING,
    attachType: BPF_TRACE_ITER,
    attachBtfId: 0,
    instructions: assemble([moveImmediate(R0, 0), exit()]),
    name: "sockeye_probe",
  });
  if (result >= 0) close(result);
  if (result >= 0 || result === -EINVAL) return { ok: true, value: null };
  if (result === -EPERM || result === -EACCES) return refuse(permissionReason(root));
  if (result === -ENOSYS) return refuse("this kernel was built without bpf(2)");
  return refuse(`bpf(2) fails: ${errnoText(-result)} (${errnoName(-result)})`);
}

function permissionReason(root: ProcRoot): string {
  const set = effectiveCapabilities(root);
  if (set === null) return "bpf(2) is not permitted";
  const missing = [];
  if (!holds(set, CAP_BPF)) missing.push("CAP_BPF");
  if (!holds(set, CAP_PERFMON)) missing.push("CAP_PERFMON");
  if (missing.length === 0 || holds(set, CAP_SYS_ADMIN)) {
    return "bpf(2) is not permitted although the capabilities are there: a user namespace or a seccomp filter stands in the way, or before Linux 5.11 the limit of locked memory";
  }
  return `bpf(2) is not permitted: ${missing.join(" and ")} ${
    missing.length > 1 ? "are" : "is"
  } missing`;
}

/**
 * What `use` makes of the kernel's types, as far as they are called one of `names`: by default those that the owner program
 * needs. The file is open while `use` runs, because types are read as they are asked for.
 */
export function probeTypes<T>(
  use: (btf: Btf) => Probe<T>,
  path = KERNEL_BTF,
  names: readonly string[] = NEEDED_TYPES,
): Probe<T> {
  const file = LazyFile.tryOpen(path, path === KERNEL_BTF);
  if (file === -ENOENT) {
    return refuse(`${path} is missing: the kernel has no BTF (CONFIG_DEBUG_INFO_BTF), or no sysfs`);
  }
  if (typeof file === "number") {
    return refuse(`${path} cannot be read: ${errnoText(-file)} (${errnoName(-file)})`);
  }
  try {
    return use(new Btf(file, names));
  } catch (error) {
    if (error instanceof MissingKernelType) return refuse(error.message);
    if (error instanceof DecodeError || error instanceof SyscallError) {
      return refuse(`${path}: ${error.message}`);
    }
    // A member is not a number of 1 to 8 bytes, so the structure has changed.
    if (error instanceof RangeError) {
      return refuse(`the kernel's types are not as expected: ${error.message}`);
    }
    throw error;
  } finally {
    file.close();
  }
}

/** The lines of the verifier's log, which ends with a NUL. */
export function verifierLines(log: Uint8Array): string[] {
  const end = log.indexOf(0);
  return utf8Text(log.subarray(0, end < 0 ? log.length : end)).split("\n")
    .filter((line) => line.trim() !== "");
}

/** A program, as messages speak of it. */
interface ProgramWords {
  /** `owner program`. */
  readonly what: string;
  /** The kernel from which on there is all that it calls: `5.11`. */
  readonly since: string;
}

const OWNER_PROGRAM: ProgramWords = { what: "owner program", since: "5.11" };

/** Why the verifier refused a program: the state of lockdown where that explains it, else the last thing it said. */
export function verifierReason(
  errno: number,
  log: Uint8Array,
  root = new ProcRoot("/"),
  { what, since }: ProgramWords = OWNER_PROGRAM,
): string {
  const lockdown = root.text(LOCKDOWN.slice(1)) ?? "";
  if (lockdown.includes("[confidentiality]")) {
    return "the kernel is locked down (confidentiality), which keeps BPF from reading kernel memory";
  }
  const said = verifierLines(log).findLast((line) => !line.startsWith("processed "))?.trimEnd() ??
    `${errnoText(errno)} (${errnoName(errno)})`;
  if (/unknown func|invalid func/.test(said)) {
    return `the kernel is too old for the ${what}, which needs ${since}: ${said}`;
  }
  return `the kernel refused the ${what}: ${said}`;
}
