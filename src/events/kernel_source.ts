/**
 * KernelSource: events told by programs in the kernel.
 *
 * @module
 */
import type { Probe } from "../bpf/probe.ts";
import type { Expr } from "../filter/ast.ts";
import type { Rung, SocketEvent, WatchEvent, WatchSource } from "../model/event.ts";
import type { Socket } from "../model/socket.ts";
import { readNetns } from "../proc/ns.ts";
import type { ProcRoot } from "../proc/root.ts";
import { Clock } from "./clock.ts";
import { countsAt, FLOW_KEY_SIZE } from "./kernel/maps.ts";
import type { KernelRecord } from "./kernel/decode.ts";
import { KIND } from "./kernel/record.ts";
import { KernelWatch } from "./kernel/watch.ts";
import { NetnsNames } from "./netns_names.ts";
import { ProcessCache } from "./process_cache.ts";
import type { EventSource } from "./source.ts";
import { Tracker } from "./tracker.ts";

/** Records taken at a time, before what they say is written. */
const BATCH = 4096;
/** How often counts are read. */
const COUNT_MS = 1000;
const TICK_MS = 100;

type KernelRung = Extract<Rung, "all" | "tracepoints" | "cgroup">;

const SOURCES: Readonly<Record<KernelRung, readonly string[]>> = {
  all: ["hooks of control groups", "tracepoints with types"],
  tracepoints: ["tracepoints with types"],
  cgroup: ["hooks of control groups"],
};

const UNSEEN: Readonly<Record<KernelRung, readonly string[]>> = {
  all: [
    "bind, listen and close of unix sockets",
    "datagrams of packet, netlink and vsock sockets",
  ],
  tracepoints: [
    "open and bind",
    "who closes a connection, and the close of sockets that are not TCP",
    "connects that fail before a packet is sent",
    "unix sockets",
    "datagrams of packet, netlink and vsock sockets",
  ],
  cgroup: [
    "listen",
    "what becomes of a connect",
    "accept without asking for the peer's address",
    "bytes",
    "datagrams of connected and raw sockets, and whether one failed",
    "unix sockets",
    "arguments of processes that are gone at once",
  ],
};

/** Names of what can be lost, by the kind of record. */
const KIND_NAMES = new Map<number, string>(
  Object.entries(KIND).map(([name, kind]) => [
    kind,
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  ]),
);

/** See the module. */
export class KernelSource implements EventSource {
  readonly source: WatchSource;
  readonly pauseMs = TICK_MS;
  readonly #watch: KernelWatch;
  readonly #root: ProcRoot;
  readonly #clock = new Clock();
  readonly #tracker: Tracker;
  readonly #processes: ProcessCache;
  #emit: (event: WatchEvent) => void = () => {};
  #countedMs = performance.now();
  #lost: number[];

  private constructor(watch: KernelWatch, root: ProcRoot, reasons: readonly string[]) {
    this.#watch = watch;
    this.#root = root;
    this.#processes = new ProcessCache(root);
    this.#lost = watch.lost();
    this.#tracker = new Tracker({
      clock: this.#clock,
      processes: this.#processes,
      netns: new NetnsNames(root),
      emit: (event) => this.#emit(event),
      flowCounts: (place, cookie) =>
        "slot" in place ? watch.maps.slot(place.slot, cookie) : watch.maps.flow(place.key),
      seesStates: watch.rung !== "cgroup",
      seesDatagrams: watch.seesDatagrams,
      seesReleases: watch.rung !== "tracepoints",
    });
    this.source = {
      rung: watch.rung,
      sources: SOURCES[watch.rung],
      unseen: [...UNSEEN[watch.rung], ...new Set(watch.missing.map(({ what }) => what))],
      reasons: [...reasons, ...new Set(watch.missing.map(({ reason }) => reason))],
    };
  }

  /** Attaches the programs of a rung, or says why that is not possible. `reasons`: why the rungs above were not taken. */
  static open(
    rung: KernelRung,
    filter: Expr | null,
    root: ProcRoot,
    reasons: readonly string[] = [],
  ): Probe<KernelSource> {
    const watch = KernelWatch.open({ rung, filter }, root);
    if (!watch.ok) return watch;
    return { ok: true, value: new KernelSource(watch.value, root, reasons) };
  }

  get fd(): number {
    return this.#watch.maps.ring.fd;
  }

  begin(existing: () => Iterable<Socket>): void {
    for (const socket of existing()) this.#tracker.existing(socket);
  }

  pickUp(emit: (event: WatchEvent) => void): boolean {
    this.#emit = emit;
    const count = this.#watch.drain((record) => this.#take(record), BATCH);
    this.#tracker.tick(this.#clock.now());
    if (performance.now() - this.#countedMs >= COUNT_MS) this.#count();
    return count === BATCH;
  }

  execBefore(event: SocketEvent): SocketEvent | null {
    return this.#processes.execBefore(event, this.#clock);
  }

  end(emit: (event: WatchEvent) => void): void {
    this.#emit = emit;
    const unfinished = this.#watch.finish((record) => this.#take(record));
    this.#tracker.tick(Infinity);
    this.#count(unfinished);
  }

  // Where the kernel tells no namespace, that of the process is the next best.
  #take(record: KernelRecord): void {
    const process = this.#watch.tellsNetns || record.netns !== null ? null : record.process;
    const netns = process === null || process.pid === 0
      ? record.netns
      : readNetns(this.#root, process.pid);
    this.#tracker.take(netns === record.netns ? record : { ...record, netns });
  }

  #count(unfinished = 0): void {
    this.#countedMs = performance.now();
    const now = this.#clock.now();
    this.#watch.maps.readFlows((keys, key, values, value) => {
      const counts = countsAt(values, value);
      // The first was told when it was sent.
      if (counts[0] === 1) return;
      const bytes = new Uint8Array(
        keys.buffer as ArrayBuffer,
        keys.byteOffset + key,
        FLOW_KEY_SIZE,
      );
      this.#tracker.flow(bytes, counts, now);
    });
    this.#tracker.flowsInSlots(now);
    this.#countLost(now, unfinished);
  }

  // Of a record that was not finished nobody knows what it was about.
  #countLost(nowNs: number, unfinished: number): void {
    const lost = this.#watch.lost();
    const of: Record<string, number> = unfinished > 0 ? { unfinished } : {};
    let count = unfinished;
    for (const [kind, total] of lost.entries()) {
      const more = total - (this.#lost[kind] ?? 0);
      if (more === 0) continue;
      of[KIND_NAMES.get(kind) ?? `kind_${kind}`] = more;
      count += more;
    }
    this.#lost = lost;
    if (count > 0) this.#emit({ event: "lost", atNs: this.#clock.wall(nowNs), count, of });
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }
}
