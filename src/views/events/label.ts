/**
 * What a socket is, in one word, as far as its event tells: `tcp6`, `unix-stream`.
 *
 * @module
 */
import type { SocketEvent } from "../../model/event.ts";

/** The same words as in the listing; `-` for an event without a socket. */
export function eventLabel({ family, transport }: SocketEvent): string {
  if (family === null || transport === null) return "-";
  if (family === "unix") return `unix-${transport}`;
  return family === "inet6" ? `${transport}6` : transport;
}
