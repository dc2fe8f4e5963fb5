/**
 * How two outputs differ, for people.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** The difference of two texts, as diff(1) has it, at most 40 lines. `folder` is for files of its own. */
export function difference(
  folder: string,
  old: string,
  other: string,
  labels: readonly [string, string] = ["old", "new"],
): string {
  const [a, b] = [join(folder, "diff-old"), join(folder, "diff-new")];
  // JSON on one long line is broken up, or the difference could not be seen.
  const broken = (text: string) =>
    text.replace(/.{400,}/g, (line) => line.replaceAll(/,(?=["{])/g, ",\n"));
  writeFileSync(a, broken(old), "latin1");
  writeFileSync(b, broken(other), "latin1");
  const diff = Bun.spawnSync([
    "diff",
    "-a",
    "-U0",
    "--label",
    labels[0],
    "--label",
    labels[1],
    a,
    b,
  ]);
  const lines = diff.stdout.toString().trimEnd().split("\n").map((line) =>
    line.length > 400 ? `${line.slice(0, 400)} […]` : line
  );
  return lines.slice(0, 40).join("\n") + (lines.length > 40 ? `\n[${lines.length - 40} more]` : "");
}
