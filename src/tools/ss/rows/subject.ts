/**
 * RowSubject: what a row answers the filter of ss where its family has no answer of its own.
 *
 * @module
 */
import type { SsNames, SsSubject } from "./row.ts";

/** One object for all rows of a table. `Message` is the window on the row. */
export abstract class RowSubject<Message> implements SsSubject {
  abstract readonly family: number;
  protected readonly message: Message;
  readonly #names: SsNames;

  constructor(message: Message, names: SsNames) {
    this.message = message;
    this.#names = names;
  }

  get sourcePort(): number {
    return 0;
  }

  get destinationPort(): number {
    return 0;
  }

  sourceWord(_index: 0 | 1 | 2 | 3): number {
    return 0;
  }

  destinationWord(_index: 0 | 1 | 2 | 3): number {
    return 0;
  }

  get ifindex(): number {
    return 0;
  }

  get mark(): number | null {
    return null;
  }

  get cgroupId(): bigint | null {
    return null;
  }

  get sourceName(): string | null {
    return null;
  }

  get destinationName(): string | null {
    return null;
  }

  /** A file is read for it, so only when somebody asks. */
  get localPortRange(): SsSubject["localPortRange"] {
    return this.#names.localPortRange;
  }
}
