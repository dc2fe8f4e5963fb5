/**
 * Progress: what long work is at, on one line of a terminal that is cleared when it is done.
 *
 * Work is told from places that know nothing of a terminal, so there is one line for the whole program. Without a terminal there
 * is none, and telling costs a comparison.
 *
 * @module
 */
import { terminalColumns } from "../../ffi/terminal.ts";

/** What the line is written to. */
interface ProgressOutput {
  write(text: string): void;
  flush(): void;
}

/** Work that is over sooner is not told. */
const AFTER_MS = 1000;
/** The line is written no more often than this. */
const EVERY_MS = 200;

/** One line that is written over and over. */
export class Progress {
  readonly #out: ProgressOutput;
  readonly #now: () => number;
  #next: number;
  #shown = false;

  /** `now`: milliseconds of a clock. */
  constructor(out: ProgressOutput, now: () => number = () => performance.now()) {
    this.#out = out;
    this.#now = now;
    this.#next = now() + AFTER_MS;
  }

  /** Tells how many things were looked at. `what` is the plural of one. */
  tell(count: number, what: string): void {
    // A plural of one would be wrong, and says nothing.
    if (count < 2) return;
    const now = this.#now();
    if (now < this.#next) return;
    this.#next = now + EVERY_MS;
    this.#shown = true;
    this.#out.write(`\r\x1b[Ksockeye: ${count} ${what} …`);
    this.#out.flush();
  }

  /** Clears the line. */
  end(): void {
    if (!this.#shown) return;
    this.#shown = false;
    this.#out.write("\r\x1b[K");
    this.#out.flush();
  }
}

/** Progress on the terminal that is standard error; `null` where that is none, or one that cannot clear a line. */
export function terminalProgress(err: ProgressOutput): Progress | null {
  const terminal = terminalColumns(2) !== null && process.env.TERM !== "dumb";
  return terminal ? new Progress(err) : null;
}

let current: Progress | null = null;

/** Does work while its progress is shown; `null` to show none. The line is gone when this returns or throws. */
export async function withProgress<T>(
  progress: Progress | null,
  work: () => T | Promise<T>,
): Promise<T> {
  current = progress;
  try {
    return await work();
  } finally {
    current = null;
    progress?.end();
  }
}

/** Tells how many things were looked at, if somebody is to be told. */
export function tellProgress(count: number, what: string): void {
  if (current !== null) current.tell(count, what);
}
