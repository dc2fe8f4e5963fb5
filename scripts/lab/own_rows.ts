/**
 * What lsof tells of itself: its descriptors and its memory, which are another program's in lsof mode.
 *
 * @module
 */

/** lsof forks to look at what may block, so a few process IDs after its own are its own as well. */
const CHILDREN = 4;

/** The listing without the rows, or the fields, of the process and its children. */
export function withoutOwnRows(text: string, pid: number): string {
  const own = (word: string | undefined) => Number(word) >= pid && Number(word) < pid + CHILDREN;
  const lines = text.split("\n");
  // A set of fields goes on until the next process.
  if (/^p\d+[\n\0]/.test(text)) {
    let skip = false;
    return lines.filter((line) => {
      if (line.startsWith("p")) skip = own(/^p(\d+)/.exec(line)?.[1]);
      return !skip;
    }).join("\n");
  }
  return lines.filter((line) => {
    const [first, second] = line.trim().split(/ +/);
    return !own(second) && !(own(first) && second === undefined);
  }).join("\n");
}
