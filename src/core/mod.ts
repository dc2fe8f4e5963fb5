/**
 * What the core does for others: gears.ts calls these functions in one gear or the other.
 *
 * @module
 */
export { forgetCells, goToColumn, lay, loadCells, saveCells } from "./cells.ts";
export {
  lsofIndex,
  lsofKeep,
  lsofKeepOne,
  lsofNext,
  lsofRows,
  lsofSkip,
  lsofTake,
} from "./lsof_row.ts";
export { netstatRow, netstatRows } from "./netstat_row.ts";
export { jsonRows, listRows, measureRows, nextInStates } from "./listing.ts";
export { addRows, nextAlike, sortRows } from "./order.ts";
export { cursor } from "./out.ts";
export { firstOwner, indexOwners, nextOwner } from "./owners.ts";
export { putPrefix } from "./owners_cell.ts";
export { joinOwners, rememberReach, shareReach, storeMessages, unownedInodes } from "./store.ts";
export { finishRow, rows, startRow, writeDetails } from "./ss_row.ts";
