/**
 * Sockstat: how many sockets of each protocol a network namespace has, from /proc/net/sockstat and sockstat6.
 *
 * The kernel keeps the established TCP sockets of all namespaces in one table, so a dump of an empty namespace walks the sockets
 * of all others. These counters exist for each namespace. If they are 0, the dump need not be made.
 *
 * @module
 */
import type { ProcRoot } from "./root.ts";
import { latin1Text } from "../text/encoding.ts";

/** Counters by name, such as `TCP6 inuse`. */
export class Sockstat {
  readonly #counters: ReadonlyMap<string, number>;

  /** Takes the text of both files. A file that could not be read is `""`, and has no counters. */
  constructor(sockstat: string, sockstat6: string) {
    const counters = new Map<string, number>();
    for (const line of `${sockstat}\n${sockstat6}`.split("\n")) {
      const [protocol, rest] = line.split(": ");
      if (rest === undefined) continue;
      const words = rest.trim().split(/\s+/);
      for (let i = 0; i + 1 < words.length; i += 2) {
        counters.set(`${protocol} ${words[i]}`, Number(words[i + 1]));
      }
    }
    this.#counters = counters;
  }

  /** Reads the counters of the namespace that this thread is in. */
  static read(root: ProcRoot): Sockstat {
    const text = (file: string) => {
      const bytes = root.readNet(file);
      return typeof bytes === "number" ? "" : latin1Text(bytes);
    };
    return new Sockstat(text("sockstat"), text("sockstat6"));
  }

  /**
   * True if all of these counters exist and are 0.
   *
   * ```ts
   * Sockstat.read(root).isEmpty(["TCP6 inuse"]); // true: there are no TCP sockets over IPv6 except in TIME-WAIT
   * ```
   */
  isEmpty(counters: readonly string[]): boolean {
    return counters.length > 0 && counters.every((name) => this.#counters.get(name) === 0);
  }
}
