/**
 * How many inputs a property test tries.
 *
 * @module
 */

/**
 * For properties whose input is cheaper or dearer than others': `count` in the gate. ./scripts/fuzz has its own number, the
 * same for all.
 */
export function runs(count: number): { numRuns: number } {
  return { numRuns: Number(process.env.SOCKEYE_FUZZ_RUNS ?? count) };
}
