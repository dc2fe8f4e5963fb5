/**
 * How many inputs a property test tries.
 *
 * @module
 */

/**
 * Options for a property whose number of inputs differs from the default: `count` in the gate. ./scripts/fuzz uses one number
 * for all properties.
 */
export function runs(count: number): { numRuns: number } {
  return { numRuns: Number(process.env.SOCKEYE_FUZZ_RUNS ?? count) };
}
