/**
 * FakeKernel: a netlink peer that is a function from a request to the datagrams of its reply.
 *
 * @module
 */
import type { Datagrams, NetlinkSocket } from "../../src/netlink/connection.ts";

/** A datagram, with what the kernel would say of it. */
export interface FakeDatagram {
  readonly bytes: number[];
  readonly flags?: number;
  readonly sender?: number;
}

const SLOT_SIZE = 4096;
const SLOTS = 4;

/** Answers each request with what `reply` returns, `SLOTS` datagrams a receive. */
export class FakeKernel implements NetlinkSocket {
  readonly portId = 4711;
  readonly requests: Uint8Array[] = [];
  readonly #reply: (sequence: number, attempt: number) => FakeDatagram[];
  #queue: FakeDatagram[] = [];
  #slots: FakeDatagram[] = [];
  readonly #data = new DataView(new ArrayBuffer(SLOT_SIZE * SLOTS));

  constructor(reply: (sequence: number, attempt: number) => FakeDatagram[]) {
    this.#reply = reply;
  }

  get datagrams(): Datagrams {
    return {
      data: this.#data,
      slotSize: SLOT_SIZE,
      length: (i) => this.#slots[i]!.bytes.length,
      flags: (i) => this.#slots[i]!.flags ?? 0,
      senderPortId: (i) => this.#slots[i]!.sender ?? 0,
    };
  }

  send(request: Uint8Array): void {
    this.requests.push(request.slice());
    const sequence = new DataView(request.buffer, request.byteOffset).getUint32(8, true);
    this.#queue.push(...this.#reply(sequence, this.requests.length));
  }

  receive(): number {
    if (this.#queue.length === 0) {
      throw new Error("The reader waits for a datagram that never comes");
    }
    this.#slots = this.#queue.splice(0, SLOTS);
    for (const [i, { bytes }] of this.#slots.entries()) {
      new Uint8Array(this.#data.buffer, i * SLOT_SIZE, SLOT_SIZE).set(bytes);
    }
    return this.#slots.length;
  }

  close(): void {}
}
