/**
 * Which sockets are in the core's arena: asked of every listing, so that CoreRows is loaded where there are such sockets alone.
 *
 * @module
 */
import type { Core } from "../core/gears.ts";
import type { Sockets } from "../model/sockets.ts";
import type { CoreRows } from "./core_rows.ts";
import { SocketRows } from "./socket_rows.ts";

/** A record names its table in 16 bits. */
const MOST_TABLES = 0xffff;

/** The sockets of whole tables, if some are in the arena of the core; `null` otherwise. */
export function coreRows(sockets: Sockets): CoreRows | null {
  const tables = sockets instanceof SocketRows ? sockets.whole : null;
  if (tables === null || tables.length > MOST_TABLES) return null;
  let core: Core | null = null;
  for (const table of tables) core ??= table.core ?? null;
  if (core === null) return null;
  const { CoreRows } = require("./core_rows.ts") as typeof import("./core_rows.ts");
  return CoreRows.of(tables, core);
}
