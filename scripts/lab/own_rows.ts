/**
 * What lsof tells of itself: its descriptors and its memory, which are another program's in lsof mode.
 *
 * @module
 */
import { foldedLines } from "./judge.ts";

/** lsof forks to look at what may block: what gets a process ID soon after its own is its own as well. */
const CHILDREN = 100;

/**
 * The listing without the rows, or the fields, of the process, its children and `lab`, whose threads come and go. Spaces of
 * rows are folded: the rows that are left out have a part in the widths of the columns.
 */
export function withoutOwnRows(text: string, pid: number, lab: number): string {
  const own = (word: string | undefined) =>
    Number(word) >= pid && Number(word) < pid + CHILDREN || Number(word) === lab;
  // A set of fields goes on until the next process.
  if (/^p\d+[\n\0]/.test(text)) {
    let skip = false;
    return text.split("\n").filter((line) => {
      if (line.startsWith("p")) skip = own(/^p(\d+)/.exec(line)?.[1]);
      return !skip;
    }).join("\n").trimEnd();
  }
  const rows = foldedLines(text);
  const others = rows.filter((line) => {
    const [first, second] = line.split(" ");
    return !own(second) && !(own(first) && second === undefined);
  });
  // The title stands above rows only. Own tasks decide which columns there are.
  const titleAlone = others.filter((line) => line !== "").length === 1 && others[0] !== rows[1] &&
    others[0]!.startsWith("COMMAND ");
  return titleAlone ? "" : others.join("\n");
}
