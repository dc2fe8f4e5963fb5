/**
 * Interrupts: notices that somebody wants an end, instead of ending at once.
 *
 * The handler runs when the program turns to the runtime; until then a wait in poll(2) is cut short. So a wait must be one in
 * poll(2), and a turn has to follow.
 *
 * @module
 */

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Listens for as long as it is kept. */
export class Interrupts implements Disposable {
  #came = false;
  readonly #handler = () => {
    this.#came = true;
  };

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#handler);
  }

  /** True once somebody wanted an end. */
  get came(): boolean {
    return this.#came;
  }

  /** From here on a signal ends the program at once again. */
  [Symbol.dispose](): void {
    for (const signal of SIGNALS) process.off(signal, this.#handler);
  }
}
