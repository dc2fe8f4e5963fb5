/**
 * Memory that the kernel or C has pointers to.
 *
 * The runtime stores a typed array of up to 1,000 bytes inside the object itself, and moves the bytes when `.buffer` is first used. It
 * does not do so with a typed array over an ArrayBuffer. So everything that a C structure points to is allocated here, and the
 * object that has the structure keeps it alive.
 *
 * @module
 */
import { native } from "./native.ts";

/** Zeroed bytes. Their address stays the same as long as they are reachable. Throws RangeError for a size below 1. */
export function allocate(size: number): Uint8Array<ArrayBuffer> {
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new RangeError(`Cannot allocate ${size} bytes: the size must be a positive integer`);
  }
  return new Uint8Array(new ArrayBuffer(size));
}

/** The address of bytes of {@linkcode allocate}, plus `offset`. The caller keeps the bytes reachable as long as C may use them. */
export function addressOf(bytes: Uint8Array, offset = 0): number {
  return native.ptr(bytes, offset);
}

const encoder = new TextEncoder();

/** A NUL-terminated copy of a path or name, encoded as UTF-8. Throws RangeError for a NUL inside, where C would end the text. */
export function cString(text: string | Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = typeof text === "string" ? encoder.encode(text) : text;
  if (bytes.includes(0)) throw new RangeError("Cannot pass a name that contains a NUL byte");
  const copy = allocate(bytes.length + 1);
  copy.set(bytes);
  return copy;
}

/** Writes an address as 64 bits at `offset`. Addresses of processes are below 2^53 on both architectures. */
export function setPointer(view: DataView, offset: number, address: number): void {
  view.setUint32(offset, address >>> 0, true);
  view.setUint32(offset + 4, Math.floor(address / 0x1_0000_0000), true);
}

/** struct msghdr, LP64: name 0, namelen 8, iov 16, iovlen 24, control 32, controllen 40, flags 48. */
const MSGHDR_SIZE = 56;
/** struct mmsghdr: a msghdr, then the unsigned int that recvmmsg fills with the length. */
const MMSGHDR_SIZE = 64;
/** struct iovec: base 0, len 8. */
const IOVEC_SIZE = 16;
/** struct sockaddr_nl: family u16 0, port ID u32 4, groups u32 8. Source: include/uapi/linux/netlink.h. */
export const SOCKADDR_NL_SIZE = 12;

/** Number of slots at first. Most dumps need two: one for the rows and one for their end. */
const FIRST_SLOTS = 4;

/**
 * A set of `count` receive slots of `slotSize` bytes, laid out for recvmmsg(2): one array of mmsghdr, one of iovec,
 * one of sockaddr_nl, and the slots themselves. The kernel overwrites the address length and the flags in each call, so
 * {@linkcode ReceiveSlots.reset} must precede every call. Only a few slots are used until one call has filled those.
 */
export class ReceiveSlots {
  readonly slotSize: number;
  /** All slots, one after the other. */
  readonly data: DataView<ArrayBuffer>;
  /** The mmsghdr array, which is passed to the kernel. */
  readonly headers: Uint8Array<ArrayBuffer>;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #headerView: DataView<ArrayBuffer>;
  readonly #vectors: Uint8Array<ArrayBuffer>;
  readonly #vectorView: DataView<ArrayBuffer>;
  readonly #names: Uint8Array<ArrayBuffer>;
  readonly #nameView: DataView<ArrayBuffer>;
  readonly #all: number;
  #count: number;

  constructor(count: number, slotSize: number) {
    this.#count = Math.min(count, FIRST_SLOTS);
    this.#all = count;
    this.slotSize = slotSize;
    // The kernel gives pages to slots only when they are filled.
    this.#bytes = allocate(count * slotSize);
    this.data = new DataView(this.#bytes.buffer);
    this.headers = allocate(count * MMSGHDR_SIZE);
    this.#headerView = new DataView(this.headers.buffer);
    this.#vectors = allocate(count * IOVEC_SIZE);
    this.#vectorView = new DataView(this.#vectors.buffer);
    this.#names = allocate(count * SOCKADDR_NL_SIZE);
    this.#nameView = new DataView(this.#names.buffer);
    this.#point(0);
  }

  /** Slots that a call may fill. */
  get count(): number {
    return this.#count;
  }

  // Points the headers of the slots from `first` on to their bytes.
  #point(first: number): void {
    for (let i = first; i < this.#count; i++) {
      setPointer(this.#vectorView, i * IOVEC_SIZE, addressOf(this.#bytes, i * this.slotSize));
      this.#vectorView.setUint32(i * IOVEC_SIZE + 8, this.slotSize, true);
      const header = i * MMSGHDR_SIZE;
      setPointer(this.#headerView, header, addressOf(this.#names, i * SOCKADDR_NL_SIZE));
      setPointer(this.#headerView, header + 16, addressOf(this.#vectors, i * IOVEC_SIZE));
      this.#headerView.setUint32(header + 24, 1, true);
    }
  }

  /** Must be called when a call has filled every slot. From then on all slots are used. */
  filled(): void {
    if (this.#count === this.#all) return;
    const first = this.#count;
    this.#count = this.#all;
    this.#point(first);
  }

  /** Prepares every slot for the next call. */
  reset(): void {
    for (let i = 0; i < this.#count; i++) {
      const header = i * MMSGHDR_SIZE;
      this.#headerView.setUint32(header + 8, SOCKADDR_NL_SIZE, true);
      this.#headerView.setUint32(header + 48, 0, true);
    }
  }

  /** Number of bytes that the last recvmmsg put into slot `i`. */
  length(i: number): number {
    return this.#headerView.getUint32(i * MMSGHDR_SIZE + MSGHDR_SIZE, true);
  }

  /** msg_flags of slot `i`: MSG_TRUNC when the datagram was longer than the slot. */
  flags(i: number): number {
    return this.#headerView.getUint32(i * MMSGHDR_SIZE + 48, true);
  }

  /** Netlink port ID that sent slot `i`; 0 is the kernel. */
  senderPortId(i: number): number {
    return this.#nameView.getUint32(i * SOCKADDR_NL_SIZE + 4, true);
  }
}

/** One msghdr with one iovec and a netlink address, for sendmsg(2). Keeps alive what it points to. */
export class SendMessage {
  readonly header: Uint8Array<ArrayBuffer> = allocate(MSGHDR_SIZE);
  readonly #vector = allocate(IOVEC_SIZE);
  readonly #name = allocate(SOCKADDR_NL_SIZE);
  #payload: Uint8Array<ArrayBuffer> | undefined;

  constructor() {
    const header = new DataView(this.header.buffer);
    setPointer(header, 0, addressOf(this.#name));
    header.setUint32(8, SOCKADDR_NL_SIZE, true);
    setPointer(header, 16, addressOf(this.#vector));
    header.setUint32(24, 1, true);
    // Port ID 0 and no group: the kernel.
    new DataView(this.#name.buffer).setUint16(0, 16, true);
  }

  /** Points the message at a copy of `payload`. */
  set(payload: Uint8Array): void {
    const copy = allocate(payload.length);
    copy.set(payload);
    this.#payload = copy;
    const vector = new DataView(this.#vector.buffer);
    setPointer(vector, 0, addressOf(copy));
    vector.setUint32(8, copy.length, true);
  }

  /** The bytes that the message points to. This reference keeps them alive. */
  get payload(): Uint8Array | undefined {
    return this.#payload;
  }
}
