/**
 * PerfSource: events from tracepoints that the kernel samples, where no program of ours may run in it.
 *
 * A sample tells less than a program would: no cookie, no counters, no network namespace. The address of the socket in the kernel
 * stands for its cookie within the watch, and is not shown. Repeated datagrams are counted here and not in the kernel.
 *
 * @module
 */
import { CLOCK_BOOTTIME, CLOCK_MONOTONIC, clockNs } from "../../ffi/clock.ts";
import type { Probe } from "../bpf/probe.ts";
import { AF_INET6 } from "../model/address_family.ts";
import { formatAddress } from "../model/endpoint.ts";
import type { SocketEvent, WatchEvent, WatchSource } from "../model/event.ts";
import type { Bytes } from "../model/owner.ts";
import type { Socket } from "../model/socket.ts";
import {
  TCP_CLOSE,
  TCP_ESTABLISHED,
  TCP_LISTEN,
  TCP_SYN_RECV,
  TCP_SYN_SENT,
} from "../model/state.ts";
import { readNetns } from "../proc/ns.ts";
import type { ProcRoot } from "../proc/root.ts";
import { Clock } from "./clock.ts";
import type { Address, KernelRecord, RecordProcess } from "./kernel/decode.ts";
import { KIND } from "./kernel/record.ts";
import { SOCK_DGRAM, SOCK_RAW, SOCK_STREAM } from "../../ffi/socket.ts";
import { IPPROTO_UDP, IPPROTO_UDPLITE } from "../families/inet/uapi.ts";
import { NetnsNames } from "./netns_names.ts";
import { PerfWatch, type Sample } from "./perf/watch.ts";
import { ProcessCache } from "./process_cache.ts";
import type { EventSource } from "./source.ts";
import { Tracker } from "./tracker.ts";

/** The rings are looked at so often; nothing wakes us. */
const PAUSE_MS = 50;
const COUNT_MS = 1000;
/** Flows that are counted at once, processes whose names are kept, and threads that look for a route. */
const MOST = 16_384;
/** A datagram leaves within the call that looked for its route. */
const ROUTE_NS = 10_000_000;

const UNSEEN: readonly string[] = [
  "open and bind",
  "who closes a connection, and the close of sockets that are not TCP",
  "bytes of connections, and why a connect failed",
  "which process accepts",
  "the network namespace of processes that are gone at once, and of connections from elsewhere",
  "where connected datagram sockets send to",
  "unix sockets",
  "datagrams of packet, netlink and vsock sockets",
];

type Tracepoint = Extract<Sample, { readonly tid: number }>;

/** Where a thread looked for a route to. */
interface Route {
  readonly timeNs: number;
  readonly protocol: number;
  readonly peer: Address;
}

/** See the module. */
export class PerfSource implements EventSource {
  readonly source: WatchSource;
  readonly fd = null;
  readonly pauseMs = PAUSE_MS;
  readonly #watch: PerfWatch;
  readonly #root: ProcRoot;
  readonly #clock = new Clock();
  readonly #processes: ProcessCache;
  readonly #tracker: Tracker;
  /** Names of processes and their parents. */
  readonly #tasks = new Map<number, { comm: Bytes | null; readonly ppid: number | null }>();
  readonly #routes = new Map<number, Route>();
  readonly #flows = new Map<string, { key: Bytes; counts: [number, number, number] }>();
  #emit: (event: WatchEvent) => void = () => {};
  #countedMs = performance.now();
  /** CLOCK_BOOTTIME less CLOCK_MONOTONIC. */
  #suspendedNs = 0;

  private constructor(watch: PerfWatch, root: ProcRoot, reasons: readonly string[]) {
    this.#watch = watch;
    this.#root = root;
    this.#processes = new ProcessCache(root);
    const datagrams = !watch.absent.has("sent");
    this.#tracker = new Tracker({
      clock: this.#clock,
      processes: this.#processes,
      netns: new NetnsNames(root),
      emit: (event) => this.#emit(withoutCookie(event)),
      flowCounts: () => null,
      seesStates: true,
      seesDatagrams: datagrams,
      seesReleases: false,
    });
    this.source = {
      rung: "perf",
      sources: ["samples of tracepoints (perf)"],
      unseen: [...UNSEEN, ...(datagrams ? [] : ["datagrams"])],
      reasons: [
        ...reasons,
        ...(datagrams ? [] : [
          "the kernel has no tracepoint sock_send_length, which came with Linux 6.3",
        ]),
      ],
    };
  }

  /** Opens the tracepoints, or says why that is not possible. `reasons`: why the rungs above were not taken. */
  static open(root: ProcRoot, reasons: readonly string[] = []): Probe<PerfSource> {
    const watch = PerfWatch.open();
    if (!watch.ok) return watch;
    return { ok: true, value: new PerfSource(watch.value, root, reasons) };
  }

  begin(existing: () => Iterable<Socket>): void {
    // Samples have no cookie to know these by, so that only processes are learned.
    for (const { owners } of existing()) for (const { pid } of owners) this.#processes.held(pid);
  }

  pickUp(emit: (event: WatchEvent) => void): boolean {
    this.#emit = emit;
    this.#suspendedNs = Number(clockNs(CLOCK_BOOTTIME) - clockNs(CLOCK_MONOTONIC));
    for (const sample of this.#watch.drain()) this.#take(sample);
    const now = this.#clock.now();
    this.#tracker.tick(now);
    if (performance.now() - this.#countedMs >= COUNT_MS) this.#count(now);
    return false;
  }

  execBefore(event: SocketEvent): SocketEvent | null {
    return this.#processes.execBefore(event, this.#clock);
  }

  end(emit: (event: WatchEvent) => void): void {
    this.pickUp(emit);
    this.#tracker.tick(Infinity);
    this.#count(this.#clock.now());
  }

  #count(nowNs: number): void {
    this.#countedMs = performance.now();
    for (const { key, counts } of this.#flows.values()) this.#tracker.flow(key, counts, nowNs);
    const count = this.#watch.takeLost();
    if (count === 0) return;
    this.#emit({
      event: "lost",
      atNs: this.#clock.wall(nowNs),
      count,
      of: { samples: count },
    });
  }

  #take(sample: Sample): void {
    const timeNs = sample.timeNs + this.#suspendedNs;
    switch (sample.what) {
      case "comm":
        return this.#task(sample.pid, sample.comm, this.#tasks.get(sample.pid)?.ppid ?? null);
      case "fork":
        this.#processes.forget(sample.pid);
        return this.#task(
          sample.pid,
          this.#tasks.get(sample.ppid)?.comm ?? null,
          sample.ppid,
        );
      case "exec": {
        // Its new name came before.
        const process = this.#process(sample);
        return this.#processes.learn({ ...process, path: sample.text("filename") }, true, timeNs);
      }
      case "route4":
      case "route6":
        return this.#route(sample, timeNs);
      case "sent":
        return this.#sent(sample, timeNs);
      case "state":
        return this.#state(sample, timeNs);
      case "connected":
        // The route was looked for by connect(2), not for a datagram.
        this.#routes.delete(sample.tid);
    }
  }

  #task(pid: number, comm: Bytes | null, ppid: number | null): void {
    this.#tasks.delete(pid);
    this.#tasks.set(pid, { comm, ppid });
    if (this.#tasks.size > MOST) this.#tasks.delete(this.#tasks.keys().next().value!);
  }

  #process({ pid, tid }: Tracepoint): RecordProcess {
    const task = this.#tasks.get(pid);
    // What was not told is read in /proc, of a process that is gone from its parent: fork(2) leaves the name as it is.
    const comm = task?.comm ?? this.#name(pid) ??
      (task?.ppid == null ? null : this.#name(task.ppid)) ?? new Uint8Array(0);
    if (task === undefined || task.comm === null) this.#task(pid, comm, task?.ppid ?? null);
    return {
      pid,
      tid,
      startNs: 0,
      comm,
      uid: null,
      cgroup: 0n,
      ppid: task?.ppid ?? null,
      path: null,
      arguments: null,
    };
  }

  #name(pid: number): Bytes | null {
    const bytes = this.#root.read(`${pid}/comm`);
    if (typeof bytes === "number" || bytes.length === 0) return null;
    return bytes.subarray(0, bytes.length - 1);
  }

  #record(
    kind: number,
    sample: Tracepoint,
    timeNs: number,
    details: Partial<KernelRecord>,
  ): KernelRecord {
    const process = sample.interrupt ? null : details.process ?? null;
    return {
      kind,
      family: sample.number("family"),
      type: SOCK_STREAM,
      protocol: sample.number("protocol"),
      timeNs,
      cookie: null,
      netns: process === null ? null : readNetns(this.#root, process.pid),
      local: null,
      peer: null,
      oldState: 0,
      backlog: null,
      error: null,
      bytesSent: null,
      bytesReceived: null,
      interfaceIndex: 0,
      flow: null,
      counts: null,
      ...details,
      process,
    };
  }

  #state(sample: Tracepoint, timeNs: number): void {
    const [before, after] = [sample.number("oldstate"), sample.number("newstate")];
    const kind = kindOf(before, after);
    if (kind === null) return;
    const six = sample.number("family") === AF_INET6;
    const end = (address: string, port: string): Address => ({
      text: addressText(sample.bytes(six ? `${address}_v6` : address)),
      port: sample.number(port),
      name: null,
    });
    const peer = end("daddr", "dport");
    const byProcess = kind === KIND.synSent || kind === KIND.listen;
    this.#tracker.take(
      this.#record(kind, sample, timeNs, {
        cookie: sample.pointer("skaddr"),
        local: end("saddr", "sport"),
        peer: peer.port === 0 ? null : peer,
        oldState: before,
        process: byProcess ? this.#process(sample) : null,
      }),
    );
  }

  #route(sample: Tracepoint, timeNs: number): void {
    // The kernel's own answers; and a connect(2), whose socket has no port yet.
    if (sample.interrupt) return;
    const protocol = sample.number("proto");
    const isDatagram = protocol === IPPROTO_UDP || protocol === IPPROTO_UDPLITE;
    if (isDatagram && sample.number("sport") === 0) return;
    const peer = {
      text: addressText(sample.bytes("dst")),
      // Of others it is no port.
      port: isDatagram ? sample.number("dport") : 0,
      name: null,
    };
    this.#routes.delete(sample.tid);
    this.#routes.set(sample.tid, { timeNs, protocol, peer });
    if (this.#routes.size > MOST) this.#routes.delete(this.#routes.keys().next().value!);
  }

  #sent(sample: Tracepoint, timeNs: number): void {
    if (sample.interrupt) return;
    const [protocol, result] = [sample.number("protocol"), sample.number("ret")];
    const route = this.#routes.get(sample.tid);
    this.#routes.delete(sample.tid);
    const peer = route !== undefined && route.protocol === protocol &&
        timeNs - route.timeNs < ROUTE_NS
      ? peerOf(route.peer, sample.number("family"))
      : null;
    const socket = sample.pointer("sk");
    const name = `${socket} ${sample.pid} ${peer?.text} ${peer?.port}`;
    const [bytes, failed] = result < 0 ? [0, 1] : [result, 0];
    const known = this.#flows.get(name);
    if (known !== undefined) {
      known.counts[0]++;
      known.counts[1] += bytes;
      known.counts[2] += failed;
      return;
    }
    const key = new TextEncoder().encode(name);
    this.#flows.set(name, { key, counts: [1, bytes, failed] });
    if (this.#flows.size > MOST) {
      const [oldest, { key, counts }] = this.#flows.entries().next().value!;
      this.#tracker.flow(key, counts, timeNs);
      this.#flows.delete(oldest);
    }
    const isDatagram = protocol === IPPROTO_UDP || protocol === IPPROTO_UDPLITE;
    this.#tracker.take(
      this.#record(KIND.send, sample, timeNs, {
        cookie: socket,
        type: isDatagram ? SOCK_DGRAM : SOCK_RAW,
        peer,
        error: failed === 0 ? null : -result,
        bytesSent: bytes,
        flow: { key },
        process: this.#process(sample),
      }),
    );
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }
}

/** What a change of the state of a TCP socket tells; `null` for nothing. */
function kindOf(before: number, after: number): number | null {
  switch (after) {
    case TCP_SYN_SENT:
      return KIND.synSent;
    case TCP_LISTEN:
      return KIND.listen;
    case TCP_ESTABLISHED:
      return before === TCP_SYN_SENT
        ? KIND.connected
        : before === TCP_SYN_RECV
        ? KIND.passive
        : null;
    case TCP_CLOSE:
      return before === TCP_SYN_SENT ? KIND.connectFailed : KIND.closed;
    default:
      return null;
  }
}

function addressText(bytes: Bytes): string {
  return bytes.length === 4 || bytes.length === 16 ? formatAddress(bytes) : "";
}

/** A packet of IPv4 on a socket of IPv6: the address in its mapped form. */
function peerOf(peer: Address, family: number): Address {
  return family === AF_INET6 && !peer.text.includes(":")
    ? { ...peer, text: `::ffff:${peer.text}` }
    : peer;
}

// The address of a socket in the kernel is none of anybody's.
function withoutCookie(event: WatchEvent): WatchEvent {
  return event.event === "lost" ? event : { ...event, cookie: null };
}
