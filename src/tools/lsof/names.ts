/**
 * Names from the files in /etc: those that a command line may have, and those that rows show.
 *
 * @module
 */
import { Hosts } from "../../etc/hosts.ts";
import { Services } from "../../etc/services.ts";
import { Users } from "../../etc/users.ts";
import { formatAddress } from "../../model/endpoint.ts";
import type { InternetProtocol, LsofLookups, LsofQuery } from "./query.ts";
import type { LsofNames } from "./rows/row.ts";

/** Looks up users, services and hosts. Unlike lsof it asks no name server. */
export class EtcNames implements LsofLookups {
  readonly #users = new Users();
  readonly #services = new Services();
  readonly #hosts = new Hosts();

  service(name: string, protocol: InternetProtocol): number | null {
    return this.#services.port(name, protocol);
  }

  addresses(name: string): { version: 4 | 6; address: string }[] {
    return this.#hosts.addresses(name).map((bytes) => ({
      version: bytes.length === 4 ? 4 : 6,
      address: formatAddress(bytes),
    }));
  }

  user(login: string): number | null {
    return this.#users.uid(login);
  }

  /** The names that rows show: none where the query asks for numbers. */
  forRows({ numericUsers, numericHosts, numericPorts }: LsofQuery): LsofNames {
    return {
      user: (uid) => numericUsers ? null : this.#users.name(uid),
      host: (address) => numericHosts ? null : this.#hosts.name(address),
      service: (port, protocol) => numericPorts ? null : this.#services.name(port, protocol),
    };
  }
}
