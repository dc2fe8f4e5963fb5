/**
 * BugReport: the message for an unexpected error.
 *
 * @module
 */

/** One line that asks to report the error. It may contain text from outside, which the caller has to sanitise. */
export function bugReport(error: unknown): string {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return `this is a bug, please report it with the command line and the output of --version: ${what}`;
}
