/**
 * Where a port leads: as JSON, and in a word.
 *
 * @module
 */
import type { Forward } from "../model/forward.ts";

/** As JSON. */
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

/** `→ web:80`, `→ 172.17.0.2:80`; with a word more where nobody serves it. */
export function forwardText(
  { address, port, container, netns, fate }: Forward,
): string {
  const place = container === null
    ? address ?? `netns ${netns?.name ?? netns?.inode ?? "?"}`
    : container.name ?? container.id.slice(0, 12);
  const where = port === null
    ? place
    : place.includes(":")
    ? `[${place}]:${port}`
    : `${place}:${port}`;
  const said = fate === "gone" ? " (gone)" : fate === "silent" ? " (silent)" : "";
  return `→ ${where}${said}`;
}
