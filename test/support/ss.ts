/**
 * What the host's `ss` says, as records to compare with.
 *
 * @module
 */
import type { Namespace } from "./netns.ts";
import { output } from "./run.ts";

/** One end of a socket. */
export interface SsEndpoint {
  /** Without brackets; `::` where ss prints `*` for an IPv6 wildcard. */
  readonly address: string;
  /** 0 for `*`. */
  readonly port: number;
  readonly interface: string | null;
}

/** One row of `ss -Htuwanpe`. */
export interface SsRecord {
  readonly transport: "tcp" | "udp" | "raw";
  /** In the words of the product's JSON: `listen`, `close` for UNCONN. */
  readonly state: string;
  readonly recvQueue: number;
  readonly sendQueue: number;
  readonly local: SsEndpoint;
  readonly peer: SsEndpoint;
  /** `null` where ss prints none, or 0: nobody holds the socket. */
  readonly inode: number | null;
  /** `sk:`, the socket cookie; `null` where ss prints none. */
  readonly cookie: number | null;
  /** Ascending by pid, fds ascending. */
  readonly owners: readonly { readonly pid: number; readonly fds: readonly number[] }[];
}

const STATES: Readonly<Record<string, string>> = {
  "ESTAB": "established",
  "SYN-SENT": "syn_sent",
  "SYN-RECV": "syn_recv",
  "FIN-WAIT-1": "fin_wait_1",
  "FIN-WAIT-2": "fin_wait_2",
  "TIME-WAIT": "time_wait",
  "UNCONN": "close",
  "CLOSE-WAIT": "close_wait",
  "LAST-ACK": "last_ack",
  "LISTEN": "listen",
  "CLOSING": "closing",
};

/** Why `ss` cannot be compared with; `null` when it can. */
export function ssReason(): string | null {
  return Bun.which("ss") === null ? "there is no ss program" : null;
}

/** TCP, UDP and raw sockets of a namespace (the test's own if `null`) with their owners, as `ss` lists them. */
export async function ssSockets(netns: Namespace | null): Promise<SsRecord[]> {
  const command = ["ss", "-Htuwanpe"];
  return parseSs(netns === null ? await output(command) : await netns.output(command));
}

const ROW = /(\S+) +(\S+) +(\d+) +(\d+) +(\S+) +(\S+)[ \t]*/y;
const OWNER = /\("[^)]*",pid=(\d+),fd=(\d+)\)/y;
const USERS = "users:(";

/**
 * Reads the output of `ss -Htuwanpe`.
 *
 * A process name is printed as it is, line breaks and all, but never with a `)`: ss cuts it there. So a row is read
 * from its start, and each owner up to its `)`, where the last `,pid=` and `,fd=` are those of ss itself.
 *
 * @throws {Error} If the text is not what ss prints.
 */
export function parseSs(text: string): SsRecord[] {
  const records: SsRecord[] = [];
  let at = 0;
  while (at < text.length) {
    ROW.lastIndex = at;
    const row = ROW.exec(text);
    if (row === null) throw new Error(`No row of ss at ${JSON.stringify(text.slice(at, at + 80))}`);
    at = ROW.lastIndex;
    const [, netid, state, recvQueue, sendQueue, local, peer] = row as unknown as string[];
    const held = new Map<number, number[]>();
    if (text.startsWith(USERS, at)) {
      at += USERS.length;
      while (text[at] !== ")") {
        OWNER.lastIndex = at;
        const owner = OWNER.exec(text);
        if (owner === null) {
          throw new Error(`No owner of ss at ${JSON.stringify(text.slice(at, at + 80))}`);
        }
        const pid = Number(owner[1]);
        held.set(pid, [...held.get(pid) ?? [], Number(owner[2])]);
        at = OWNER.lastIndex;
        if (text[at] === ",") at++;
      }
    }
    const end = text.indexOf("\n", at);
    const rest = text.slice(at, end === -1 ? undefined : end);
    at = end === -1 ? text.length : end + 1;
    const inode = Number(/ ?\bino:(\d+)/.exec(rest)?.[1] ?? 0);
    const cookie = /\bsk:([0-9a-f]+)/.exec(rest)?.[1];
    records.push({
      transport: netid === "tcp" || netid === "udp" ? netid : "raw",
      state: STATES[state!] ?? state!.toLowerCase(),
      recvQueue: Number(recvQueue),
      sendQueue: Number(sendQueue),
      local: endpoint(local!),
      peer: endpoint(peer!),
      inode: inode === 0 ? null : inode,
      cookie: cookie === undefined ? null : parseInt(cookie, 16),
      owners: [...held].sort(([a], [b]) => a - b)
        .map(([pid, fds]) => ({ pid, fds: fds.sort((a, b) => a - b) })),
    });
  }
  return records;
}

/** `[fe80::1]%eth0:22`, `127.0.0.1%lo:22`, `*:22`, `0.0.0.0:*`. */
function endpoint(text: string): SsEndpoint {
  const colon = text.lastIndexOf(":");
  const port = text.slice(colon + 1);
  const [address, device] = text.slice(0, colon).split("%");
  return {
    address: address === "*" ? "::" : address!.replace(/^\[|\]$/g, ""),
    port: port === "*" ? 0 : Number(port),
    interface: device ?? null,
  };
}
