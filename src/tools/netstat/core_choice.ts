/**
 * CoreChoice: whether the core writes rows. It does once there is much to write: on an idle host it is not even loaded.
 *
 * @module
 */
import { leaveUncompiled } from "../../../ffi/jit.ts";
import { FORCED, HAS_SECOND_GEAR, MANY } from "../../core/worth.ts";
import type { RowBuffer } from "../../text/row_buffer.ts";
import type { CoreRows } from "./core_rows.ts";
import type { NetstatOwners } from "./owners.ts";
import type { NetstatQuery } from "./query.ts";

const module = () => require("./core_rows.ts") as typeof import("./core_rows.ts");

/** The choice of one listing. */
export class CoreChoice {
  readonly #row: RowBuffer;
  /** True if the options ask for nothing that the core does not write. */
  readonly #isPossible: boolean;
  /** True if nothing else will be much work. */
  readonly #isAll: boolean;
  #work = 0;
  #owners: NetstatOwners | null = null;
  #rows: CoreRows | null = null;

  /** `row`: where the rows go. */
  constructor(query: NetstatQuery, row: RowBuffer) {
    const { numeric, layout, protocols, named, continuous, allOwners } = query;
    this.#row = row;
    this.#isPossible = numeric.hosts && numeric.ports && !layout.extended && !layout.timers &&
      !allOwners;
    this.#isAll = named && !continuous && !protocols.has("unix") && !protocols.has("raw");
  }

  /** Says what the owners are, before there is a row. */
  setOwners(owners: NetstatOwners): void {
    this.#owners = owners;
    if (owners.areMany) this.work(MANY);
  }

  /** Says that so many bytes of messages are worked on. */
  work(bytes: number): void {
    this.#work += bytes;
    if (this.#work < MANY && FORCED === 0) return;
    if (!this.#isPossible || this.#rows !== null) return;
    if (this.#isAll && HAS_SECOND_GEAR) leaveUncompiled();
    this.#rows = new (module().CoreRows)(this.#row, this.#owners);
  }

  /** What has the core write rows; `null` where it does not. */
  get rows(): CoreRows | null {
    return this.#rows;
  }
}
