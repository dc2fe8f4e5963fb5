/**
 * Sockstat: how many sockets of each protocol a network namespace has, from /proc/net/sockstat and sockstat6.
 *
 * The kernel keeps established TCP sockets of all namespaces in one table, so that dumping an empty namespace walks
 * everybody's sockets. These counters are kept for each namespace and tell beforehand that nothing will come.
 *
 * @module
 */
import type { ProcRoot } from "./root.ts";
import { latin1Text } from "../text/encoding.ts";

/** Counters by name, such as `TCP6 inuse`. */
export class Sockstat {
  readonly #counters: ReadonlyMap<string, number>;

  /** Takes the text of both files; one that could not be read is `""`, and then nothing counts as empty. */
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

  /** True when all of the counters are there and none has counted anything. */
  isEmpty(counters: readonly string[]): boolean {
    return counters.length > 0 && counters.every((name) => this.#counters.get(name) === 0);
  }
}
