/**
 * Maps: what the programs share with each other and with us.
 *
 * @module
 */
import {
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_LRU_HASH,
  MapBatch,
  tryCreateMap,
  tryLookUp,
} from "../../../ffi/bpf.ts";
import { errnoName, errnoText } from "../../../ffi/errno.ts";
import { close } from "../../../ffi/files.ts";
import { type Probe, refuse } from "../../bpf/probe.ts";
import { Ring } from "../../bpf/ring.ts";
import { KINDS } from "./record.ts";

/** Bytes of the ring, unless asked for otherwise: some ten thousand records. */
const RING_SIZE = 2 * 1024 * 1024;

/** Flows that are counted at once; the least recently used goes first. */
const FLOW_ROOM = 32_768;
const SOCKET_ROOM = 32_768;
const PENDING_ROOM = 16_384;
const THREAD_ROOM = 4096;
const PROCESS_ROOM = 16_384;

/** A flow: cookie u64 0, destination u8[16] 8, port u16 24, family u16 26, unused u32 28. */
export const FLOW_KEY_SIZE = 32;
/** What went over a flow: datagrams u64 0, bytes u64 8, failed datagrams u64 16, process u32 24. */
export const FLOW_VALUE_SIZE = 32;
export const FLOW = { count: 0, bytes: 8, failed: 16, tgid: 24 } as const;

/** The destination of the datagram that a thread is about to send: a flow key, then u64 32: whether it was used. */
const SENDING_SIZE = 40;
export const SENDING_PENDING = 32;
/** What stands there: used already; of this socket; of whatever socket the thread uses; of one that nobody asked for. */
export const PENDING = { none: 0, socket: 1, anySocket: 2, unwanted: 3 } as const;

/** What a socket without a protocol that counts has moved: bytes sent u64 0, received u64 8. */
export const TRAFFIC_SIZE = 16;
export const TRAFFIC = { sent: 0, received: 8 } as const;

/** Numbers that all programs add to: u64 each. The first {@linkcode KINDS} are records lost, by kind. */
const COUNTERS = KINDS + 1;
/** The level of our own PID namespace, plus 1. */
export const COUNTER_LEVEL = KINDS;

/** The maps of one watch. They are gone with the last descriptor, which the programs hold too. */
export class EventMaps implements Disposable {
  readonly ring: Ring;
  /** u32 → u64. */
  readonly counters: number;
  /** Flow → counts. */
  readonly flows: number;
  /** Thread → what it is about to send to. */
  readonly sending: number;
  /** Cookie → traffic. */
  readonly traffic: number;
  /** Cookie of a connection that nobody was seen to accept yet → u64 1. */
  readonly pending: number;
  /** Process → its start. */
  readonly processes: number;
  readonly #flowBatch: MapBatch;
  readonly #value = new Uint8Array(8);
  readonly #key = new Uint8Array(4);
  readonly #flow = new Uint8Array(FLOW_VALUE_SIZE);

  private constructor(ring: Ring, fds: readonly number[]) {
    this.ring = ring;
    [this.counters, this.flows, this.sending, this.traffic, this.pending, this.processes] = fds as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    this.#flowBatch = new MapBatch(this.flows, FLOW_KEY_SIZE, FLOW_VALUE_SIZE, 8192);
  }

  /** Makes the maps, with a ring of `ringSize` bytes. */
  static create(ringSize = RING_SIZE): Probe<EventMaps> {
    const ring = Ring.create(ringSize);
    if (!ring.ok) return ring;
    const lru = BPF_MAP_TYPE_LRU_HASH;
    const wanted = [
      { type: BPF_MAP_TYPE_ARRAY, key: 4, value: 8, max: COUNTERS, name: "sockeye_counts" },
      {
        type: lru,
        key: FLOW_KEY_SIZE,
        value: FLOW_VALUE_SIZE,
        max: FLOW_ROOM,
        name: "sockeye_flows",
      },
      { type: lru, key: 8, value: SENDING_SIZE, max: THREAD_ROOM, name: "sockeye_sending" },
      { type: lru, key: 8, value: TRAFFIC_SIZE, max: SOCKET_ROOM, name: "sockeye_traffic" },
      { type: lru, key: 8, value: 8, max: PENDING_ROOM, name: "sockeye_pending" },
      { type: lru, key: 4, value: 8, max: PROCESS_ROOM, name: "sockeye_process" },
    ];
    const fds: number[] = [];
    for (const map of wanted) {
      const fd = tryCreateMap(map);
      if (fd < 0) {
        for (const made of fds) close(made);
        ring.value[Symbol.dispose]();
        return refuse(`a map cannot be made: ${errnoText(-fd)} (${errnoName(-fd)})`);
      }
      fds.push(fd);
    }
    return { ok: true, value: new EventMaps(ring.value, fds) };
  }

  /** One of the counters. */
  counter(index: number): number {
    new DataView(this.#key.buffer).setUint32(0, index, true);
    if (tryLookUp(this.counters, this.#key, this.#value) < 0) return 0;
    return Number(new DataView(this.#value.buffer).getBigUint64(0, true));
  }

  /** Datagrams, bytes and failed datagrams of a flow so far; `null` for one that is counted no more. */
  flow(key: Uint8Array): readonly [count: number, bytes: number, failed: number] | null {
    if (tryLookUp(this.flows, key, this.#flow) < 0) return null;
    const view = new DataView(this.#flow.buffer);
    return countsAt(view, 0);
  }

  /** Calls `take` for every flow, with where its key and its value are. Returns false where the kernel cannot list them. */
  readFlows(
    take: (keys: DataView, key: number, values: DataView, value: number) => void,
  ): boolean {
    const keys = new DataView(this.#flowBatch.keys.buffer);
    const values = new DataView(this.#flowBatch.values.buffer);
    const result = this.#flowBatch.read((count) => {
      for (let i = 0; i < count; i++) take(keys, i * FLOW_KEY_SIZE, values, i * FLOW_VALUE_SIZE);
    });
    return result === 0;
  }

  /** Closes them all. */
  [Symbol.dispose](): void {
    this.ring[Symbol.dispose]();
    for (
      const fd of [
        this.counters,
        this.flows,
        this.sending,
        this.traffic,
        this.pending,
        this.processes,
      ]
    ) close(fd);
  }
}

/** What {@linkcode EventMaps.flow} gives, of a value. */
export function countsAt(
  view: DataView,
  at: number,
): readonly [count: number, bytes: number, failed: number] {
  const u64 = (offset: number) => Number(view.getBigUint64(at + offset, true));
  return [u64(FLOW.count), u64(FLOW.bytes), u64(FLOW.failed)];
}
