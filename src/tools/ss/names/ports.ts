/**
 * The names of ports and hosts in ss mode.
 *
 * @module
 */
import type { InetNames } from "../rows/inet/mod.ts";
import type { InetMessage } from "../../../families/inet/message.ts";
import type { Protocols, Services } from "../../../etc/services.ts";
import type { SsRun } from "../context.ts";

// Loaded with the first name, which never comes with -n.
const servicesModule = () =>
  require("../../../etc/services.ts") as typeof import("../../../etc/services.ts");

/** The services of ports, for the protocol of the table that is shown. */
export class PortNames implements InetNames {
  readonly #run: SsRun;
  #services: Services | undefined;
  #protocols: Protocols | undefined;
  #protocol: "tcp" | "udp" | "raw" | null = null;
  #names = new Map<number, string>();

  constructor(run: SsRun) {
    this.#run = run;
  }

  /** The protocol that services are looked up for. Until it is set, those of any protocol are found. */
  set protocol(protocol: "tcp" | "udp" | "raw") {
    this.#protocol = protocol;
    this.#names = new Map();
  }

  port(port: number): string {
    let name = this.#names.get(port);
    if (name === undefined) {
      name = this.#find(port);
      this.#names.set(port, name);
    }
    return name;
  }

  #find(port: number): string {
    // A raw socket has its protocol as its port.
    if (this.#protocol === "raw") {
      this.#protocols ??= new (servicesModule().Protocols)();
      return this.#protocols.name(port) ?? `ipproto-${port}`;
    }
    const { first, last } = this.#run.names.localPortRange;
    if (port >= first && port <= last) return String(port);
    this.#services ??= new (servicesModule().Services)();
    return this.#services.name(port, this.#protocol) ?? String(port);
  }

  host(message: InetMessage, end: "source" | "destination"): string | null {
    return this.#run.hosts?.name(end === "source" ? message.source : message.destination) ?? null;
  }
}
