/**
 * Forwards as JSON.
 *
 * @module
 */
import type { Forward } from "../../model/forward.ts";

export function forwardJson(forward: Forward): Record<string, unknown> {
  return {
    via: forward.via,
    pid: forward.pid,
    protocol: forward.protocol,
    host_address: forward.hostAddress,
    conditional: forward.conditional,
    address: forward.address,
    port: forward.port,
    netns: forward.netns,
    fate: forward.fate,
    pids: forward.processes.map(({ pid }) => pid),
    container: forward.container,
    image: forward.image,
  };
}
