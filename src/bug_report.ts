/**
 * BugReport: what is said of an error that nobody foresaw.
 *
 * @module
 */

/** One line that says where to take it. What it holds of the outside has still to be made harmless. */
export function bugReport(error: unknown): string {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return `this is a bug, please report it with the command line and the output of --version: ${what}`;
}
