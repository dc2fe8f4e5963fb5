/**
 * Resolver: names of addresses from the name servers of /etc/resolv.conf.
 *
 * libc asks for one address after another and waits up to 10 s for each. This resolver asks for all at once, and gives up a server
 * that does not answer for a second. Addresses without an answer after 3 s stay numbers. Nothing is asked if /etc/nsswitch.conf does
 * not name the DNS.
 *
 * @module
 */
import { SyscallError } from "../../ffi/errno.ts";
import { AT_FDCWD, close, tryRead, tryReadFileAt, tryWrite } from "../../ffi/files.ts";
import { allocate, cString } from "../../ffi/memory.ts";
import { POLLIN, waitFor } from "../../ffi/poll.ts";
import { connectUdp } from "../../ffi/udp.ts";
import { DecodeError } from "../model/decode_error.ts";
import { parseAddress } from "../model/endpoint.ts";
import { decodeAnswer, encodeQuestion, reverseName } from "./dns_message.ts";
import { utf8Text } from "../text/encoding.ts";

const PORT = 53;
/** MAXNS of resolv.conf(5). */
const SERVER_LIMIT = 3;
/** How long a server may take for the next answer. */
const SILENCE_MS = 1000;
/** How long all servers together may take. */
const TOTAL_MS = 3000;
/** Number of questions that wait for an answer at a time. The answers to more would not fit into the buffer of the socket. */
const AT_ONCE = 128;

function readText(path: string): string {
  const bytes = tryReadFileAt(AT_FDCWD, cString(path));
  return typeof bytes === "number" ? "" : utf8Text(bytes);
}

/** Name servers in resolv.conf(5), 4 or 16 bytes each. If there are none it is this machine, as in libc. */
export function parseResolvConf(text: string): Uint8Array[] {
  const servers: Uint8Array[] = [];
  for (const line of text.split("\n")) {
    const [word, address] = line.trim().split(/\s+/);
    // A link-local server has an interface behind a %. It is left out, since connectUdp takes no interface.
    const bytes = word === "nameserver" && address ? parseAddress(address) : undefined;
    if (bytes !== undefined && servers.length < SERVER_LIMIT) servers.push(bytes);
  }
  return servers.length > 0 ? servers : [new Uint8Array([127, 0, 0, 1])];
}

/** False if the line for hosts of nsswitch.conf(5) has neither `dns` nor `resolve`. True without such a line. */
export function usesDns(nsswitch: string): boolean {
  const line = /^[ \t]*hosts[ \t]*:(.*)$/m.exec(nsswitch.replace(/#.*/g, ""));
  return line === null || /(^|\s)(dns|resolve)(\s|$)/.test(line[1]!);
}

/** Host names that libc accepts. Anything else in a PTR record may be an attack. */
const HOST_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/** Names of addresses. Each is asked for once. */
export class Resolver {
  readonly #servers: () => readonly Uint8Array[];
  readonly #port: number;
  readonly #known = new Map<string, string | null>();

  /** `servers`: absent for those of this machine's configuration. `port`: the port that they listen on. */
  constructor(servers?: readonly Uint8Array[], port = PORT) {
    this.#servers = servers === undefined
      ? () =>
        usesDns(readText("/etc/nsswitch.conf")) ? parseResolvConf(readText("/etc/resolv.conf")) : []
      : () => servers;
    this.#port = port;
  }

  /** Names of those addresses that have one, by address. Takes 3 seconds at most. Does not throw when no server answers. */
  namesOf(addresses: readonly string[]): Map<string, string> {
    const questions = new Map<string, string[]>();
    for (const address of new Set(addresses)) {
      if (this.#known.has(address)) continue;
      this.#known.set(address, null);
      const bytes = parseAddress(address);
      if (bytes === undefined) continue;
      const name = reverseName(bytes);
      const asking = questions.get(name);
      if (asking === undefined) questions.set(name, [address]);
      else asking.push(address);
    }
    if (questions.size > 0) {
      const deadline = performance.now() + TOTAL_MS;
      for (const server of this.#servers()) {
        if (questions.size === 0 || performance.now() >= deadline) break;
        this.#ask(server, questions, deadline);
      }
    }
    const names = new Map<string, string>();
    for (const address of addresses) {
      const name = this.#known.get(address);
      if (name) names.set(address, name);
    }
    return names;
  }

  /** Asks one server, and removes the questions that it answered. */
  #ask(server: Uint8Array, questions: Map<string, string[]>, deadline: number): void {
    let fd: number;
    try {
      fd = connectUdp(server, this.#port);
    } catch (error) {
      if (error instanceof SyscallError) return;
      throw error;
    }
    try {
      const open = [...questions.keys()];
      const waiting = new Map<number, string>();
      let next = 0;
      let silentSince = performance.now();
      while (next < open.length || waiting.size > 0) {
        while (next < open.length && waiting.size < AT_ONCE) {
          const id = freshId(waiting);
          waiting.set(id, open[next]!);
          // ECONNREFUSED: no server listens there. Other failures end as a timeout.
          if (tryWrite(fd, encodeQuestion(id, open[next]!)) < 0) return;
          next++;
        }
        const now = performance.now();
        const patience = Math.min(silentSince + SILENCE_MS, deadline) - now;
        if (patience <= 0 || !waitFor(fd, POLLIN, Math.ceil(patience))) return;
        const buffer = allocate(4096);
        const length = tryRead(fd, buffer);
        if (length < 0) return;
        const answered = this.#take(buffer.subarray(0, length), waiting, questions);
        if (answered) silentSince = performance.now();
      }
    } finally {
      close(fd);
    }
  }

  #take(
    bytes: Uint8Array,
    waiting: Map<number, string>,
    questions: Map<string, string[]>,
  ): boolean {
    let answer;
    try {
      answer = decodeAnswer(bytes);
    } catch (error) {
      if (error instanceof DecodeError) return false;
      throw error;
    }
    if (waiting.get(answer.id) !== answer.question) return false;
    waiting.delete(answer.id);
    const { name } = answer;
    for (const address of questions.get(answer.question) ?? []) {
      this.#known.set(address, name !== null && HOST_NAME.test(name) ? name : null);
    }
    questions.delete(answer.question);
    return true;
  }
}

/** A random ID that no waiting question has, so that answers cannot be forged by guessing. */
function freshId(waiting: ReadonlyMap<number, string>): number {
  const number = new Uint16Array(1);
  do crypto.getRandomValues(number); while (waiting.has(number[0]!));
  return number[0]!;
}
