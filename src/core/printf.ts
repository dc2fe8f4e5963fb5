/**
 * Numbers as C's printf writes them: `%g` and `%.Nf`, which round ties to even.
 *
 * @module
 */
import { byte, decimal, digits, hugeNumber, wholeNumber } from "./out.ts";
import { float, whole } from "./memory.ts";

const EXACT: f64 = 9007199254740992.0;

/** `%.0f` of a number that is not negative. */
export function rounded(value: f64): void {
  if (value >= EXACT) {
    hugeNumber(value);
    return;
  }
  const floor: f64 = Math.floor(value);
  // Exact, as both are of the same magnitude.
  const fraction: f64 = value - floor;
  const up: boolean = fraction > 0.5 || fraction === 0.5 && isOdd(floor);
  wholeNumber(up ? floor + 1.0 : floor);
}

/** `%.1f` of a number that is not negative. */
export function oneDecimal(value: f64): void {
  if (value >= EXACT) {
    hugeNumber(value);
    byte(0x2e);
    byte(0x30);
    return;
  }
  let floor: f64 = Math.floor(value);
  const fraction: f64 = value - floor;
  let tenths: f64 = Math.floor(fraction * 10.0);
  const over: f64 = excess(fraction, 10.0, tenths);
  if (over > 0.5 || over === 0.5 && isOdd(tenths)) tenths += 1.0;
  if (tenths > 9.0) {
    tenths = 0.0;
    floor += 1.0;
  }
  wholeNumber(floor);
  byte(0x2e);
  byte(48 + whole(tenths));
}

function isOdd(value: f64): boolean {
  return Math.floor(value / 2.0) * 2.0 !== value;
}

/** `value * factor - near`, without the error of rounding the product: it is taken in two parts. */
function excess(value: f64, factor: f64, near: f64): f64 {
  const wide: f64 = value * 134217729.0;
  const upper: f64 = wide - (wide - value);
  const lower: f64 = value - upper;
  return (upper * factor - near) + lower * factor;
}

/**
 * `%.Pg` of a number that is not negative and at least 10^-4: `precision` significant digits, without zeros at the end, and with an
 * exponent where they are fewer than the whole part has.
 */
export function general(value: f64, precision: u32): void {
  if (value === 0.0) {
    byte(0x30);
    return;
  }
  // value is at least 10^exponent; below 1 the exponent is kept as `small`.
  let exponent: u32 = 0;
  let small: u32 = 0;
  let power: f64 = 10.0;
  while (value >= power) {
    power *= 10.0;
    exponent += 1;
  }
  let below: f64 = value;
  while (below < 1.0) {
    small += 1;
    below = value * tenTo(small);
  }
  let figures: f64 = 0.0;
  let over: f64 = 0.0;
  if (exponent + 1 <= precision + small) {
    const factor: f64 = tenTo(precision - 1 - exponent + small);
    figures = Math.floor(value * factor);
    over = excess(value, factor, figures);
    if (over < 0.0) {
      figures -= 1.0;
      over += 1.0;
    }
  } else {
    const divisor: f64 = tenTo(exponent + 1 - precision);
    figures = Math.floor(value / divisor);
    over = (value - figures * divisor) / divisor;
    if (over < 0.0) {
      figures -= 1.0;
      over = (value - figures * divisor) / divisor;
    }
  }
  if (over > 0.5 || over === 0.5 && isOdd(figures)) figures += 1.0;
  if (figures >= tenTo(precision)) {
    figures /= 10.0;
    if (small > 0) small -= 1;
    else exponent += 1;
  }
  writeFigures(whole(figures), precision, exponent, small);
}

function tenTo(exponent: u32): f64 {
  let power: f64 = 1.0;
  for (let i: u32 = 0; i < exponent; i++) power *= 10.0;
  return power;
}

function writeFigures(figures: u32, precision: u32, exponent: u32, small: u32): void {
  let count: u32 = precision;
  while (count > 1 && figures % 10 === 0) {
    figures = whole(Math.floor(float(figures) / 10.0));
    count -= 1;
  }
  if (small > 0) {
    byte(0x30);
    byte(0x2e);
    digits(0, small - 1);
    digits(figures, count);
    return;
  }
  if (exponent < precision) {
    const wholeCount: u32 = exponent + 1;
    if (count <= wholeCount) {
      decimal(figures);
      for (let i: u32 = count; i < wholeCount; i++) byte(0x30);
      return;
    }
    const scale: f64 = tenTo(count - wholeCount);
    const upper: f64 = Math.floor(float(figures) / scale);
    decimal(whole(upper));
    byte(0x2e);
    digits(whole(float(figures) - upper * scale), count - wholeCount);
    return;
  }
  const scale: f64 = tenTo(count - 1);
  const first: f64 = Math.floor(float(figures) / scale);
  decimal(whole(first));
  if (count > 1) {
    byte(0x2e);
    digits(whole(float(figures) - first * scale), count - 1);
  }
  byte(0x65);
  byte(0x2b);
  if (exponent < 10) byte(0x30);
  decimal(exponent);
}
