/**
 * EventCode: the parts that programs are put together from.
 *
 * In every program r6 is the context and r10 the frame. The record is built at the top of the stack; a key and a value for maps
 * lie below it. r7 is the socket, or the thread's number; r8 the task; r9 is free.
 *
 * @module
 */
import {
  alu,
  aluImmediate,
  atomicAdd,
  call,
  exit,
  type Instruction,
  jump,
  jumpIf,
  jumpIfImmediate,
  type Label,
  label,
  load,
  loadConstant,
  loadMap,
  move,
  moveImmediate,
  R0,
  R1,
  R10,
  R2,
  R3,
  R4,
  R6,
  R7,
  R8,
  R9,
  store,
  storeImmediate,
  toBigEndian,
} from "../../bpf/instruction.ts";
import type { Field } from "../../bpf/btf.ts";
import type { Expr } from "../../filter/ast.ts";
import { AF_INET6 } from "../../model/address_family.ts";
import { conditionCode } from "./condition.ts";
import type { EventMaps } from "./maps.ts";
import { NOTE } from "./note.ts";
import {
  ARGUMENT_ROOM,
  AT,
  FLAG,
  KIND,
  PROCESS_RECORD_SIZE,
  RECORD_SIZE,
  sizeOfKind,
} from "./record.ts";
import type { KernelTypes } from "./types.ts";

// enum bpf_func_id, include/uapi/linux/bpf.h.
export const FN = {
  mapLookup: 1,
  mapUpdate: 2,
  mapDelete: 3,
  getCurrentPidTgid: 14,
  getCurrentUidGid: 15,
  skbLoadBytes: 26,
  getSocketCookie: 46,
  getCurrentCgroupId: 80,
  skFullsock: 95,
  skStorageGet: 107,
  probeReadUser: 112,
  probeReadKernel: 113,
  probeReadKernelStr: 115,
  getNsCurrentPidTgid: 120,
  getNetnsCookie: 122,
  ktimeGetBootNs: 125,
  ringOutput: 130,
  ringReserve: 131,
  ringSubmit: 132,
  skcToTcpSock: 137,
  getCurrentTask: 158,
  skcToUnixSock: 178,
} as const;

/** The kernel from which on there is all that most programs call: those that look at the task take bpf_get_current_task_btf(). */
export function sinceOf({ types }: Pick<KernelContext, "types">): string {
  return types === null ? "5.10" : "5.11";
}

// Flag of skStorageGet.
const BPF_SK_STORAGE_GET_F_CREATE = 1;

/**
 * How a program finds the number that a process has where we run. `initial`: every process has one, the kernel's own. `level`: a
 * process of this PID namespace, or one inside of it, has one at this level. `helper`: only processes of the namespace itself.
 */
export type PidSource =
  | { readonly kind: "initial" }
  | { readonly kind: "level"; readonly level: number; readonly inode: number }
  | { readonly kind: "helper"; readonly device: number; readonly inode: number };

/** What all programs of one watch have in common. */
export interface KernelContext {
  readonly maps:
    & Pick<
      EventMaps,
      "counters" | "flows" | "slots" | "notes" | "sending" | "pending" | "processes"
    >
    & { readonly ring: { readonly fd: number } };
  /** `null` where the kernel's memory may not be read. */
  readonly types: KernelTypes | null;
  readonly pids: PidSource;
  /** Whether programs keep something with a socket: those that use it most came later than all that it takes. See note.ts. */
  readonly hasNotes: boolean;
  /**
   * Our own network namespace. Where the kernel's memory may not be read, it is the only one that can be told, by its cookie.
   * `null`: not even that.
   */
  readonly ownNetns: { readonly cookie: bigint; readonly inode: number } | null;
  /** The part of the filter that the kernel can judge; `null` for none. */
  readonly filter: Expr | null;
}

/** One program in the making. */
export class EventCode {
  lines: (Instruction | Label)[] = [];
  readonly context: KernelContext;
  readonly size: number;
  /** Where the record begins, from r10; and below it a key, a value, and room for what is read. */
  readonly base: number;
  readonly key: number;
  readonly value: number;
  readonly room: number;
  readonly #result: 0 | 1;
  #labels = 0;
  #prefix = "";

  /**
   * @param result What the program returns on every path: 1 in the way of traffic, which lets it through.
   */
  constructor(context: KernelContext, result: 0 | 1, size = RECORD_SIZE) {
    this.context = context;
    this.size = size;
    this.base = -size;
    this.key = this.base - 40;
    this.value = this.key - 40;
    this.room = this.value - 24;
    this.#result = result;
  }

  /** More of the same program, whose record has another size. */
  framed(size: number): EventCode {
    const framed = new EventCode(this.context, this.#result, size);
    framed.lines = this.lines;
    framed.#prefix = `${this.#prefix}framed `;
    return framed;
  }

  /** Appends instructions. */
  add(...lines: readonly (Instruction | Label)[]): void {
    this.lines.push(...lines);
  }

  /** A label that nothing else has. */
  fresh(): string {
    return `${this.#prefix}label ${this.#labels++}`;
  }

  /** `dst = src->member`. */
  get(dst: number, src: number, field: Field): void {
    this.add(load(field.size, dst, src, field.offset));
  }

  /** Keeps the context in r6 and clears the record. */
  begin(kind: number): void {
    this.add(move(R6, R1));
    this.clear(this.base, this.size);
    this.setKind(kind);
  }

  setKind(kind: number): void {
    this.add(storeImmediate(1, R10, this.base + AT.kind, kind));
  }

  /** Sets `size` bytes of the stack to 0. */
  clear(at: number, size: number): void {
    for (let i = 0; i < size; i += 8) this.add(storeImmediate(8, R10, at + i, 0));
  }

  /** Sets bits of the record's flags. */
  flag(bits: number): void {
    const at = this.base + AT.flags;
    this.add(load(1, R1, R10, at), aluImmediate(R1, "|=", bits), store(1, R10, at, R1));
  }

  /** `r1 = r10 + at`, or another register. */
  stackAddress(dst: number, at: number): void {
    this.add(move(dst, R10), aluImmediate(dst, "+=", at));
  }

  /** r0 = the value of the key on the stack, or 0. */
  lookUp(map: number, key = this.key): void {
    this.add(loadMap(R1, map));
    this.stackAddress(R2, key);
    this.add(call(FN.mapLookup));
  }

  /** Sets the value of a key, both on the stack. */
  update(map: number, key = this.key, value = this.value): void {
    this.add(loadMap(R1, map));
    this.stackAddress(R2, key);
    this.stackAddress(R3, value);
    this.add(moveImmediate(R4, 0), call(FN.mapUpdate));
  }

  /** r0 = the note of the socket in a register, or of the context where that is one; 0 for none. `create`: makes one. */
  note(socket = R6, create = false): void {
    this.add(
      loadMap(R1, this.context.maps.notes),
      move(R2, socket),
      moveImmediate(R3, 0),
      moveImmediate(R4, create ? BPF_SK_STORAGE_GET_F_CREATE : 0),
      call(FN.skStorageGet),
    );
  }

  /** Goes out unless the connection of the socket in a register waits for its process. It does not wait any more then. */
  takeWaiting(socket: number): void {
    this.note(socket);
    this.add(
      jumpIfImmediate(R0, "==", 0, "out"),
      load(4, R1, R0, NOTE.waiting),
      jumpIfImmediate(R1, "==", 0, "out"),
      storeImmediate(4, R0, NOTE.waiting, 0),
    );
  }

  /** Takes a key out of a map. */
  remove(map: number, key = this.key): void {
    this.add(loadMap(R1, map));
    this.stackAddress(R2, key);
    this.add(call(FN.mapDelete));
  }

  /** Adds `amount`, or a register, to one of the counters. Uses the key. */
  count(index: number, amount: number | { readonly register: number } = 1): void {
    const done = this.fresh();
    this.add(storeImmediate(4, R10, this.key, index));
    this.lookUp(this.context.maps.counters);
    this.add(jumpIfImmediate(R0, "==", 0, done));
    if (typeof amount === "number") this.add(moveImmediate(R1, amount));
    this.add(
      atomicAdd(8, R0, 0, typeof amount === "number" ? R1 : amount.register),
      label(done),
    );
  }

  /** The time of the record. */
  time(): void {
    this.add(call(FN.ktimeGetBootNs), store(8, R10, this.base + AT.time, R0));
  }

  /** The cookie of the context, or of the socket in another register. */
  cookie(of = R6): void {
    this.add(
      move(R1, of),
      call(FN.getSocketCookie),
      store(8, R10, this.base + AT.cookie, R0),
    );
  }

  /** Copies bytes from one place to another in pieces of 8, 4 and 2. */
  copy(from: number, at: number, to: number, size: number): void {
    for (let done = 0; done < size;) {
      const left = size - done;
      const piece = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
      this.add(load(piece, R1, from, at + done), store(piece, R10, to + done, R1));
      done += piece;
    }
  }

  /**
   * The process on whose behalf this happens. Where the kernel's memory may be read, r8 is then its task, and the namespace in the
   * record is the task's own.
   */
  process(): void {
    const { types, pids } = this.context;
    this.flag(FLAG.hasProcess);
    this.add(
      call(FN.getCurrentUidGid),
      store(4, R10, this.base + AT.uid, R0),
      call(FN.getCurrentCgroupId),
      store(8, R10, this.base + AT.cgroup, R0),
    );
    // Without a look at the task its name is not to be had either.
    if (types === null) this.#ownNetns();
    else {
      this.add(call(FN.getCurrentTask), move(R8, R0));
      // The name of the process is that of its first thread.
      this.get(R9, R8, types.task("group_leader"));
      const comm = types.task("comm").offset;
      for (const part of [0, 8]) {
        this.add(
          load(8, R1, R9, comm + part),
          store(8, R10, this.base + AT.comm + part, R1),
        );
      }
      this.get(R1, R9, types.task("start_boottime"));
      this.add(store(8, R10, this.base + AT.start, R1));
      this.get(R1, R8, types.task("nsproxy"));
      // A task that is about to end has none any more.
      const ended = this.fresh();
      this.add(jumpIfImmediate(R1, "==", 0, ended));
      this.get(R1, R1, types.of("nsproxy", "net_ns"));
      this.get(R1, R1, types.netnsInode);
      this.add(store(4, R10, this.base + AT.netns, R1), label(ended));
    }
    switch (pids.kind) {
      case "initial":
        this.add(call(FN.getCurrentPidTgid), store(8, R10, this.base + AT.tid, R0));
        if (types !== null) {
          this.get(R1, R9, types.task("real_parent"));
          this.get(R1, R1, types.task("tgid"));
          this.add(store(4, R10, this.base + AT.parent, R1));
        }
        break;
      case "helper": {
        const failed = this.fresh();
        this.add(
          loadConstant(R1, BigInt(pids.device)),
          loadConstant(R2, BigInt(pids.inode)),
        );
        this.stackAddress(R3, this.base + AT.tid);
        this.add(
          moveImmediate(R4, 8),
          call(FN.getNsCurrentPidTgid),
          jumpIfImmediate(R0, "==", 0, failed),
          storeImmediate(8, R10, this.base + AT.tid, 0),
          label(failed),
        );
        break;
      }
      case "level":
        if (types === null) throw new Error("The level of a process cannot be read here");
        this.#numberAt(pids, types, R8, AT.tid);
        this.get(R9, R8, types.task("group_leader"));
        this.#numberAt(pids, types, R9, AT.tgid);
        this.get(R9, R8, types.task("group_leader"));
        this.get(R9, R9, types.task("real_parent"));
        this.#numberAt(pids, types, R9, AT.parent);
    }
  }

  #ownNetns(): void {
    const { ownNetns } = this.context;
    if (ownNetns === null) return;
    const other = this.fresh();
    this.add(
      move(R1, R6),
      call(FN.getNetnsCookie),
      loadConstant(R1, ownNetns.cookie),
      jumpIf(R0, "!=", R1, other),
      loadConstant(R1, BigInt(ownNetns.inode)),
      store(4, R10, this.base + AT.netns, R1),
      label(other),
    );
  }

  // The number of a task at the level of our PID namespace, if it is in there. Changes r9.
  #numberAt(
    { level, inode }: { readonly level: number; readonly inode: number },
    types: KernelTypes,
    task: number,
    to: number,
  ): void {
    const outside = this.fresh();
    const numbers = types.of("pid", "numbers").offset + level * types.btf.size("upid");
    const namespace = types.of("upid", "ns");
    const number = types.of("upid", "nr");
    const inNamespace = types.of("ns_common", "inum");
    this.get(R9, task, types.task("thread_pid"));
    this.get(R1, R9, types.of("pid", "level"));
    this.add(
      jumpIfImmediate(R1, "<", level, outside),
      aluImmediate(R9, "+=", numbers),
    );
    const read = (field: Field, size: number) => {
      this.stackAddress(R1, this.room);
      this.add(moveImmediate(R2, size), move(R3, R9));
      if (field.offset !== 0) this.add(aluImmediate(R3, "+=", field.offset));
      this.add(call(FN.probeReadKernel), jumpIfImmediate(R0, "!=", 0, outside));
    };
    read(number, 4);
    this.add(load(4, R1, R10, this.room), store(4, R10, this.room + 8, R1));
    read(namespace, 8);
    this.add(load(8, R3, R10, this.room));
    this.add(aluImmediate(R3, "+=", types.of("pid_namespace", "ns").offset + inNamespace.offset));
    this.stackAddress(R1, this.room);
    this.add(
      moveImmediate(R2, 4),
      call(FN.probeReadKernel),
      jumpIfImmediate(R0, "!=", 0, outside),
      load(4, R1, R10, this.room),
      loadConstant(R2, BigInt(inode)),
      jumpIf(R1, "!=", R2, outside),
      load(4, R1, R10, this.room + 8),
      store(4, R10, this.base + to, R1),
      label(outside),
    );
  }

  /**
   * What the kernel knows of the socket in r7, a typed pointer: family, type, protocol, addresses, ports, network namespace,
   * interface.
   */
  socket(types: KernelTypes): void {
    const { base } = this;
    const put = (field: Field, to: number) => {
      this.get(R1, R7, field);
      this.add(store(field.size, R10, base + to, R1));
    };
    put(types.common("skc_family"), AT.family);
    put(types.sock("sk_type"), AT.type);
    put(types.sock("sk_protocol"), AT.protocol);
    this.netns(types);
    const [v6, done] = [this.fresh(), this.fresh()];
    this.get(R1, R7, types.common("skc_family"));
    this.add(jumpIfImmediate(R1, "==", AF_INET6, v6), jumpIfImmediate(R1, "!=", 2, done));
    put(types.common("skc_rcv_saddr"), AT.local);
    put(types.common("skc_daddr"), AT.peer);
    const ports = this.fresh();
    this.add(jump(ports), label(v6));
    const local = types.common("skc_v6_rcv_saddr").offset;
    const peer = types.common("skc_v6_daddr").offset;
    for (const part of [0, 8]) {
      this.add(
        load(8, R1, R7, local + part),
        store(8, R10, base + AT.local + part, R1),
        load(8, R1, R7, peer + part),
        store(8, R10, base + AT.peer + part, R1),
      );
    }
    this.add(label(ports));
    put(types.common("skc_num"), AT.localPort);
    this.get(R1, R7, types.common("skc_dport"));
    this.add(toBigEndian(R1, 16), store(2, R10, base + AT.peerPort, R1));
    put(types.common("skc_bound_dev_if"), AT.interface);
    this.add(label(done));
  }

  /** The network namespace of the socket in r7. */
  netns(types: KernelTypes): void {
    this.get(R1, R7, types.common("skc_net"));
    this.get(R1, R1, types.netnsInode);
    this.add(store(4, R10, this.base + AT.netns, R1));
  }

  /** Goes on if the record may match the filter, and else to `no`. */
  filter(no = "out"): void {
    const { filter } = this.context;
    if (filter !== null) this.add(...conditionCode(filter, this.base, no, this.fresh()));
  }

  /**
   * Tells of the process before its first record: who its parent is and what it was called with. Needs {@linkcode process}; uses
   * r9. Does nothing where the kernel's memory may not be read.
   */
  announce(): void {
    const { types, maps } = this.context;
    if (types === null) return;
    const { base } = this;
    const [known, unknown] = [this.fresh(), this.fresh()];
    this.add(load(4, R1, R10, base + AT.tgid), jumpIfImmediate(R1, "==", 0, known));
    this.lookUp(maps.processes, base + AT.tgid);
    this.add(
      jumpIfImmediate(R0, "==", 0, unknown),
      load(8, R1, R0, 0),
      load(8, R2, R10, base + AT.start),
      jumpIf(R1, "==", R2, known),
      label(unknown),
    );
    this.update(maps.processes, base + AT.tgid, base + AT.start);
    this.reserve(KIND.process, known);
    for (let at = 0; at < RECORD_SIZE; at += 8) {
      this.add(load(8, R1, R10, base + at), store(8, R9, at, R1));
    }
    this.add(
      storeImmediate(1, R9, AT.kind, KIND.process),
      storeImmediate(4, R9, AT.pathLength, 0),
    );
    this.putArguments(types);
    this.submit();
    this.add(label(known));
  }

  /** r9 = room in the ring for a record of this kind. Where there is none the loss is counted, and it goes on at `lost`. */
  reserve(kind: number, lost: string): void {
    const got = this.fresh();
    this.add(
      loadMap(R1, this.context.maps.ring.fd),
      moveImmediate(R2, PROCESS_RECORD_SIZE),
      moveImmediate(R3, 0),
      call(FN.ringReserve),
      move(R9, R0),
      jumpIfImmediate(R9, "!=", 0, got),
    );
    this.count(kind);
    this.add(jump(lost), label(got));
  }

  /** Hands the room in r9 over to the reader. */
  submit(): void {
    this.add(move(R1, R9), moveImmediate(R2, 0), call(FN.ringSubmit));
  }

  /** The arguments of the task in r8, into the room in r9. What lies behind them is the environment, which is not read. */
  putArguments(types: KernelTypes): void {
    const [none, short] = [this.fresh(), this.fresh()];
    this.add(storeImmediate(4, R9, AT.argumentBytes, 0));
    this.get(R1, R8, types.task("mm"));
    this.add(jumpIfImmediate(R1, "==", 0, none));
    this.get(R3, R1, types.of("mm_struct", "arg_start"));
    this.get(R2, R1, types.of("mm_struct", "arg_end"));
    this.add(
      alu(R2, "-=", R3),
      jumpIfImmediate(R2, "s<=", 0, none),
      jumpIfImmediate(R2, "<=", ARGUMENT_ROOM, short),
      moveImmediate(R2, ARGUMENT_ROOM),
      label(short),
      store(4, R9, AT.argumentBytes, R2),
      move(R1, R9),
      aluImmediate(R1, "+=", AT.arguments),
      call(FN.probeReadUser),
      jumpIfImmediate(R0, "==", 0, none),
      storeImmediate(4, R9, AT.argumentBytes, 0),
      label(none),
    );
  }

  /** Writes the record to the ring, or counts that it is lost, and then does what `lost` adds. */
  output(kind: number, lost: () => void = () => {}): void {
    const done = this.fresh();
    this.add(loadMap(R1, this.context.maps.ring.fd));
    this.stackAddress(R2, this.base);
    this.add(
      moveImmediate(R3, sizeOfKind(kind)),
      moveImmediate(R4, 0),
      call(FN.ringOutput),
      jumpIfImmediate(R0, "==", 0, done),
    );
    this.count(kind);
    lost();
    this.add(label(done));
  }

  /** Ends the program. What jumps to `out` comes here. */
  finish(): (Instruction | Label)[] {
    this.add(label("out"), moveImmediate(R0, this.#result), exit());
    return this.lines;
  }
}
