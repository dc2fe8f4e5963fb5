/**
 * Patterns of paths and names in a policy.
 *
 * @module
 */

const compiled = new Map<string, RegExp>();

/** True if a text fits a pattern. `*` stands for anything within one part of a path, `**` for anything at all. */
function fits(pattern: string, text: string): boolean {
  if (!pattern.includes("*")) return pattern === text;
  let expression = compiled.get(pattern);
  if (expression === undefined) {
    // Longer runs of stars are cut to two, because each star would multiply the time to find that nothing matches.
    const source = pattern.replace(/\*{3,}/g, "**").split(/(\*\*?)/).map((part) =>
      part === "**" ? "[^]*" : part === "*" ? "[^/]*" : RegExp.escape(part)
    ).join("");
    expression = new RegExp(`^${source}$`, "u");
    compiled.set(pattern, expression);
  }
  return expression.test(text);
}

/** True if a text fits one of several patterns. */
export function fitsAny(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => fits(pattern, text));
}
