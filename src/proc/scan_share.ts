/**
 * ScanShare: the memory through which two threads share a walk over the descriptors of all processes.
 *
 * Each thread claims one process after another. When no process is left to claim, the second thread writes its results here.
 * The first thread takes them over, and walks the processes whose results are missing itself.
 *
 * @module
 */
import type { DescriptorTable } from "./descriptors.ts";
import { type DescriptorScanner, type Outcome, OUTCOMES } from "./scan.ts";
import { utf8Bytes, utf8Text } from "../text/encoding.ts";

// Words of the header.
const STATE = 0;
const CLAIMED = 1;
const PROCESSES = 2;
const CAPACITY = 3;
const TEXT_LENGTH = 4;
const HEADER_WORDS = 8;

const STARTED = 1;
const ENDED = 2;

/** Room for the namespaces that were found, as JSON. If they do not fit, the second thread leaves no results. */
const TEXT_SIZE = 64 * 1024;

/** Bits below an error number, which hold the outcome. */
const ERROR_SHIFT = 8;

/** A walk that is shared. */
export class ScanShare {
  /** The memory to hand to the other thread. */
  readonly memory: SharedArrayBuffer;
  readonly #header: Int32Array;
  readonly #pids: Int32Array;
  /** For each process: 1 + the index of its outcome, and an error number above {@linkcode ERROR_SHIFT}; 0 if it is missing. */
  readonly #outcomes: Int32Array;
  /** For each process that is here: where its rows end. They begin where the rows of the previous one end. */
  readonly #ends: Int32Array;
  readonly #tids: Int32Array;
  readonly #fds: Int32Array;
  readonly #inodes: Float64Array;
  readonly #text: Uint8Array;

  /** Opens a share in memory that {@linkcode ScanShare.over} made. */
  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#header = new Int32Array(memory, 0, HEADER_WORDS);
    const processes = this.#header[PROCESSES]!;
    const capacity = this.#header[CAPACITY]!;
    let at = this.#header.byteLength;
    const words = (count: number) => {
      const array = new Int32Array(memory, at, count);
      at += array.byteLength;
      return array;
    };
    this.#inodes = new Float64Array(memory, at, capacity);
    at += this.#inodes.byteLength;
    this.#pids = words(processes);
    this.#outcomes = words(processes);
    this.#ends = words(processes);
    this.#tids = words(capacity);
    this.#fds = words(capacity);
    this.#text = new Uint8Array(memory, at, TEXT_SIZE);
  }

  /** Makes a share for a walk over these processes, with room for `capacity` descriptors of the second thread. */
  static over(pids: readonly number[], capacity: number): ScanShare {
    const words = HEADER_WORDS + 3 * pids.length + 2 * capacity;
    const memory = new SharedArrayBuffer(4 * words + 8 * capacity + TEXT_SIZE);
    const header = new Int32Array(memory);
    header[PROCESSES] = pids.length;
    header[CAPACITY] = capacity;
    const share = new ScanShare(memory);
    share.#pids.set(pids);
    return share;
  }

  /** Claims a process. Returns its index in the list, or `null` when all are claimed. */
  claim(): number | null {
    const claimed = Atomics.add(this.#header, CLAIMED, 1);
    return claimed < this.#pids.length ? claimed : null;
  }

  /** The process ID at an index of the list. */
  pid(number: number): number {
    return this.#pids[number]!;
  }

  /** What the second thread does: walks the processes that it can claim, and writes the results. */
  serve(scanner: DescriptorScanner): void {
    Atomics.store(this.#header, STATE, STARTED);
    const { descriptors } = scanner;
    const numbers: number[] = [];
    const outcomes: Outcome[] = [];
    const ends: number[] = [];
    scanner.scanEach(() => {
      const claimed = this.claim();
      if (claimed === null) return null;
      numbers.push(claimed);
      return this.pid(claimed);
    }, (outcome) => {
      outcomes.push(outcome);
      ends.push(descriptors.length);
    });
    const text = utf8Bytes(JSON.stringify([...scanner.namespaces]));
    if (text.length > TEXT_SIZE) return;
    this.#text.set(text);
    this.#header[TEXT_LENGTH] = text.length;
    let fitting = numbers.length;
    while (fitting > 0 && ends[fitting - 1]! > this.#header[CAPACITY]!) fitting--;
    const rows = fitting === 0 ? 0 : ends[fitting - 1]!;
    for (let row = 0; row < rows; row++) {
      this.#tids[row] = descriptors.tid(row);
      this.#fds[row] = descriptors.fd(row);
      this.#inodes[row] = descriptors.inode(row);
    }
    for (let i = 0; i < fitting; i++) {
      this.#ends[numbers[i]!] = ends[i]!;
      const error = scanner.errors.get(this.pid(numbers[i]!)) ?? 0;
      this.#outcomes[numbers[i]!] = 1 + OUTCOMES.indexOf(outcomes[i]!) | error << ERROR_SHIFT;
    }
  }

  /** Tells the first thread that no more results will come. */
  end(): void {
    Atomics.store(this.#header, STATE, ENDED);
    Atomics.notify(this.#header, STATE);
  }

  /**
   * Waits up to `ms` milliseconds for {@linkcode ScanShare.end}, once all processes are claimed. Returns whether there are
   * results. Returns at once if the second thread has not started, since it has then claimed nothing.
   */
  wait(ms: number): boolean {
    Atomics.wait(this.#header, STATE, STARTED, ms);
    return Atomics.load(this.#header, STATE) === ENDED;
  }

  /**
   * Appends the rows of the second thread to a table. Returns its outcomes by index, its errors by process ID, and the namespaces
   * that it found.
   */
  take(table: DescriptorTable): Taken {
    const outcomes = new Map<number, Outcome>();
    const errors = new Map<number, number>();
    let row = 0;
    for (let number = 0; number < this.#pids.length; number++) {
      const code = this.#outcomes[number]!;
      if (code === 0) continue;
      outcomes.set(number, OUTCOMES[(code & (1 << ERROR_SHIFT) - 1) - 1]!);
      const error = code >> ERROR_SHIFT;
      if (error !== 0) errors.set(this.#pids[number]!, error);
      for (; row < this.#ends[number]!; row++) {
        table.push(this.#pids[number]!, this.#tids[row]!, this.#fds[row]!, this.#inodes[row]!);
      }
    }
    const text = this.#text.slice(0, this.#header[TEXT_LENGTH]);
    const namespaces = text.length === 0 ? [] : JSON.parse(utf8Text(text));
    return { outcomes, errors, namespaces };
  }
}

/** Results of the second thread. */
interface Taken {
  readonly outcomes: ReadonlyMap<number, Outcome>;
  readonly errors: ReadonlyMap<number, number>;
  readonly namespaces: readonly (readonly [inode: number, path: string])[];
}
