/**
 * The columns of the screen: what a person decides by.
 *
 * @module
 */
import { familyOf } from "../../families/mod.ts";
import type { Process } from "../../model/owner.ts";
import type { Forward } from "../../model/forward.ts";
import type { Socket } from "../../model/socket.ts";
import type { Role } from "../../text/color.ts";
import { sanitize, sanitizeBytes } from "../../text/sanitize.ts";
import { formatEndpoint, scopeLabel, stateLabel, withoutOwner } from "../columns.ts";
import { forwardText } from "../forward.ts";
import { addressesOf } from "./address.ts";
import { type Cell, cell, type Word } from "./cell.ts";
import { type Service, widest } from "./service.ts";
import { type ProcessLookup, storiesOf, type Story } from "./story.ts";

/** What is looked up of processes and sockets while the screen is made. */
export interface ScreenFacts {
  readonly process: ProcessLookup;
  /** What a process belongs to: a container or a unit; `null` for neither. */
  serviceOf(process: Process): string | null;
  /** The container of a process, by name or else by ID; `null` for none. */
  containerOf(process: Process): string | null;
  /** What a control group belongs to, by the number that the kernel tells of a socket. */
  serviceOfGroup(id: bigint): string | null;
  /** Where the port of a socket leads; empty for a socket that is served here. */
  forwardsOf(socket: Socket): readonly Forward[];
  /** Login name; `null` where there is none. */
  userName(uid: number): string | null;
}

/** One column. */
export interface ScreenColumn {
  readonly header: string;
  /** How the cells may be made narrower. */
  readonly narrows: "not" | "wraps" | "is cut";
  /** True where a cell that says the same as the one above it says nothing new. */
  readonly repeats: boolean;
  cell(service: Service, facts: ScreenFacts): Cell;
}

const NOTHING = cell("-", "dim");

const NETNS: ScreenColumn = {
  header: "NETNS",
  narrows: "is cut",
  repeats: true,
  cell({ sockets: [socket] }) {
    const { netns } = socket!;
    return netns === null ? NOTHING : cell(sanitize(netns.name ?? String(netns.inode)));
  },
};

const PROTO: ScreenColumn = {
  header: "PROTO",
  narrows: "not",
  repeats: false,
  // The address tells IPv4 from IPv6.
  cell: ({ sockets: [socket] }) => {
    const { family, transport } = socket!;
    return cell(family === "inet6" ? transport : familyOf(family).label(socket!));
  },
};

const STATE: ScreenColumn = {
  header: "STATE",
  narrows: "not",
  repeats: false,
  cell: ({ sockets: [socket] }) => cell(stateLabel(socket!)),
};

const QUEUE: ScreenColumn = {
  header: "QUEUE",
  narrows: "not",
  repeats: false,
  cell: ({ sockets: [socket] }) => isServed(socket!) ? [] : queueWords([socket!]),
};

const ADDRESS: ScreenColumn = {
  header: "ADDRESS",
  narrows: "wraps",
  repeats: false,
  cell(service) {
    const { texts, alike } = addressesOf(service);
    const words: Word[] = texts.map((text) => [{ text, role: "plain" }]);
    if (alike > 0) words.push([{ text: `×${service.sockets.length}`, role: "dim" }]);
    return words;
  },
};

const PEER: ScreenColumn = {
  header: "PEER",
  narrows: "is cut",
  repeats: false,
  cell: ({ sockets: [socket] }) =>
    socket!.peer === null ? NOTHING : cell(formatEndpoint(socket!.family, socket!.peer)),
};

const REACH: ScreenColumn = {
  header: "REACH",
  narrows: "not",
  repeats: false,
  cell(service) {
    const { reach: { scope } } = widest(service);
    const role = scope === "public" || scope === "any" ? "warning" : "plain";
    return cell(scopeLabel(scope), role);
  },
};

const USER: ScreenColumn = {
  header: "USER",
  narrows: "is cut",
  repeats: true,
  cell({ sockets, stories }, facts) {
    const names = new Set(
      stories.map(({ leader: { process: { uid, user } } }) =>
        uid === null ? "?" : sanitize(user ?? String(uid))
      ),
    );
    if (names.size > 0) return wordsOf([...names]);
    const { uid } = sockets[0]!;
    // In parentheses: who made the socket, since nobody says who has it.
    return uid === null
      ? NOTHING
      : cell(`(${sanitize(facts.userName(uid) ?? String(uid))})`, "dim");
  },
};

const PROCESS: ScreenColumn = {
  header: "PROCESS",
  narrows: "wraps",
  repeats: false,
  cell({ sockets, stories }, facts) {
    const [socket] = sockets;
    const words = stories.length === 0
      ? [
        [{
          text: withoutOwner(socket!),
          role: socket!.ownership === "hidden" ? "dim" : "plain",
        }] as Word,
      ]
      : storyWords(stories);
    // A service seldom has something waiting: that takes no column.
    if (isServed(socket!)) words.push(...queueWords(sockets));
    const { peer, peerOwners } = socket!;
    if (peerOwners === null || peerOwners.length === 0) return words;
    const others = [...storiesOf(peerOwners, facts.process).stories.values()];
    return [...words, [{ text: peer === null ? "<-" : "<->", role: "dim" }], ...storyWords(others)];
  },
};

const SERVICE: ScreenColumn = {
  header: "SERVICE",
  narrows: "is cut",
  repeats: true,
  cell({ sockets, stories }, facts) {
    // Who serves it, and not who passes it on.
    const forwards = new Set(
      sockets.flatMap((socket) => facts.forwardsOf(socket).map(forwardText)),
    );
    if (forwards.size > 0) return wordsOf([...forwards].map(sanitize));
    const names = new Set(
      stories.flatMap(({ leader }) => facts.serviceOf(leader.process) ?? []).map(sanitize),
    );
    if (names.size > 0) return wordsOf([...names]);
    const { cgroupId } = sockets[0]!;
    if (stories.length > 0 || cgroupId === null || cgroupId === undefined) return NOTHING;
    const name = facts.serviceOfGroup(cgroupId);
    return name === null ? NOTHING : cell(`(${sanitize(name)})`, "dim");
  },
};

/** The columns that these services need, in order. */
export function columnsFor(services: readonly Service[]): readonly ScreenColumn[] {
  const [first] = services;
  const sockets = services.flatMap(({ sockets }) => sockets);
  const namespace = first?.sockets[0]?.netns?.inode;
  return [
    ...(sockets.some(({ netns }) => netns?.inode !== namespace) ? [NETNS] : []),
    PROTO,
    ...(sockets.every(isServed) ? [] : [STATE]),
    ...(sockets.some((socket) => !isServed(socket) && isWaiting(socket)) ? [QUEUE] : []),
    ADDRESS,
    ...(sockets.some(({ peer }) => peer !== null) ? [PEER] : []),
    REACH,
    USER,
    PROCESS,
    SERVICE,
  ];
}

/** The columns to be given up on a terminal that is too narrow, the first one first. */
export const EXPENDABLE: readonly ScreenColumn[] = [QUEUE, SERVICE, USER];

/** The columns to be made narrower before that, and how narrow. */
export const NARROWED: readonly (readonly [ScreenColumn, number])[] = [
  [SERVICE, 12],
  [USER, 8],
  [ADDRESS, 22],
  [PROCESS, 18],
  [SERVICE, 8],
  [PEER, 15],
  [ADDRESS, 0],
  [PROCESS, 0],
];

function isWaiting({ acceptQueue, recvQueue, sendQueue }: Socket): boolean {
  return (acceptQueue?.length ?? 0) > 0 || (recvQueue ?? 0) > 0 || (sendQueue ?? 0) > 0;
}

function isServed(socket: Socket): boolean {
  return familyOf(socket.family).serves(socket);
}

/** `queue 3/128` waits to be accepted; `300 in` is to be read, `20 out` to be sent. */
function queueWords(sockets: readonly Socket[]): Word[] {
  return sockets.flatMap(({ acceptQueue, recvQueue, sendQueue }) => {
    const words: Word[] = [];
    if (acceptQueue !== null && acceptQueue.length > 0) {
      const { length, limit } = acceptQueue;
      const full = limit !== null && length > limit;
      const of = limit === null ? "" : `/${limit}`;
      words.push([{
        text: `queue${full ? " full" : ""} ${length}${of}`,
        role: full ? "bad" : "dim",
      }]);
    }
    if ((recvQueue ?? 0) > 0) words.push([{ text: `${recvQueue} in`, role: "plain" }]);
    if ((sendQueue ?? 0) > 0) words.push([{ text: `${sendQueue} out`, role: "plain" }]);
    return words;
  });
}

/** `nginx 26180 +4`, each with a comma if another follows. */
function storyWords(stories: readonly Story[]): Word[] {
  return stories.map(({ leader: { pid, process }, others }, i) => {
    const { comm, exeDeleted } = process;
    const spans: { text: string; role: Role }[] = [
      { text: comm === null ? "?" : sanitizeBytes(comm) || '""', role: "plain" },
      { text: ` ${pid}`, role: "dim" },
    ];
    if (others > 0) spans.push({ text: ` +${others}`, role: "dim" });
    if (exeDeleted === true) spans.push({ text: " deleted", role: "bad" });
    if (i < stories.length - 1) spans.push({ text: ",", role: "plain" });
    return spans;
  });
}

function wordsOf(names: readonly string[]): Cell {
  return names.map((
    text,
    i,
  ) => [{ text: i < names.length - 1 ? `${text},` : text, role: "plain" }]);
}
