/**
 * Maps: what the programs share with each other and with us.
 *
 * @module
 */
import {
  BPF_F_MMAPABLE,
  BPF_F_NO_PREALLOC,
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_SK_STORAGE,
  MapBatch,
  tryCreateMap,
  tryLoadBtf,
  tryLookUp,
} from "../../../ffi/bpf.ts";
import { errnoName, errnoText } from "../../../ffi/errno.ts";
import { close } from "../../../ffi/files.ts";
import { Mapping } from "../../../ffi/mapping.ts";
import { pageSize } from "../../../ffi/process.ts";
import { OWN_INT, OWN_STRUCT, ownTypes } from "../../bpf/own_types.ts";
import { type Probe, refuse } from "../../bpf/probe.ts";
import { Ring } from "../../bpf/ring.ts";
import { cookieOf } from "../../model/cookie.ts";
import { NOTE_SIZE } from "./note.ts";
import { KINDS } from "./record.ts";

/** Bytes of the ring, unless asked for otherwise: some fifty thousand records, two seconds of 2,000 connections a second. */
const RING_SIZE = 8 * 1024 * 1024;

/** Flows to the first destination of a socket that are counted at once, a power of two; the oldest goes first. */
export const SLOT_ROOM = 65_536;
/** Flows to other destinations; the least recently used goes first. */
const FLOW_ROOM = 32_768;
const PENDING_ROOM = 16_384;
const THREAD_ROOM = 4096;
const PROCESS_ROOM = 16_384;

/** A flow: cookie u64 0, destination u8[16] 8, port u16 24, family u16 26, process u32 28, by the number that is the kernel's own. */
export const FLOW_KEY_SIZE = 32;
/** What went over a flow: datagrams u64 0, bytes u64 8, failed datagrams u64 16; of a slot also the cookie u64 24. */
export const FLOW_VALUE_SIZE = 32;
export const FLOW = { count: 0, bytes: 8, failed: 16, cookie: 24 } as const;

/** The destination of the datagram that a thread is about to send: a flow key, then u64 32: whether it was used. */
const SENDING_SIZE = 40;
export const SENDING_PENDING = 32;
/** What stands there: used already; of this socket; of whatever socket the thread uses; of one that nobody asked for. */
export const PENDING = { none: 0, socket: 1, anySocket: 2, unwanted: 3 } as const;

/** Numbers that all programs add to: u64 each. The first {@linkcode KINDS} are records lost, by kind. */
const COUNTERS = KINDS + 2;
/** The level of our own PID namespace, plus 1. */
export const COUNTER_LEVEL = KINDS;
/** How many slots were given out. */
export const COUNTER_SLOTS = KINDS + 1;

/** The maps of one watch. They are gone with the last descriptor, which the programs hold too. */
export class EventMaps implements Disposable {
  readonly ring: Ring;
  /** u32 → u64. */
  readonly counters: number;
  /** Flow → counts. */
  readonly flows: number;
  /** Slot → counts of a flow. 0 is none. */
  readonly slots: number;
  /** Socket → note. */
  readonly notes: number;
  /** Thread → what it is about to send to. */
  readonly sending: number;
  /** Cookie of a connection that nobody was seen to accept yet → u64 1: of a unix socket, and of others where notes are not kept. */
  readonly pending: number;
  /** Process → its start. */
  readonly processes: number;
  readonly #slots: Mapping;
  readonly #slotView: DataView<ArrayBuffer>;
  readonly #flowBatch: MapBatch;
  readonly #value = new Uint8Array(8);
  readonly #key = new Uint8Array(4);
  readonly #flow = new Uint8Array(FLOW_VALUE_SIZE);

  private constructor(ring: Ring, fds: MapFds, slots: Mapping) {
    this.ring = ring;
    this.counters = fds.counters;
    this.flows = fds.flows;
    this.slots = fds.slots;
    this.notes = fds.notes;
    this.sending = fds.sending;
    this.pending = fds.pending;
    this.processes = fds.processes;
    this.#slots = slots;
    this.#slotView = new DataView(slots.bytes.buffer);
    this.#flowBatch = new MapBatch(this.flows, FLOW_KEY_SIZE, FLOW_VALUE_SIZE, 8192);
  }

  /** Makes the maps, with a ring of `ringSize` bytes. */
  static create(ringSize = RING_SIZE): Probe<EventMaps> {
    const ring = Ring.create(ringSize);
    if (!ring.ok) return ring;
    const made: number[] = [];
    const failed = (reason: string) => {
      for (const fd of made) close(fd);
      ring.value[Symbol.dispose]();
      return refuse(reason);
    };
    const types = tryLoadBtf(ownTypes(NOTE_SIZE));
    if (types < 0) {
      return failed(`no types can be loaded: ${errnoText(-types)} (${errnoName(-types)})`);
    }
    const fds: Partial<Record<keyof MapFds, number>> = {};
    try {
      for (const [name, map] of Object.entries(mapsToMake(types))) {
        const fd = tryCreateMap(map);
        if (fd < 0) {
          return failed(`a map cannot be made: ${errnoText(-fd)} (${errnoName(-fd)})`);
        }
        made.push(fd);
        fds[name as keyof MapFds] = fd;
      }
    } finally {
      close(types);
    }
    const slots = Mapping.tryShared(fds.slots!, slotBytes(), 0, false);
    if (slots === null) return failed("the counts of flows cannot be mapped into memory");
    return { ok: true, value: new EventMaps(ring.value, fds as MapFds, slots) };
  }

  /** One of the counters. */
  counter(index: number): number {
    new DataView(this.#key.buffer).setUint32(0, index, true);
    if (tryLookUp(this.counters, this.#key, this.#value) < 0) return 0;
    return Number(new DataView(this.#value.buffer).getBigUint64(0, true));
  }

  /** Datagrams, bytes and failed datagrams of a flow so far; `null` for one that is counted no more. */
  flow(key: Uint8Array): FlowCounts | null {
    if (tryLookUp(this.flows, key, this.#flow) < 0) return null;
    const view = new DataView(this.#flow.buffer);
    return countsAt(view, 0);
  }

  /** The same of a slot, as long as it is that of a socket. */
  slot(slot: number, cookie: number | bigint): FlowCounts | null {
    const view = this.#slotView;
    const at = slot * FLOW_VALUE_SIZE;
    const owner = cookieOf(
      view.getUint32(at + FLOW.cookie, true),
      view.getUint32(at + FLOW.cookie + 4, true),
    );
    return owner === cookie ? countsAt(view, at) : null;
  }

  /**
   * Calls `take` for every flow that has no slot, with where its key and its value are. Returns false where the kernel cannot list
   * them.
   */
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
    this.#slots.close();
    const { counters, flows, slots, notes, sending, pending, processes } = this;
    for (const fd of [counters, flows, slots, notes, sending, pending, processes]) close(fd);
  }
}

type MapFds = Readonly<
  Pick<
    EventMaps,
    "counters" | "flows" | "slots" | "notes" | "sending" | "pending" | "processes"
  >
>;

function slotBytes(): number {
  const page = pageSize();
  return Math.ceil((SLOT_ROOM + 1) * FLOW_VALUE_SIZE / page) * page;
}

function mapsToMake(btf: number): Record<keyof MapFds, Parameters<typeof tryCreateMap>[0]> {
  const lru = BPF_MAP_TYPE_LRU_HASH;
  const array = BPF_MAP_TYPE_ARRAY;
  return {
    counters: { type: array, key: 4, value: 8, max: COUNTERS, name: "sockeye_counts" },
    flows: {
      type: lru,
      key: FLOW_KEY_SIZE,
      value: FLOW_VALUE_SIZE,
      max: FLOW_ROOM,
      name: "sockeye_flows",
    },
    slots: {
      type: array,
      key: 4,
      value: FLOW_VALUE_SIZE,
      max: SLOT_ROOM + 1,
      name: "sockeye_slots",
      flags: BPF_F_MMAPABLE,
    },
    notes: {
      type: BPF_MAP_TYPE_SK_STORAGE,
      key: 4,
      value: NOTE_SIZE,
      max: 0,
      name: "sockeye_notes",
      flags: BPF_F_NO_PREALLOC,
      types: { btf, key: OWN_INT, value: OWN_STRUCT },
    },
    sending: { type: lru, key: 8, value: SENDING_SIZE, max: THREAD_ROOM, name: "sockeye_sending" },
    pending: { type: lru, key: 8, value: 8, max: PENDING_ROOM, name: "sockeye_pending" },
    processes: { type: lru, key: 4, value: 8, max: PROCESS_ROOM, name: "sockeye_process" },
  };
}

/** Datagrams, bytes, failed datagrams. */
export type FlowCounts = readonly [count: number, bytes: number, failed: number];

/** What {@linkcode EventMaps.flow} gives, of a value. */
export function countsAt(view: DataView, at: number): FlowCounts {
  const u64 = (offset: number) => Number(view.getBigUint64(at + offset, true));
  return [u64(FLOW.count), u64(FLOW.bytes), u64(FLOW.failed)];
}
