/**
 * The core and its gears: the same functions over the same arena, as JavaScript at first, and as WebAssembly as soon as there is
 * much to do.
 *
 * A run that has little to show never pays for the second gear, which takes 2 ms to make. Where memory must not be made
 * executable, and where the sources run without a build, the first gear does everything.
 *
 * @module
 */
import { DecodeError } from "../model/decode_error.ts";
import {
  ARENA_SIZE,
  AT,
  CELLS,
  INPUT,
  INPUT_SIZE,
  LABELS,
  PAIRS,
  SMALL_ARENA_SIZE,
} from "./arena.ts";
import { LABEL_TEXTS } from "./label_texts.ts";
import * as labels from "./labels.ts";
import { setMemory } from "./memory.ts";
import * as first from "./mod.ts";
import { FORCED, MANY } from "./worth.ts";

/** The functions of the core. What is a truth value in TypeScript is 0 or 1 in WebAssembly. */
type CoreFunctions = {
  readonly [Name in keyof typeof first]: (
    ...args: Parameters<typeof first[Name]>
  ) => ReturnType<typeof first[Name]> extends boolean ? boolean | number
    : ReturnType<typeof first[Name]>;
};

// Defined by scripts/build.ts: the second gear in base64. The name does not exist when the sources are run directly.
declare const SOCKEYE_CORE: string | undefined;

const PAGE_SIZE = 0x10000;

/** The second gear in base64; `null` where the sources run without a build. */
const SECOND = typeof SOCKEYE_CORE === "string" ? SOCKEYE_CORE : null;

interface SecondGear {
  readonly memory: WebAssembly.Memory;
  readonly functions: CoreFunctions;
}

const encoder = new TextEncoder();

/** A label as it is in the arena: 24 bytes of text, its length, and as much room as makes 32. */
function labelSlot(text: string): string {
  if (text.length > 24) throw new RangeError(`A label has at most 24 bytes: ${text}`);
  return text.padEnd(24, "\0") + String.fromCharCode(text.length).padEnd(8, "\0");
}

/** The arena with what works on it. */
export class Core {
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView<ArrayBuffer>;
  words: Uint32Array<ArrayBuffer>;
  functions: CoreFunctions = first;
  readonly #second: string | null;
  #memory: WebAssembly.Memory | null = null;
  #work = 0;
  #isLarge = false;
  /** Where {@linkcode Core.take} goes on. */
  #taken: number = ARENA_SIZE;

  /** `gear`: the only one, for tests; 0 begins in the first and goes on in the second. There is one in the first at a time. */
  constructor(gear: number = FORCED, second: string | null = SECOND) {
    this.#second = gear === 1 ? null : second;
    const made = gear === 2 ? this.#makeSecond() : null;
    const buffer = made === null ? new ArrayBuffer(SMALL_ARENA_SIZE) : made.memory.buffer;
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    this.words = new Uint32Array(buffer);
    this.#use(buffer, made);
    this.#isLarge = made !== null;
    this.#prepare();
    this.functions.forgetCells();
  }

  // Each table as one text: a run that shows little is over before a loop over their bytes is compiled.
  #prepare(): void {
    const { bytes } = this;
    let pairs = "";
    for (let number = 0; number < 100; number++) pairs += number < 10 ? `0${number}` : number;
    encoder.encodeInto(pairs, bytes.subarray(PAIRS));
    const slots = new Array<string>(labels.COUNT).fill("");
    for (const name in LABEL_TEXTS) {
      const texts = LABEL_TEXTS[name as keyof typeof LABEL_TEXTS];
      const index = labels[name as keyof typeof labels];
      if (typeof texts === "string") slots[index] = labelSlot(texts);
      else for (let i = 0; i < texts.length; i++) slots[index + i] = labelSlot(texts[i]!);
    }
    encoder.encodeInto(slots.join(""), bytes.subarray(LABELS));
  }

  /** Says what label `index` is: at most 24 bytes. */
  setLabel(index: number, text: string): void {
    encoder.encodeInto(labelSlot(text), this.bytes.subarray(LABELS + 32 * index));
  }

  /**
   * Where the core finds the bytes of `view` from `start` to `end`: there already, or copied into INPUT. Throws DecodeError where there
   * is no room for them: the kernel sends 32 KiB at a time, a file may have more.
   */
  input(view: DataView, start: number, end: number): number {
    const from = view.byteOffset + start;
    if (view.buffer === this.bytes.buffer) return from;
    if (end - start > INPUT_SIZE) {
      throw new DecodeError("messages", start, `${end - start} bytes are longer than any message`);
    }
    this.bytes.set(new Uint8Array(view.buffer, from, end - start), INPUT);
    return INPUT;
  }

  /**
   * Says that `amount` bytes more are to be worked on, and that the current cell is written up to `at`. Returns true when that made
   * the arena large, and put in the second gear if there is one: `bytes`, `view` and `functions` are others then.
   */
  work(amount: number, at: number): boolean {
    if (this.#isLarge) return false;
    this.#work += amount;
    if (this.#work <= MANY) return false;
    this.enlarge(at);
    return true;
  }

  /** True once the arena is large. */
  get isLarge(): boolean {
    return this.#isLarge;
  }

  /** Makes a small arena large, as {@linkcode Core.work} does. Returns false where it is already. */
  enlarge(at: number): boolean {
    if (this.#isLarge) return false;
    this.functions.saveCells(at);
    const made = this.#makeSecond();
    const buffer = made === null ? new ArrayBuffer(ARENA_SIZE) : made.memory.buffer;
    this.#copyTo(new Uint8Array(buffer));
    this.#use(buffer, made);
    this.#isLarge = true;
    this.functions.loadCells();
    return true;
  }

  #use(buffer: ArrayBuffer, made: SecondGear | null): void {
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    this.words = new Uint32Array(buffer);
    if (made !== null) {
      this.functions = made.functions;
      this.#memory = made.memory;
    }
    if (this.#memory === null) setMemory(buffer);
  }

  /**
   * The address of `size` bytes that are zero, behind everything else in a large arena, which this makes larger. `bytes` and `view` are
   * others then. Throws RangeError where there is no memory for it.
   */
  take(size: number): number {
    const at = this.#taken;
    this.#growTo(at + (size + 7 & ~7));
    return at;
  }

  /** Makes the `size` bytes that {@linkcode Core.take} gave out at `at` larger. Returns false where others were taken since. */
  extend(at: number, size: number, larger: number): boolean {
    if (at + (size + 7 & ~7) !== this.#taken) return false;
    this.#growTo(at + (larger + 7 & ~7));
    return true;
  }

  #growTo(end: number): void {
    if (end > this.bytes.length) {
      const more = Math.ceil((end - this.bytes.length) / PAGE_SIZE);
      if (this.#memory !== null) {
        this.#memory.grow(more);
        this.#use(this.#memory.buffer as ArrayBuffer, null);
      } else {
        // What is copied each time should not be much of what there is.
        const half = Math.ceil(this.bytes.length / PAGE_SIZE / 2);
        const buffer = new ArrayBuffer(this.bytes.length + Math.max(more, half) * PAGE_SIZE);
        new Uint8Array(buffer).set(this.bytes);
        this.#use(buffer, null);
      }
    }
    this.#taken = end;
  }

  /** Gives back all that was taken since {@linkcode Core.take} returned `at`. It is zero again. */
  giveBack(at: number): void {
    this.bytes.fill(0, at, this.#taken);
    this.#taken = at;
  }

  // `null` where there is no memory for it, or none that may be made executable.
  #makeSecond(): SecondGear | null {
    if (this.#second === null) return null;
    try {
      const memory = new WebAssembly.Memory({ initial: ARENA_SIZE / PAGE_SIZE });
      const module = new WebAssembly.Module(Uint8Array.fromBase64(this.#second));
      const { exports } = new WebAssembly.Instance(module, { env: { memory } });
      return { memory, functions: exports as unknown as CoreFunctions };
    } catch {
      return null;
    }
  }

  // What is in use: the rest would only make pages of zeros.
  #copyTo(bytes: Uint8Array): void {
    const { view } = this;
    const copy = (from: number, to: number) => bytes.set(this.bytes.subarray(from, to), from);
    copy(0, INPUT);
    copy(CELLS, view.getUint32(AT, true));
  }
}

let core: Core | undefined;

/** The core of this process. */
export function theCore(): Core {
  return core ??= new Core();
}
