import { afterEach, beforeEach, describe, expect, test } from "bun:test";

/** The runtime's switch, which the module takes when it is loaded. */
const unsafe = Bun.unsafe as { setJITPolicy?: (scale: number) => void };
const real = unsafe.setJITPolicy;

test("the runtime has the switch that is used", () => {
  expect(typeof real).toBe("function");
});

describe("the runtime is told", () => {
  let told: number[];
  let copy = 0;
  beforeEach(() => {
    told = [];
    unsafe.setJITPolicy = (scale) => told.push(scale);
  });
  afterEach(() => {
    unsafe.setJITPolicy = real!;
  });

  /** The module anew, as a program that starts has it. */
  async function load(): Promise<typeof import("../../ffi/jit.ts")> {
    copy++;
    return await import(`../../ffi/jit.ts?copy=${copy}`);
  }

  test("to compile late, and then once to compile as it would by itself", async () => {
    const { compileLazily, compileEagerly } = await load();
    compileLazily();
    expect(told).toHaveLength(1);
    expect(told[0]).toBeGreaterThan(1);
    compileEagerly();
    compileEagerly();
    expect(told.slice(1)).toEqual([1]);
  });

  test("nothing when it was never told to compile late", async () => {
    const { compileEagerly } = await load();
    compileEagerly();
    expect(told).toEqual([]);
  });
});
