/**
 * Types of the kernel that the programs read, and where their members lie.
 *
 * @module
 */
import { tracepointType } from "../../bpf/attachment.ts";
import { type Btf, BTF_KIND, type Field, MissingKernelType } from "../../bpf/btf.ts";

/** Tracepoints that programs are attached to. */
const TRACEPOINTS = [
  "inet_sock_set_state",
  "sock_send_length",
  "sock_recv_length",
  "sched_process_exec",
  "fib_table_lookup",
  "fib6_table_lookup",
] as const;

/** Names whose types are needed: what a {@linkcode Btf} has to be made with. */
export const EVENT_TYPES: readonly string[] = [
  ...TRACEPOINTS.map(tracepointType),
  "file",
  "flowi4",
  "flowi6",
  "flowi_common",
  "inet_connection_sock",
  "inet_sock",
  "linux_binprm",
  "mm_struct",
  "net",
  "nsproxy",
  "ns_common",
  "pid",
  "pid_namespace",
  "sock",
  "sock_common",
  "task_struct",
  "tcp_sock",
  "unix_address",
  "unix_sock",
  "upid",
];

/** Where members lie. Each is looked up when it is first asked for; what a kernel lacks throws MissingKernelType. */
export class KernelTypes {
  readonly btf: Btf;
  readonly #known = new Map<string, Field>();

  constructor(btf: Btf) {
    this.btf = btf;
  }

  /** Whether this kernel has a tracepoint. */
  hasTracepoint(name: typeof TRACEPOINTS[number]): boolean {
    try {
      this.btf.id(BTF_KIND.TYPEDEF, tracepointType(name));
      return true;
    } catch (error) {
      if (error instanceof MissingKernelType) return false;
      throw error;
    }
  }

  /** A member of `struct sock_common`, as part of `struct sock`. */
  common(member: string): Field {
    return this.#within(this.sock("__sk_common").offset, this.of("sock_common", member));
  }

  /** A member of `struct sock`. */
  sock(member: string): Field {
    return this.of("sock", member);
  }

  /** A member of `struct task_struct`. */
  task(member: string): Field {
    return this.of("task_struct", member);
  }

  /** A member of another structure. */
  of(struct: string, member: string): Field {
    const name = `${struct}.${member}`;
    let field = this.#known.get(name);
    if (field === undefined) {
      field = this.btf.member(struct, member);
      this.#known.set(name, field);
    }
    return field;
  }

  /** The number of a network namespace, in `struct net`. */
  get netnsInode(): Field {
    return this.#within(this.of("net", "ns").offset, this.of("ns_common", "inum"));
  }

  /** A member of `struct inet_sock`, as part of `struct tcp_sock`. */
  inetOfTcp(member: string): Field {
    const connection = this.of("tcp_sock", "inet_conn").offset;
    const inet = this.of("inet_connection_sock", "icsk_inet").offset;
    return this.#within(connection + inet, this.of("inet_sock", member));
  }

  #within(offset: number, field: Field): Field {
    return { offset: offset + field.offset, size: field.size };
  }
}
