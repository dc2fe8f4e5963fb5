/**
 * The version of this build.
 *
 * @module
 */

// Defined by scripts/build.ts. The names do not exist when the sources are run directly.
declare const SOCKEYE_VERSION: string | undefined;
declare const SOCKEYE_COMMIT: string | undefined;

/** Version from package.json. */
export const VERSION = typeof SOCKEYE_VERSION === "string" ? SOCKEYE_VERSION : "0.0.0";
/** Abbreviated commit; `null` if it was built outside a git checkout. */
const COMMIT = typeof SOCKEYE_COMMIT === "string" && SOCKEYE_COMMIT !== "" ? SOCKEYE_COMMIT : null;

/** What `--version` prints. */
export function versionLine(): string {
  return `sockeye ${VERSION}${COMMIT === null ? "" : ` (${COMMIT})`}\n`;
}
