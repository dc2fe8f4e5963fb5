/**
 * Options whose values are lists: processes and groups, users, descriptors, states.
 *
 * @module
 */
import type { DescriptorSet, LsofLookups, NumberItem, StateItem, UserItem } from "../query.ts";
import { lsofStateName, lsofStateNumber } from "../../../model/state.ts";
import { LsofError } from "./error.ts";

/** Splits the `^` that excludes a member from its text. */
function member(text: string): { exclude: boolean; text: string } {
  return text.startsWith("^") ? { exclude: true, text: text.slice(1) } : { exclude: false, text };
}

/** Adds the numbers of `-p` or `-g`. `what` is `process` or `process group`. Throws {@linkcode LsofError}. */
export function addNumbers(list: NumberItem[], value: string | null, what: string): void {
  if (value === null) throw new LsofError(`no ${what} ID specified`);
  // Nothing asked for, as in lsof; an empty member of a list is 0.
  if (value === "") return;
  for (const part of value.replace(/,$/, "").split(",")) {
    const { exclude, text } = member(part);
    if (!/^\d*$/.test(text)) throw new LsofError(`illegal ${what} ID: ${value}`);
    const number = Number(text);
    const known = list.find((item) => item.number === number);
    if (known === undefined) list.push({ number, exclude });
    else if (known.exclude !== exclude) {
      const short = what === "process" ? "PID" : "PGID";
      throw new LsofError(`${short} ${number} has been included and excluded.`);
    }
  }
}

/** Adds the users of `-u`. Throws {@linkcode LsofError}. */
export function addUsers(list: UserItem[], value: string | null, lookups: LsofLookups): void {
  if (value === null) throw new LsofError("no UIDs specified");
  if (value === "") return;
  for (const part of value.replace(/,$/, "").split(",")) {
    const { exclude, text } = member(part);
    const numeric = /^\d*$/.test(text);
    const uid = numeric ? Number(text) : lookups.user(text);
    if (uid === null) throw new LsofError(`can't get UID for ${text}`);
    const known = list.find((item) => item.uid === uid);
    if (known === undefined) list.push({ uid, login: numeric ? null : text, exclude });
    else if (known.exclude !== exclude) {
      throw new LsofError(`UID ${uid} has been included and excluded.`);
    }
  }
}

/** Returns the set with the descriptors of another `-d` added. Throws {@linkcode LsofError}. */
export function addDescriptors(
  set: DescriptorSet | null,
  value: string | null,
): DescriptorSet {
  if (value === null || value === "") throw new LsofError("no file descriptor specified");
  const names = [...set?.names ?? []];
  const ranges = [...set?.ranges ?? []];
  let excluded = set?.exclude ?? null;
  for (const part of value.split(",")) {
    const { exclude, text } = member(part);
    if (text === "") continue;
    if (excluded !== null && excluded !== exclude) {
      const kind = (out: boolean) => out ? "exclude" : "include";
      throw new LsofError(`${kind(exclude)} in an ${kind(excluded)} -d list: ${part}`);
    }
    excluded = exclude;
    const dash = text.lastIndexOf("-");
    if (dash >= 0) ranges.push(parseRange(text, dash));
    else if (/^\d+$/.test(text)) ranges.push({ first: Number(text), last: Number(text) });
    else if (text === "fd") ranges.push({ first: 0, last: Number.MAX_SAFE_INTEGER });
    else names.push(text);
  }
  if (excluded === null) throw new LsofError("no file descriptor specified");
  return { exclude: excluded, names, ranges };
}

function parseRange(text: string, dash: number): { first: number; last: number } {
  const [low, high] = [text.slice(0, dash), text.slice(dash + 1)];
  if (low === "" || high === "") throw new LsofError(`illegal FD range for -d: ${text}`);
  if (!/^\d+$/.test(low) || !/^\d+$/.test(high)) {
    throw new LsofError(`non-digit in -d FD range: ${text}`);
  }
  if (Number(low) >= Number(high)) {
    throw new LsofError(`-d FD range's low >= its high: ${text}`);
  }
  return { first: Number(low), last: Number(high) };
}

/** Adds the states of `-s TCP:…`. Throws {@linkcode LsofError}. */
export function addStates(list: StateItem[], value: string): void {
  const match = /^(tcp|udp):(.*)$/is.exec(value);
  if (match === null) throw new LsofError(`unknown -s protocol: "${value}"`);
  const protocol = match[1]!.toUpperCase();
  if (match[2] === "") throw new LsofError(`no ${protocol} state names in: ${value}`);
  if (protocol === "UDP") throw new LsofError(`no UDP state names available: ${value}`);
  for (const part of match[2]!.replace(/,$/, "").split(",")) {
    const { exclude, text } = member(part);
    if (text === "") throw new LsofError(`NULL TCP state name in: ${value}`);
    const state = lsofStateNumber(text.toUpperCase());
    if (state === undefined) throw new LsofError(`unknown TCP state name: ${text}`);
    const known = list.find((item) => item.state === state);
    if (known !== undefined) {
      throw new LsofError(
        known.exclude === exclude
          ? `duplicate TCP ${exclude ? "ex" : "in"}clusion: ${text}`
          : `can't include and exclude TCP state: ${lsofStateName(state)}`,
      );
    }
    list.push({ state, exclude });
  }
}
