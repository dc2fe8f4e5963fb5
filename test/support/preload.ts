/**
 * Loaded before every test file. The gate has to give one verdict on one commit, so property tests start from a fixed
 * seed; `./scripts/fuzz` looks for what that seed does not reach.
 *
 * @module
 */
import fc from "fast-check";

fc.configureGlobal({
  seed: Number(process.env.SOCKEYE_FUZZ_SEED ?? 20261121),
  ...(process.env.SOCKEYE_FUZZ_RUNS ? { numRuns: Number(process.env.SOCKEYE_FUZZ_RUNS) } : {}),
});
