/**
 * Patterns of paths and names in a policy.
 *
 * @module
 */

const compiled = new Map<string, RegExp>();

/** True when a text fits: `*` stands for anything within one part of a path, `**` for anything at all. */
export function fits(pattern: string, text: string): boolean {
  if (!pattern.includes("*")) return pattern === text;
  let expression = compiled.get(pattern);
  if (expression === undefined) {
    // Runs of stars are cut to two: each further one would multiply the ways to fail.
    const source = pattern.replace(/\*{3,}/g, "**").split(/(\*\*?)/).map((part) =>
      part === "**" ? "[^]*" : part === "*" ? "[^/]*" : RegExp.escape(part)
    ).join("");
    expression = new RegExp(`^${source}$`, "u");
    compiled.set(pattern, expression);
  }
  return expression.test(text);
}

/** True when a text fits one of several. */
export function fitsAny(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => fits(pattern, text));
}
