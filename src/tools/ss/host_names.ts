/**
 * Host names for `-r`: from /etc/hosts, then from name servers.
 *
 * @module
 */
import { Hosts } from "../../etc/hosts.ts";
import { Resolver } from "../../etc/resolver.ts";
import { mappedIpv4 } from "../../model/endpoint.ts";

/** Time that name servers may take in all without naming anything, in milliseconds. ss would wait at each address anew. */
const PATIENCE_MS = 5000;

/** Names of addresses, each looked up once. */
export class HostNames {
  readonly #hosts = new Hosts();
  readonly #resolver = new Resolver();
  readonly #names = new Map<string, string | null>();
  #wastedMs = 0;

  /** Name of an address in its usual text form; `null` where it has none, or nobody answers. */
  name(address: string): string | null {
    let name = this.#names.get(address);
    if (name === undefined) {
      // An IPv4 address goes by its own name in IPv6 as well.
      name = this.#hosts.name(mappedIpv4(address) ?? address) ?? this.#ask(address);
      this.#names.set(address, name);
    }
    return name;
  }

  #ask(address: string): string | null {
    if (this.#wastedMs >= PATIENCE_MS) return null;
    const before = performance.now();
    const name = this.#resolver.namesOf([address]).get(address) ?? null;
    if (name === null) this.#wastedMs += performance.now() - before;
    return name;
  }
}
