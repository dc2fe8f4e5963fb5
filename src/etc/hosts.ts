/**
 * Hosts: addresses and their names, from /etc/hosts.
 *
 * Only the file is read. The domain name system is not asked, because a dead name server would delay the answer by minutes.
 *
 * @module
 */
import { AT_FDCWD, tryReadFileAt } from "../../ffi/files.ts";
import { cString } from "../../ffi/memory.ts";
import { formatAddress, parseAddress } from "../model/endpoint.ts";
import { utf8Text } from "../text/encoding.ts";

/** Host names by address and addresses by name. The file is read on first use. */
export class Hosts {
  readonly #path: string;
  #table: HostTable | undefined;

  constructor(path = "/etc/hosts") {
    this.#path = path;
  }

  #load(): HostTable {
    if (this.#table === undefined) {
      const bytes = tryReadFileAt(AT_FDCWD, cString(this.#path));
      this.#table = parseHosts(typeof bytes === "number" ? "" : utf8Text(bytes));
    }
    return this.#table;
  }

  /** Canonical name of an address in its usual text form; `null` where the file has none. */
  name(address: string): string | null {
    return this.#load().names.get(address) ?? null;
  }

  /** Addresses of a name, 4 bytes or 16 each, in the order of the file; empty where it has none. */
  addresses(name: string): readonly Uint8Array[] {
    return this.#load().addresses.get(name.toLowerCase()) ?? [];
  }
}

/** The entries of hosts(5) by address, and by name in lower case. */
interface HostTable {
  readonly names: ReadonlyMap<string, string>;
  readonly addresses: ReadonlyMap<string, readonly Uint8Array[]>;
}

/** Parses hosts(5): `address name alias… # comment`. Other lines are ignored. */
export function parseHosts(text: string): HostTable {
  const names = new Map<string, string>();
  const addresses = new Map<string, Uint8Array[]>();
  for (const line of text.split("\n")) {
    const [address, ...aliases] = line.replace(/#.*/, "").trim().split(/\s+/);
    const bytes = address ? parseAddress(address) : undefined;
    if (bytes === undefined || aliases.length === 0) continue;
    const key = formatAddress(bytes);
    if (!names.has(key)) names.set(key, aliases[0]!);
    for (const alias of aliases) {
      const known = addresses.get(alias.toLowerCase());
      if (known === undefined) addresses.set(alias.toLowerCase(), [bytes]);
      else known.push(bytes);
    }
  }
  return { names, addresses };
}
