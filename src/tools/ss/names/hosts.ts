/**
 * Host names for `-r`: from /etc/hosts, then from name servers.
 *
 * @module
 */
import { Hosts } from "../../../etc/hosts.ts";
import { Resolver } from "../../../etc/resolver.ts";
import { mappedIpv4 } from "../../../model/endpoint.ts";

/**
 * The longest time that a run waits for name servers that do not answer, in milliseconds. ss itself waits
 * anew at every address.
 */
const PATIENCE_MS = 5000;

/** The names of addresses. Each is looked up once. */
export class HostNames {
  readonly #hosts = new Hosts();
  readonly #resolver = new Resolver();
  readonly #names = new Map<string, string | null>();
  #wastedMs = 0;

  /** The name of an address; `null` when it has none or no server answers. */
  name(address: string): string | null {
    let name = this.#names.get(address);
    if (name === undefined) {
      // /etc/hosts lists an IPv4 address without the prefix that it has in an IPv6 socket.
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
