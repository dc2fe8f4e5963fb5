/**
 * What a row answers the filter of ss.
 *
 * @module
 */
import type { SsNames } from "../names/mod.ts";

/**
 * A socket as the ss dialect of the filter sees it. Meanings, and what stands for ports and addresses in families
 * without them: `FilterSubject` in filter/subject.ts, of which this is the part that the dialect can ask for.
 */
export interface SsSubject {
  /** AF_INET and so on. */
  readonly family: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  sourceWord(index: 0 | 1 | 2 | 3): number;
  destinationWord(index: 0 | 1 | 2 | 3): number;
  /** Interface the socket is bound to, 0 for none. */
  readonly ifindex: number;
  readonly mark: number | null;
  readonly cgroupId: bigint | null;
  /** Name of a unix socket as it is printed; `null` elsewhere and when unnamed. */
  readonly sourceName: string | null;
  readonly destinationName: string | null;
  /** Of the socket's own namespace: {@linkcode SsNames.localPortRange}. */
  readonly localPortRange: { readonly first: number; readonly last: number };
}

/** One object for all rows of a table. `Message` is the cursor that stands on the row. */
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

  /** A file is read for it, so it is looked up only when the filter asks. */
  get localPortRange(): SsSubject["localPortRange"] {
    return this.#names.localPortRange;
  }
}
