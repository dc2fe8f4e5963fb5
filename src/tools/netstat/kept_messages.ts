/**
 * KeptMessages: messages of the kernel that wait for the names of their hosts.
 *
 * @module
 */
import { InetMessage } from "../../families/inet/message.ts";
import { INET_DIAG_MSG_SIZE } from "../../families/inet/uapi.ts";
import type { TimerFacts } from "./rows/internet.ts";

/** Copies of messages without their attributes, one after the other. */
export class KeptMessages {
  #bytes = new DataView(new ArrayBuffer(64 * INET_DIAG_MSG_SIZE));
  #count = 0;
  #timers: TimerFacts[] = [];

  /** Keeps a copy of a message. */
  push(message: InetMessage, { retransmits, probes }: TimerFacts): void {
    const at = this.#count * INET_DIAG_MSG_SIZE;
    if (at === this.#bytes.byteLength) {
      const grown = new Uint8Array(2 * at);
      grown.set(new Uint8Array(this.#bytes.buffer));
      this.#bytes = new DataView(grown.buffer);
    }
    const { view, start } = message;
    for (let i = 0; i < INET_DIAG_MSG_SIZE; i += 4) {
      this.#bytes.setUint32(at + i, view.getUint32(start + i, true), true);
    }
    this.#timers.push({ retransmits, probes });
    this.#count++;
  }

  /** Forgets all of them. */
  clear(): void {
    this.#count = 0;
    this.#timers = [];
  }

  /** Calls `use` for each, in order. The message is a window that moves on. */
  forEach(use: (message: InetMessage, facts: TimerFacts) => void): void {
    const message = new InetMessage();
    for (let i = 0; i < this.#count; i++) {
      const at = i * INET_DIAG_MSG_SIZE;
      use(message.at(this.#bytes, at, at + INET_DIAG_MSG_SIZE), this.#timers[i]!);
    }
  }
}
