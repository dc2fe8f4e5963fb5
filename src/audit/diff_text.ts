/**
 * A comparison as text: one line per difference, and a summary.
 *
 * @module
 */
import { inNamespace } from "../snapshot/identity.ts";
import { absence, becauseText } from "../model/verdict.ts";
import { paint, type Role } from "../text/color.ts";
import { sanitize } from "../text/sanitize.ts";
import type { Writer } from "../text/writer.ts";
import { type Comparison, DIFF_FIELDS, type Difference, type Service } from "./diff.ts";
import { plural } from "../text/plural.ts";

const SIGNS: Readonly<Record<Difference["kind"], readonly [sign: string, role: Role]>> = {
  appeared: ["+", "warning"],
  vanished: ["-", "notice"],
  changed: ["~", "warning"],
  undecided: ["?", "dim"],
};

/** Writes a comparison for people. Throws what the writer throws. */
export function writeDiff(comparison: Comparison, writer: Writer, color: boolean): void {
  for (const difference of comparison.differences) {
    const [sign, role] = SIGNS[difference.kind];
    const where = sanitize(inNamespace(difference.netns));
    const head = `${sign} ${sanitize(difference.endpoint)}${where}`;
    writer.write(`${paint(head, role, color)}${detail(difference)}\n`);
  }
  writer.write(`${summary(comparison)}\n`);
}

function detail({ kind, before, after, fields, reason }: Difference): string {
  if (kind === "undecided") return `: ${sanitize(reason!)}`;
  if (kind === "changed") {
    return `: ${
      fields.map((field) => `${field} ${list(before![field])} -> ${list(after![field])}`).join("; ")
    }`;
  }
  return `: ${known((before ?? after)!)}`;
}

function list(values: readonly string[]): string {
  return values.length === 0 ? "none" : values.map(sanitize).join(", ");
}

function known(values: Service["values"]): string {
  return DIFF_FIELDS.filter((field) => values[field].length > 0)
    .map((field) => `${field} ${list(values[field])}`).join("; ");
}

function summary({ differences, compared, ephemeralUdp, verdict }: Comparison): string {
  const count = (kind: Difference["kind"]) =>
    differences.filter((difference) => difference.kind === kind).length;
  const parts = (["appeared", "vanished", "changed", "undecided"] as const)
    .filter((kind) => count(kind) > 0).map((kind) => `${count(kind)} ${kind}`);
  const left = ephemeralUdp.before + ephemeralUdp.after === 0
    ? ""
    : `; UDP sockets on ephemeral ports are not compared (${ephemeralUdp.before} before, ${ephemeralUdp.after} now)`;
  const what = plural(compared, "service");
  const because = parts.length === 0 && verdict.answer === "undecided"
    ? `: ${sanitize(becauseText(verdict))}`
    : "";
  return `${
    parts.length === 0 ? absence("no_differences", verdict) + because : parts.join(", ")
  }; ${what} on both sides${left}`;
}
