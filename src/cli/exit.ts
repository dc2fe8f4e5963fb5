/**
 * Exit statuses of Sockeye's own commands. The ss, netstat and lsof modes use the originals'.
 *
 * @module
 */

/** Done; audit: compliant; diff: the same. */
export const EXIT_OK = 0;
/** A violation, a difference, nothing found. */
export const EXIT_DIFFERENT = 1;
/** Wrong usage, or something failed. */
export const EXIT_ERROR = 2;
/** The view was incomplete, and the question could not be decided. */
export const EXIT_INCOMPLETE = 3;
