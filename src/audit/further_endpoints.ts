/**
 * FurtherEndpoints: the endpoints of sockets that share a result.
 *
 * All ports that the kernel picked for one program have one identity, so a report shows one result for them. That result names
 * the other endpoints.
 *
 * @module
 */
import type { Result } from "./report.ts";

/** Collects endpoints while results are gathered, and adds them at the end. */
export class FurtherEndpoints {
  readonly #endpoints = new Map<string, Set<string>>();

  /** Two results have this key in common, and one of them will be shown. */
  add(key: string, a: Result, b: Result): void {
    if (a.endpoint === b.endpoint) return;
    const endpoints = this.#endpoints.get(key);
    if (endpoints === undefined) this.#endpoints.set(key, new Set([a.endpoint, b.endpoint]));
    else endpoints.add(a.endpoint).add(b.endpoint);
  }

  /** Adds a line of evidence to each result that stands for several endpoints. */
  addTo(results: Map<string, Result>): void {
    for (const [key, endpoints] of this.#endpoints) {
      const result = results.get(key)!;
      const others = [...endpoints].filter((endpoint) => endpoint !== result.endpoint).sort();
      const evidence = [...result.evidence, `the same goes for ${others.join(", ")}`];
      results.set(key, { ...result, evidence });
    }
  }
}
