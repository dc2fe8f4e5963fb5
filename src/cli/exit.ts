/**
 * Exit statuses of Sockeye's own commands. The ss, netstat and lsof modes use those of the originals.
 *
 * @module
 */

/** Done. For audit: compliant. For diff: the same. */
export const EXIT_OK = 0;
/** A violation, a difference, or nothing found. */
export const EXIT_DIFFERENT = 1;
/** Wrong usage, or an error. */
export const EXIT_ERROR = 2;
/** Something could not be read, so the question could not be decided. */
export const EXIT_INCOMPLETE = 3;
