/**
 * InternetStore: what the table says of TCP and UDP sockets, without an object for each.
 *
 * @module
 */
import { IPPROTO_TCP } from "../../../families/inet/uapi.ts";
import type { InetRecords } from "../../../store/inet_records.ts";
import type { FileRow } from "../rows/row.ts";
import type { SocketStore } from "../layout/socket_files.ts";
import { socketOffset } from "../rows/socket.ts";
import { isPlain } from "./core_filter.ts";
import { InternetRow, PROTOCOL_NAMES } from "./internet_row.ts";
import { type InternetSockets, protocolName } from "./internet_sockets.ts";
import type { LsofQuery } from "../query.ts";
import { lsofStateName } from "../../../model/state.ts";

/** The sockets of one network namespace, for one query. */
export class InternetStore implements SocketStore {
  readonly #sockets: InternetSockets;
  readonly #shownOffset: 0 | null;
  readonly #showsState: boolean;
  readonly offset: string;
  /** Texts of the states that were met, by their numbers. */
  readonly #states: string[] = [];

  private constructor(sockets: InternetSockets, { format }: LsofQuery) {
    this.#sockets = sockets;
    this.#shownOffset = socketOffset(format);
    this.offset = this.#shownOffset === null ? "" : "0t0";
    this.#showsState = format.stateParts.any;
  }

  /** `null` where the query asks for more than a record has, or than this writes: names, flags, queues. */
  static for(query: LsofQuery, sockets: InternetSockets): InternetStore | null {
    return isPlain(query) ? new InternetStore(sockets, query) : null;
  }

  get records(): InetRecords {
    return this.#sockets.records;
  }

  protocol(protocol: number): string {
    return PROTOCOL_NAMES[protocolName(protocol)];
  }

  state(protocol: number, state: number): string {
    if (!this.#showsState) return "";
    if (protocol !== IPPROTO_TCP) return " ";
    return this.#states[state] ??= ` (${lsofStateName(state)})`;
  }

  row(descriptor: number, number: number): FileRow {
    return new InternetRow(descriptor, this.#sockets.keep(number), this.#shownOffset);
  }
}
