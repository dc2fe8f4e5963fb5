/**
 * InternetStore: what is said of TCP and UDP sockets in the table, by their place in memory.
 *
 * @module
 */
import type { FileRow } from "../rows/row.ts";
import type { SocketStore } from "../layout/socket_files.ts";
import { socketOffset } from "../rows/socket.ts";
import { InternetRow, PROTOCOL_NAMES } from "./internet_row.ts";
import type { LsofQuery } from "../query.ts";
import type { InternetTable } from "./sockets.ts";
import { lsofStateName } from "../../../model/state.ts";

/** The sockets of one table, for one query. */
export class InternetStore implements SocketStore {
  readonly #table: InternetTable;
  readonly #shownOffset: 0 | null;
  readonly #showsState: boolean;
  readonly offset: string;
  /** Texts of the states that were met, by their numbers. */
  readonly #states: string[] = [];

  private constructor(table: InternetTable, { format }: LsofQuery) {
    this.#table = table;
    this.#shownOffset = socketOffset(format);
    this.offset = this.#shownOffset === null ? "" : "0t0";
    this.#showsState = format.stateParts.any;
  }

  /** `null` where the query asks for more than is in the words of a socket: names, flags, queues. */
  static for(query: LsofQuery, table: InternetTable): InternetStore | null {
    const { kind, flags, linkCount, stateParts } = query.format;
    const plain = kind === "table" && flags === "none" && !linkCount && query.numericHosts &&
      query.numericPorts && !stateParts.queues && stateParts.any === stateParts.state;
    return plain ? new InternetStore(table, query) : null;
  }

  get words(): Uint32Array {
    return this.#table.words;
  }

  protocol(place: number): string {
    return PROTOCOL_NAMES[this.#table.protocol(place)];
  }

  state(place: number): string {
    if (!this.#showsState) return "";
    if (this.#table.protocol(place) !== "tcp") return " ";
    const state = this.#table.state(place);
    return this.#states[state] ??= ` (${lsofStateName(state)})`;
  }

  row(descriptor: number, place: number): FileRow {
    return new InternetRow(descriptor, this.#table.socket(place), this.#shownOffset);
  }
}
