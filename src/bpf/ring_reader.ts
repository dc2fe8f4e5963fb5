/**
 * RingReader: reads the records of a ring from its memory. How it is laid out says ring.ts.
 *
 * @module
 */

/** The head of a record: it is being written, or was thrown away. */
const BUSY = 0x8000_0000;
const DISCARDED = 0x4000_0000;
const HEADER = 8;

/** How long is waited at the end for records that are being written, and how long between two looks. */
const FINISH_MS = 200;
const PAUSE_MS = 1;

const scratch = new Int32Array(new SharedArrayBuffer(4));

/**
 * Lets no later load overtake an earlier one: the kernel publishes a position, and the header of a record, by a release store.
 * Atomics.load would say that too, but the compiled form of it is an exchange, which writes, and these pages are read-only.
 */
function fence(): void {
  Atomics.add(scratch, 0, 0);
}

/** Takes a record: where in the view it begins, and how long it is. It must not keep it. */
type Take = (start: number, length: number) => void;

/** See the module. */
export class RingReader {
  readonly #read: BigUint64Array<ArrayBuffer>;
  readonly #written: BigUint64Array<ArrayBuffer>;
  readonly #words: Uint32Array<ArrayBuffer>;
  /** All data. */
  readonly view: DataView<ArrayBuffer>;
  readonly #dataAt: number;
  readonly #size: number;
  #position = 0;

  /**
   * @param consumer Begins with the position that is read up to.
   * @param producer Begins with the position that is written up to; `size` bytes of data begin at `dataAt`, and again behind them.
   */
  constructor(consumer: ArrayBuffer, producer: ArrayBuffer, dataAt: number, size: number) {
    this.#read = new BigUint64Array(consumer, 0, 1);
    this.#written = new BigUint64Array(producer, 0, 1);
    this.#words = new Uint32Array(producer);
    this.view = new DataView(producer);
    this.#dataAt = dataAt;
    this.#size = size;
  }

  /** Reads what is there up to a record that is being written, at most `most` records. Returns how many were read. */
  drain(take: Take, most = Infinity): number {
    let count = 0;
    for (;;) {
      const written = Number(this.#written[0]!);
      fence();
      if (this.#position >= written || count >= most) return count;
      while (this.#position < written && count < most) {
        const at = this.#at();
        const header = this.#words[at >>> 2]!;
        fence();
        // Whoever is writing it wakes us up when it is done.
        if ((header & BUSY) !== 0) return count;
        const length = header & ~(BUSY | DISCARDED);
        if ((header & DISCARDED) === 0) {
          take(at + HEADER, length);
          count++;
        }
        this.#advance(length);
        // After each record, so that the kernel gets its room back while a long row of records is told.
        Atomics.store(this.#read, 0, BigInt(this.#position));
      }
    }
  }

  /**
   * Reads all that is left, once nothing begins to write any more. A program may still be at a record on another processor: that is
   * waited for, but not long. Then it is passed over. Returns how many were passed over.
   */
  finish(take: Take, waitMs = FINISH_MS, pause: (ms: number) => void = Bun.sleepSync): number {
    const untilMs = performance.now() + waitMs;
    do {
      this.drain(take);
      // Also where nothing is left: a program that was about to write comes to it now.
      pause(PAUSE_MS);
      this.drain(take);
    } while (this.#left() && performance.now() < untilMs);
    let lost = 0;
    while (this.#left()) {
      const length = this.#words[this.#at() >>> 2]! & ~(BUSY | DISCARDED);
      lost++;
      this.#advance(length);
      this.drain(take);
    }
    return lost;
  }

  #left(): boolean {
    return this.#position < Number(this.#written[0]!);
  }

  #at(): number {
    return this.#dataAt + this.#position % this.#size;
  }

  #advance(length: number): void {
    this.#position += (HEADER + length + 7) & ~7;
  }
}
