/**
 * Plural: a count with its noun.
 *
 * @module
 */

/** A count and what is counted: `plural(1, "process", "processes")` is `1 process`. The plural ends in s unless given. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
