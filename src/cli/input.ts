/**
 * Errors of files that the command line names are errors of the command line.
 *
 * @module
 */
import { InputError } from "../audit/input_error.ts";
import { UsageError } from "./usage_error.ts";

/** Runs `work`. Throws {@linkcode UsageError} where it throws InputError. */
export async function withInput<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InputError) throw new UsageError(error.message);
    throw error;
  }
}
