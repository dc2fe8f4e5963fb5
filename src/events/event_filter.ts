/**
 * EventFilter: asks the filter language of events.
 *
 * @module
 */
import type { Expr } from "../filter/ast.ts";
import { evaluator, type Predicate } from "../filter/evaluate.ts";
import { SocketSubject } from "../filter/socket_subject.ts";
import type { EventProcess, SocketEvent } from "../model/event.ts";
import type { Owner } from "../model/owner.ts";
import { DEFAULT_LOCAL_PORTS } from "../model/port_range.ts";
import type { Endpoint, Socket } from "../model/socket.ts";
import { ContainerFinder } from "../origin/container_finder.ts";
import { formatEndpoint } from "../views/columns.ts";
import { Users } from "../etc/users.ts";

/** A filter, ready to be asked. */
export class EventFilter {
  readonly #wants: Predicate | null;
  readonly #users: Users;
  readonly #lookups: ConstructorParameters<typeof SocketSubject>[4];

  constructor(filter: Expr | null, users = new Users()) {
    this.#wants = filter === null ? null : evaluator(filter, "sockeye");
    this.#users = users;
    const containers = new ContainerFinder(users, true);
    this.#lookups = {
      containerName: (process) => containers.names(process)?.name ?? null,
      imageOf: (process) => containers.names(process)?.image ?? null,
      // Events are of this moment, and have nothing to measure.
      nowMs: Date.now(),
      printed: formatEndpoint,
    };
  }

  /** True for an event that was asked for. */
  accepts(event: SocketEvent): boolean {
    if (this.#wants === null) return true;
    const socket = socketOf(event);
    if (socket === null) return false;
    const names = (uid: number) => this.#users.name(uid);
    return this.#wants(
      new SocketSubject(socket, DEFAULT_LOCAL_PORTS, names, {}, this.#lookups),
    );
  }
}

const NOWHERE: Endpoint = { address: "0.0.0.0", port: 0, interface: null };
const NAMELESS: Endpoint = { path: null, name: null, inode: null };

// The socket as it is at the event. Of a datagram the destination counts as its peer.
function socketOf(event: SocketEvent): Socket | null {
  const { family, transport, process, owners } = event;
  if (family === null || transport === null) return null;
  const all = process === null ? owners : [process, ...owners];
  return {
    netns: event.netns,
    family,
    transport,
    type: event.type,
    protocol: null,
    state: "unknown",
    local: event.local ?? (family === "unix" ? NAMELESS : NOWHERE),
    peer: event.peer,
    peerInode: null,
    v6only: null,
    uid: null,
    inode: null,
    cookie: event.cookie,
    recvQueue: null,
    sendQueue: null,
    acceptQueue: null,
    timer: null,
    ownership: "unknown",
    owners: all.map(ownerOf),
    peerOwners: null,
    reach: { scope: "unknown", reasons: [] },
  };
}

function ownerOf(process: EventProcess): Owner {
  const pid = process.pid ?? 0;
  return {
    pid,
    fds: [],
    tid: null,
    process: {
      ...process,
      pid,
      exeDeleted: null,
      startTicks: null,
      startTimeMs: null,
      unitManager: null,
      containerManager: null,
    },
  };
}
