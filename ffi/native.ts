/**
 * The functions of the runtime that call into C.
 *
 * `bun:ffi` is JavaScript around four functions of `Bun.FFI`. Loading it takes a sixth of a millisecond, which is more than all calls
 * through it on an idle host.
 *
 * @module
 */
import type { FFIFunction, FFIType, Library, ptr, read, toArrayBuffer } from "bun:ffi";

interface Native {
  /** As `dlopen` of bun:ffi, but an error is returned and types are numbers. */
  dlopen<T extends Record<string, FFIFunction>>(name: string, symbols: T): Library<T> | Error;
  readonly ptr: typeof ptr;
  readonly read: typeof read;
  readonly toArrayBuffer: typeof toArrayBuffer;
}

/** `Bun.FFI`. Where memory cannot be made executable, `dlopen` returns or throws an error. */
export const native: Native = (Bun as unknown as { readonly FFI: Native }).FFI;

/** Numbers of the types of C: `FFIType` of bun:ffi, which a test compares. */
export const FFI_TYPE = {
  i32: 5 as FFIType.i32,
  u32: 6 as FFIType.u32,
  i64: 7 as FFIType.i64,
  ptr: 12 as FFIType.ptr,
  i64_fast: 15 as FFIType.i64_fast,
  u64_fast: 16 as FFIType.u64_fast,
};
