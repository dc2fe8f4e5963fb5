/**
 * Holders of a socket in sentences: a service can have thousands of them, of which most are alike.
 *
 * @module
 */
import type { OwnerDocument } from "../snapshot/document.ts";

/** So many are named of holders that are alike. */
const NAMED = 5;
/** So many at the most, whatever they are called. */
const MOST = 20;

/** A holder by name: `nginx(80)`. */
export function holder({ comm, pid }: OwnerDocument): string {
  return `${comm ?? "?"}(${pid})`;
}

/**
 * Several holders by name, counted from the sixth on: `nginx(80), nginx(81)`, or `nginx(80), … and 3380 more`. Of each name
 * one comes first, so that a stranger among many workers is named.
 */
export function holders(owners: readonly OwnerDocument[]): string {
  const first = new Map<string | null, OwnerDocument>();
  for (const owner of owners) if (!first.has(owner.comm)) first.set(owner.comm, owner);
  const strangers = new Set(first.values());
  const shown = owners.length <= NAMED
    ? owners
    : [...strangers, ...owners.filter((owner) => !strangers.has(owner))].slice(
      0,
      Math.min(Math.max(NAMED, strangers.size), MOST),
    );
  const rest = owners.length - shown.length;
  return shown.map(holder).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

/** Sentences about holders. What is to be said of several of them is one sentence. */
export class HolderSentences {
  readonly #sentences = new Map<
    string,
    { before: string; after: string; owners: OwnerDocument[] }
  >();

  /** Adds that `before`, the holder, `after` is so. */
  add(before: string, owner: OwnerDocument, after: string): void {
    const key = `${before}\0${after}`;
    const known = this.#sentences.get(key);
    if (known === undefined) this.#sentences.set(key, { before, after, owners: [owner] });
    else known.owners.push(owner);
  }

  /** Each sentence, in the order in which they were first added. */
  texts(): string[] {
    return [...this.#sentences.values()].map(({ before, after, owners }) =>
      `${before}${holders(owners)}${after}`
    );
  }
}
