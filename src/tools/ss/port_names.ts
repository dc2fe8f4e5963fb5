/**
 * What stands for ports and hosts in ss mode.
 *
 * @module
 */
import type { InetNames } from "./rows/inet/mod.ts";
import type { InetMessage } from "../../families/inet/message.ts";
import type { Protocols, Services } from "../../etc/services.ts";
import type { SsRun } from "./context.ts";

// Loaded by the first name that is asked for: with -n none is.
const servicesModule = () =>
  require("../../etc/services.ts") as typeof import("../../etc/services.ts");

/** Services of ports, by the protocol of the table that is being shown. */
export class PortNames implements InetNames {
  readonly #run: SsRun;
  #services: Services | undefined;
  #protocols: Protocols | undefined;
  #protocol: "tcp" | "udp" | "raw" | null = null;
  #names = new Map<number, string>();

  constructor(run: SsRun) {
    this.#run = run;
  }

  /** Protocol under which services are looked up; none at first, which takes any. */
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
    // The port of a raw socket is its protocol.
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
