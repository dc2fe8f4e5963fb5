import { FFIType } from "bun:ffi";
import { expect, test } from "bun:test";
import { FFI_TYPE, native } from "../../ffi/native.ts";

test("the numbers of types are those of bun:ffi", () => {
  for (const [name, type] of Object.entries(FFI_TYPE)) {
    expect([name, type as number]).toEqual([
      name,
      FFIType[name as keyof typeof FFIType] as number,
    ]);
  }
});

test("a library that is not there is an error, returned or thrown, and not a library", () => {
  let opened: unknown;
  try {
    opened = native.dlopen("/nonexistent/libnothing.so.1", {});
  } catch (error) {
    opened = error;
  }
  expect(opened).toBeInstanceOf(Error);
});

test("a missing symbol is an error", () => {
  let opened: unknown;
  try {
    opened = native.dlopen("libc.so.6", {
      sockeye_no_such_function: { args: [], returns: FFI_TYPE.i32 },
    });
  } catch (error) {
    opened = error;
  }
  expect(opened).toBeInstanceOf(Error);
});
