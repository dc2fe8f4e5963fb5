/**
 * Forward: where a port of this machine leads, if not to the process that holds it.
 *
 * @module
 */
import type { Container, Process } from "./owner.ts";
import type { Netns } from "./socket.ts";

/** See the module. */
export interface Forward {
  readonly via:
    | "docker-proxy"
    | "rootlesskit"
    | "rootlessport"
    | "pasta"
    | "slirp4netns"
    | "nftables"
    | "iptables"
    | "ipvs";
  /** Process ID of the proxy; `null` for a rule of the kernel. */
  readonly pid: number | null;
  readonly protocol: string | null;
  /** The address of this machine that it is about; `null` for every one. */
  readonly hostAddress: string | null;
  /** True if only some packets are forwarded: a rule has further conditions, such as a source or an interface. */
  readonly conditional: boolean;
  /** `null` where only the network namespace is known that it leads to. */
  readonly address: string | null;
  /** `null` where it is not known. */
  readonly port: number | null;
  /**
   * - `served`: {@linkcode Forward.processes} listen there, or somebody who is not seen.
   * - `silent`: the address is there, and nothing listens on the port.
   * - `gone`: nothing here has the address, and it belongs to a network of this machine.
   * - `remote`: nothing here has the address, and it belongs to no network of this machine.
   * - `unknown`: not every network namespace could be looked into.
   */
  readonly fate: "served" | "silent" | "gone" | "remote" | "unknown";
  /** Ascending by process ID. */
  readonly processes: readonly Process[];
  readonly container: Container | null;
  readonly image: string | null;
  /** The network namespace that it leads to; `null` if not known. */
  readonly netns: Netns | null;
}
