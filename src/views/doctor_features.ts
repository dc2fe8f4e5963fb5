/**
 * What was tried of the kernel, as lines of the checkup.
 *
 * @module
 */
import type { FeatureCheck } from "../model/checkup.ts";
import type { Span } from "../text/flow.ts";
import { plural } from "../text/plural.ts";
import { sanitize } from "../text/sanitize.ts";

const LABELS: Readonly<Record<FeatureCheck["group"], string>> = {
  calls: "System calls",
  owners: "Owners",
  watch: "Watch hooks",
  firewall: "Firewall",
};

/** A line for what works of each group, and one for each reason why something does not, with what follows. */
export function featureLines(features: readonly FeatureCheck[]): [label: string, Span[]][] {
  const lines: [label: string, Span[]][] = [];
  for (const [group, label] of Object.entries(LABELS)) {
    const known = features.filter((feature) => feature.group === group);
    const works = counted(known.filter(({ usable }) => usable).map(({ name }) => sanitize(name)));
    const missing = Map.groupBy(
      known.filter(({ usable }) => !usable),
      ({ reason, without }) => `${reason}\0${without}`,
    );
    let left = label;
    const line = (spans: Span[]) => {
      lines.push([left, spans]);
      left = "";
    };
    if (works.length > 0) line([["yes     ", "good"], works.join(", ")]);
    for (const same of missing.values()) {
      const { reason, without } = same[0]!;
      const names = same.map(({ name }) => sanitize(name)).join(", ");
      line([
        ["no      ", "warning"],
        `${names}: ${sanitize(reason ?? "unknown")}; `,
        [`then ${sanitize(without)}`, "dim"],
      ]);
    }
  }
  return lines;
}

/** The programs on hooks are many, and their names say something only where one does not load. */
function counted(names: readonly string[]): string[] {
  const others = names.filter((name) => !name.startsWith("sockeye_"));
  const programs = names.length - others.length;
  return programs === 0 ? others : [...others, plural(programs, "program")];
}
