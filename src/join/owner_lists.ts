/**
 * OwnerLists: from a descriptor that holds a socket to the list of its owners.
 *
 * @module
 */
import type { Owner, OwnerLookup } from "../model/owner.ts";
import type { Socket } from "../model/socket.ts";
import type { DescriptorTable } from "../proc/descriptors.ts";
import type { Processes } from "../origin/processes.ts";
import type { OwnerIndex } from "../store/owner_index.ts";

/** An owner under construction. */
type Draft = { -readonly [Key in keyof Owner]: Owner[Key] } & { fds: number[] };

/** The owners of all sockets. Numbers are those of {@linkcode OwnerIndex.first}. */
export class OwnerLists implements OwnerLookup {
  readonly #table: DescriptorTable;
  readonly #index: OwnerIndex;
  readonly #processes: Processes;
  /** Most sockets have one owner with one descriptor. This list is filled anew for each of them. */
  readonly #single: [Draft] | [] = [];

  constructor(table: DescriptorTable, index: OwnerIndex, processes: Processes) {
    this.#table = table;
    this.#index = index;
    this.#processes = processes;
  }

  owners(first: number, socket: Pick<Socket, "cookie">, reused: boolean): readonly Owner[] {
    if (first === 0) return [];
    return this.#index.isAlone(first) ? this.#one(first - 1, reused) : this.#several(first, socket);
  }

  #several(first: number, socket: Pick<Socket, "cookie">): readonly Owner[] {
    const table = this.#table;
    const rows = this.#index.rowsFrom(first, socket.cookie);
    rows.sort((a, b) =>
      table.pid(a) - table.pid(b) || table.tid(a) - table.tid(b) || table.fd(a) - table.fd(b)
    );
    const owners: Draft[] = [];
    for (const row of rows) {
      const last = owners.at(-1);
      if (last !== undefined && last.pid === table.pid(row) && (last.tid ?? 0) === table.tid(row)) {
        last.fds.push(table.fd(row));
      } else owners.push(this.#draft(row));
    }
    return owners.length === 1
      ? owners
      : owners.filter((owner, i) => !isRepeated(owner, i, owners));
  }

  #one(row: number, reused: boolean): readonly Owner[] {
    if (!reused) return [this.#draft(row)];
    const table = this.#table;
    const [single] = this.#single;
    if (single === undefined) return this.#single[0] = this.#draft(row), this.#single;
    const pid = table.pid(row);
    if (single.pid !== pid) {
      single.pid = pid;
      single.process = this.#processes.get(pid);
    }
    single.tid = table.tid(row) || null;
    single.fds[0] = table.fd(row);
    return this.#single;
  }

  #draft(row: number): Draft {
    const table = this.#table;
    const pid = table.pid(row);
    const tid = table.tid(row) || null;
    return { pid, fds: [table.fd(row)], tid, process: this.#processes.get(pid) };
  }
}

// The table of a thread adds nothing where the main table of its process has the socket, or where another thread has it with
// the same descriptors: threads whose leader has exited share one table, and each of them shows it.
function isRepeated(owner: Owner, at: number, owners: readonly Owner[]): boolean {
  if (owner.tid === null) return false;
  for (let i = at - 1; i >= 0 && owners[i]!.pid === owner.pid; i--) {
    const earlier = owners[i]!;
    if (earlier.tid === null) return true;
    if (
      earlier.fds.length === owner.fds.length && earlier.fds.every((fd, j) => fd === owner.fds[j])
    ) return true;
  }
  return false;
}
