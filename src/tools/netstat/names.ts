/**
 * Names as netstat shows them, or numbers where the options say so.
 *
 * @module
 */
import { Hosts } from "../../etc/hosts.ts";
import { Protocols, Services } from "../../etc/services.ts";
import { Users } from "../../etc/users.ts";
import { plainAddress } from "./rows/internet.ts";
import type { NetstatNames } from "./layout.ts";

/** Which numbers are to stay numbers. */
export interface NumericChoice {
  readonly hosts: boolean;
  readonly ports: boolean;
  readonly users: boolean;
}

/** A name server, or what stands for one: the names of addresses that a file does not know. */
export type ReverseLookup = (addresses: readonly string[]) => Map<string, string>;

/**
 * Names for one run. Where hosts are to be named, addresses are noted while the tables are read, and looked up all at once
 * before rows are made.
 */
export class NamesForRun {
  readonly #numeric: NumericChoice;
  readonly #services = new Services();
  readonly #protocols = new Protocols();
  readonly #users = new Users();
  readonly #hosts = new Hosts();
  readonly #known = new Map<string, string>();
  readonly #asked = new Set<string>();
  readonly #ports = new Map<string, Map<number, string>>();

  constructor(numeric: NumericChoice) {
    this.#numeric = numeric;
  }

  /** The functions that rows are made with. */
  forRows(owner: (inode: number) => string): NetstatNames {
    return {
      numeric: this.#numeric.hosts && this.#numeric.ports,
      host: this.#numeric.hosts ? plainAddress : (address) => this.#host(address),
      port: (port, protocol) => this.#port(port, protocol),
      user: (uid) => (this.#numeric.users ? null : this.#users.name(uid)) ?? String(uid | 0),
      owner,
    };
  }

  /** Takes note of an address that a row will be made with. */
  note(address: string): void {
    this.#host(address);
  }

  /** Asks for the names of all addresses that were noted and that no file names. */
  lookUp(lookup: ReverseLookup): void {
    if (this.#asked.size === 0) return;
    for (const [address, name] of lookup([...this.#asked])) this.#known.set(address, name);
    this.#asked.clear();
  }

  #host(address: string): string {
    let text = this.#known.get(address);
    if (text === undefined) {
      if (address === "0.0.0.0") text = address;
      else if (address === "::") text = "[::]";
      else text = this.#hosts.name(address) ?? undefined;
      if (text === undefined) {
        text = plainAddress(address);
        this.#asked.add(address);
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
