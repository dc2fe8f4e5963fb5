import { expect, test } from "bun:test";
import { compileEagerly, compileLazily } from "../../ffi/jit.ts";

test("the runtime has the switch that is used", () => {
  expect(typeof (Bun.unsafe as { setJITPolicy?: unknown }).setJITPolicy).toBe("function");
});

test("loops are right whichever way the runtime is told to go, and as often as it is told", () => {
  const sum = (count: number) => {
    let total = 0;
    for (let i = 0; i < count; i++) total += i % 7;
    return total;
  };
  const wanted = sum(1_000_000);
  compileLazily();
  expect(sum(1_000_000)).toBe(wanted);
  compileEagerly();
  compileEagerly();
  expect(sum(1_000_000)).toBe(wanted);
});
