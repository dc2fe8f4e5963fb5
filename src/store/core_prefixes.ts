/**
 * CorePrefixes: what stands before the descriptors of a process, or for the whole of it, in the core's arena.
 *
 * It has a name in it, so TypeScript makes it for the first socket of each process, and the core copies it for the others.
 *
 * @module
 */
import { PREFIX_MASK, PREFIX_ROOM, PREFIX_SLOT_SIZE, PREFIX_SLOTS } from "../core/arena.ts";
import type { Core } from "../core/gears.ts";

/** How many processes the core may know, and how many bytes of their prefixes. */
const CORE_PREFIXES = 4096;
const CORE_PREFIX_BYTES = 64 * CORE_PREFIXES;

/** There is one at a time. Call it after the owners were indexed in the core, which forgets them. */
export class CorePrefixes {
  readonly #core: Core;
  #at: number;
  readonly #end: number;

  private constructor(core: Core, at: number) {
    this.#core = core;
    this.#at = at;
    this.#end = at + CORE_PREFIX_BYTES;
  }

  /** Makes room for them in the arena; `null` where there is no memory for it. */
  static in(core: Core): CorePrefixes | null {
    const slots = 2 * CORE_PREFIXES;
    try {
      const at = core.take(PREFIX_SLOT_SIZE * slots + CORE_PREFIX_BYTES);
      const { view } = core;
      view.setUint32(PREFIX_SLOTS, at, true);
      view.setUint32(PREFIX_MASK, slots - 1, true);
      view.setUint32(PREFIX_ROOM, CORE_PREFIXES, true);
      return new CorePrefixes(core, at + PREFIX_SLOT_SIZE * slots);
    } catch (error) {
      if (error instanceof RangeError) return null;
      throw error;
    }
  }

  /** Where there is no room left, each of these owners is written from here. */
  put(key: number, prefix: Uint8Array): void {
    const at = this.#at;
    // The core copies eight bytes at a time.
    const end = at + (prefix.length + 7 & ~7);
    if (end > this.#end || !this.#core.functions.putPrefix(key, at, prefix.length)) return;
    this.#core.bytes.set(prefix, at);
    this.#at = end;
  }
}
