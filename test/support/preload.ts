/**
 * Loaded before every test file. Property tests start from a fixed seed, so that the gate gives the same result for
 * the same commit. `./scripts/fuzz` tries other seeds.
 *
 * @module
 */
import fc from "fast-check";

fc.configureGlobal({
  seed: Number(process.env.SOCKEYE_FUZZ_SEED ?? 20261121),
  ...(process.env.SOCKEYE_FUZZ_RUNS ? { numRuns: Number(process.env.SOCKEYE_FUZZ_RUNS) } : {}),
});
