/**
 * ScanShare: the memory through which two threads share a walk over the descriptors of all processes.
 *
 * Each claims one process after the other. What the second thread has found it leaves here when there is nothing more to claim;
 * the first then takes it over, and walks again whatever is not here, for whatever reason.
 *
 * @module
 */
import type { DescriptorTable } from "./descriptors.ts";
import { type DescriptorScanner, type Outcome, OUTCOMES } from "./scan.ts";
import { utf8Bytes, utf8Text } from "../text/encoding.ts";

// Words at the beginning.
const STATE = 0;
const CLAIMED = 1;
const PROCESSES = 2;
const CAPACITY = 3;
const TEXT_LENGTH = 4;
const HEADER_WORDS = 8;

const STARTED = 1;
const ENDED = 2;

/** Room for the namespaces that were found, as JSON. If they do not fit, the first thread finds the rest itself. */
const TEXT_SIZE = 64 * 1024;

/** Bits of an outcome. */
const ERROR_SHIFT = 8;

/** A walk that is shared. */
export class ScanShare {
  /** What the other thread has to be given. */
  readonly memory: SharedArrayBuffer;
  readonly #header: Int32Array;
  readonly #pids: Int32Array;
  /** Of each process 1 + the number of the outcome, and above {@linkcode ERROR_SHIFT} an error; 0: not here. */
  readonly #outcomes: Int32Array;
  /** Of each process that is here, where its rows end. They begin where those of the one before end that is here. */
  readonly #ends: Int32Array;
  readonly #tids: Int32Array;
  readonly #fds: Int32Array;
  readonly #inodes: Float64Array;
  readonly #text: Uint8Array;

  /** The share in memory that the other thread gave. */
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

  /** Memory for a walk over these processes, in which the second thread finds room for `capacity` descriptors. */
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

  /** Claims a process: its number in the list, or `null` when all are taken. */
  claim(): number | null {
    const claimed = Atomics.add(this.#header, CLAIMED, 1);
    return claimed < this.#pids.length ? claimed : null;
  }

  /** Process ID by number. */
  pid(number: number): number {
    return this.#pids[number]!;
  }

  /** What the second thread does: walks what it can claim, and leaves what it found. */
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
    this.#tids.set(descriptors.tids.subarray(0, rows));
    this.#fds.set(descriptors.fds.subarray(0, rows));
    this.#inodes.set(descriptors.inodes.subarray(0, rows));
    for (let i = 0; i < fitting; i++) {
      this.#ends[numbers[i]!] = ends[i]!;
      const error = scanner.errors.get(this.pid(numbers[i]!)) ?? 0;
      this.#outcomes[numbers[i]!] = 1 + OUTCOMES.indexOf(outcomes[i]!) | error << ERROR_SHIFT;
    }
  }

  /** Says that the second thread has left all that it will. */
  end(): void {
    Atomics.store(this.#header, STATE, ENDED);
    Atomics.notify(this.#header, STATE);
  }

  /**
   * Waits for that, up to `ms` milliseconds, when all is claimed. Returns whether there is anything to take: a thread that has
   * not even started has claimed nothing.
   */
  wait(ms: number): boolean {
    Atomics.wait(this.#header, STATE, STARTED, ms);
    return Atomics.load(this.#header, STATE) === ENDED;
  }

  /**
   * Appends what was left to a table, by process. Returns the outcomes by number, the errors by process, and the namespaces
   * that were found.
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

/** What the second thread has found. */
interface Taken {
  readonly outcomes: ReadonlyMap<number, Outcome>;
  readonly errors: ReadonlyMap<number, number>;
  readonly namespaces: readonly (readonly [inode: number, path: string])[];
}
