/**
 * The names that netstat shows for hosts, ports and users, or their numbers where the options say so.
 *
 * @module
 */
import { Hosts } from "../../etc/hosts.ts";
import { Protocols, Services } from "../../etc/services.ts";
import { Users } from "../../etc/users.ts";
import { plainAddress } from "./rows/internet.ts";
import type { NetstatNames } from "./layout.ts";

/** What is shown as a number. */
export interface NumericChoice {
  readonly hosts: boolean;
  readonly ports: boolean;
  readonly users: boolean;
}

/** Asks for the names of many addresses at once. Addresses without a name are missing from the answer. */
export type ReverseLookup = (addresses: readonly string[]) => Map<string, string>;

/**
 * The names of one listing, each looked up once. Addresses are noted while tables are read and looked up all together,
 * before their rows are written.
 */
export class NameCache {
  readonly #numeric: NumericChoice;
  readonly #services = new Services();
  readonly #protocols = new Protocols();
  readonly #users = new Users();
  readonly #hosts = new Hosts();
  readonly #known = new Map<string, string>();
  /** Addresses that the next look-up asks for. */
  readonly #pending = new Set<string>();
  readonly #ports = new Map<string, Map<number, string>>();

  constructor(numeric: NumericChoice) {
    this.#numeric = numeric;
  }

  /** The functions that rows get their names from. `owner` is that of {@linkcode NetstatNames}. */
  forRows(owner: (inode: number) => string): NetstatNames {
    return {
      numeric: this.#numeric.hosts && this.#numeric.ports,
      host: this.#numeric.hosts ? plainAddress : (address) => this.#host(address),
      port: (port, protocol) => this.#port(port, protocol),
      user: (uid) => (this.#numeric.users ? null : this.#users.name(uid)) ?? String(uid | 0),
      owner,
    };
  }

  /** Notes an address that a row will show. */
  note(address: string): void {
    this.#host(address);
  }

  /** Looks up the noted addresses that /etc/hosts does not name. */
  lookUp(lookup: ReverseLookup): void {
    if (this.#pending.size === 0) return;
    for (const [address, name] of lookup([...this.#pending])) this.#known.set(address, name);
    this.#pending.clear();
  }

  #host(address: string): string {
    let text = this.#known.get(address);
    if (text === undefined) {
      if (address === "0.0.0.0") text = address;
      else if (address === "::") text = "[::]";
      else text = this.#hosts.name(address) ?? undefined;
      if (text === undefined) {
        text = plainAddress(address);
        this.#pending.add(address);
      }
      this.#known.set(address, text);
    }
    return text;
  }

  #port(port: number, protocol: string): string {
    if (port === 0) return "*";
    if (this.#numeric.ports) return String(port);
    let known = this.#ports.get(protocol);
    if (known === undefined) this.#ports.set(protocol, known = new Map());
    let text = known.get(port);
    if (text === undefined) {
      const name = protocol === "raw"
        ? this.#protocols.name(port)
        : this.#services.name(port, protocol);
      known.set(port, text = name ?? String(port));
    }
    return text;
  }
}
