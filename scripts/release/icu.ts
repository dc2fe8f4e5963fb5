/**
 * The data of ICU in the runtime: 12 MB of locales, calendars, converters and names, packed already. Sockeye asks for
 * local time alone (lsof -r m), so what that needs stays and the rest becomes zeros, which take no room where the file is
 * packed. ICU takes an item of zeros for one that is damaged, and answers with an error.
 *
 * @module
 */

/** Items that stay, by their names without the package's: the time zones and their names. */
export const KEPT: readonly string[] = ["zoneinfo64.res"];

/** What an item is, in the whole of the runtime. */
interface Item {
  readonly name: string;
  readonly begin: number;
  readonly end: number;
}

/** struct MappedData of icu4c/source/common/ucmndata.h: 2 bytes of size, then these. */
const MAGIC = [0xda, 0x27];
/** UDataInfo.dataFormat of a common data file, 12 bytes into the header. */
const FORMAT = "CmnD";
const FORMAT_AT = 12;

/** Finds the table of contents. Throws when it is not as it was when this was written. */
export function icuItems(runtime: Buffer): Item[] {
  let start = -1;
  for (
    let at = runtime.indexOf(FORMAT);
    at >= 0 && start < 0;
    at = runtime.indexOf(FORMAT, at + 1)
  ) {
    const header = at - FORMAT_AT;
    if (header >= 0 && runtime[header + 2] === MAGIC[0] && runtime[header + 3] === MAGIC[1]) {
      start = header;
    }
  }
  if (start < 0) throw new Error("the runtime has no data of ICU: see scripts/release/icu.ts");
  const table = start + runtime.readUInt16LE(start);
  const count = runtime.readUInt32LE(table);
  const items = Array.from({ length: count }, (_, index) => {
    const entry = table + 4 + 8 * index;
    const name = table + runtime.readUInt32LE(entry);
    return {
      name: runtime.toString("latin1", name, runtime.indexOf(0, name)).replace(/^[^/]*\//, ""),
      begin: table + runtime.readUInt32LE(entry + 4),
    };
  });
  return items.map(({ name, begin }, index) => {
    // Where the last one ends is not said, so nothing of it is taken.
    const end = items[index + 1]?.begin ?? begin;
    if (end < begin || end > runtime.length) throw new Error(`${name} of ICU's data has no end`);
    return { name, begin, end };
  });
}

/** Zeroes what is not needed, and returns how many bytes that were. */
export function emptyIcu(runtime: Buffer): number {
  let emptied = 0;
  const kept = new Set<string>();
  for (const { name, begin, end } of icuItems(runtime)) {
    if (KEPT.includes(name)) {
      kept.add(name);
    } else {
      runtime.fill(0, begin, end);
      emptied += end - begin;
    }
  }
  const lost = KEPT.filter((name) => !kept.has(name));
  if (lost.length > 0) throw new Error(`ICU's data has no ${lost.join(", ")}`);
  return emptied;
}
