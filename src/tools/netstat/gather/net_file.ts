/**
 * Files of /proc/net as text.
 *
 * @module
 */
import type { ProcRoot } from "../../../proc/root.ts";
import { latin1Text } from "../../../text/encoding.ts";

/** The text of a file in /proc/net, one character a byte, or the negated errno. */
export function readNetFile(root: ProcRoot, file: string): string | number {
  const bytes = root.readNet(file);
  return typeof bytes === "number" ? bytes : latin1Text(bytes);
}
