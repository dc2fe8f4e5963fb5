import { describe, expect, test } from "bun:test";
import { formatFixed, formatGeneral } from "../../../../src/tools/ss/rows/printf.ts";

describe("formatGeneral", () => {
  test.each([
    [0, "0"],
    [1, "1"],
    [200, "200"],
    [0.034, "0.034"],
    [0.001, "0.001"],
    [0.0001, "0.0001"],
    [0.00001, "1e-05"],
    [123456, "123456"],
    [1234567, "1.23457e+06"],
    [999999.5, "1e+06"],
    [100000.5, "100000"],
    [100001.5, "100002"],
    [10000.25, "10000.2"],
    [10000.75, "10000.8"],
    [10000.35, "10000.4"],
    [1e100, "1e+100"],
    [-2.5, "-2.5"],
    [1500000.5, "1.5e+06"],
    [12345650, "1.23456e+07"],
    [12345750, "1.23458e+07"],
  ])("%p is %p", (value, text) => {
    expect(formatGeneral(value)).toBe(text);
  });

  test("three digits, as rates are shown", () => {
    expect(formatGeneral(999.5, 3)).toBe("1e+03");
    expect(formatGeneral(12.34, 3)).toBe("12.3");
    expect(formatGeneral(2.5, 3)).toBe("2.5");
    expect(formatGeneral(0.125, 2)).toBe("0.12");
  });
});

describe("formatFixed", () => {
  test.each([
    [0.5, 0, "0"],
    [1.5, 0, "2"],
    [2.5, 0, "2"],
    [12.25, 1, "12.2"],
    [12.35, 1, "12.3"],
    [100, 1, "100.0"],
    [2 ** 64, 0, "18446744073709551616"],
    [1e22, 0, "10000000000000000000000"],
  ])("%p with %p decimals is %p", (value, decimals, text) => {
    expect(formatFixed(value, decimals)).toBe(text);
  });
});
