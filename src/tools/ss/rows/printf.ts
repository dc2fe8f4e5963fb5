/**
 * Numbers as C's printf writes them, where JavaScript differs: exponents, trailing zeros, and ties, which C rounds to
 * even.
 *
 * @module
 */

/** `%.Pg`: at most `precision` significant digits, no trailing zeros, an exponent where the number is very large or small. */
export function formatGeneral(value: number, precision = 6): string {
  if (Number.isSafeInteger(value) && value >= 0 && value < 10 ** Math.min(precision, 15)) {
    return String(value);
  }
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (value < 0) return `-${formatGeneral(-value, precision)}`;
  const scientific = value.toExponential(precision - 1);
  const split = scientific.indexOf("e");
  let exponent = Number(scientific.slice(split + 1));
  let digits = scientific.slice(0, split).replace(".", "");
  if (isTie(value, precision - 1 - exponent) && isOdd(digits)) digits = decrement(digits);
  digits = digits.replace(/0+$/, "");
  if (digits === "") digits = "0";
  if (exponent < -4 || exponent >= precision) {
    const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
    const sign = exponent < 0 ? "-" : "+";
    exponent = Math.abs(exponent);
    return `${mantissa}e${sign}${exponent < 10 ? "0" : ""}${exponent}`;
  }
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = exponent + 1;
  if (digits.length <= whole) return digits.padEnd(whole, "0");
  return `${digits.slice(0, whole)}.${digits.slice(whole)}`;
}

/** `%.Df` of a number that is not negative. */
export function formatFixed(value: number, decimals: number): string {
  if (value >= 2 ** 53) {
    return BigInt(value).toString() + (decimals > 0 ? `.${"0".repeat(decimals)}` : "");
  }
  const text = value.toFixed(decimals);
  if (!isTie(value, decimals)) return text;
  const digits = text.replace(".", "");
  if (!isOdd(digits)) return text;
  const even = decrement(digits);
  return decimals === 0 ? even : `${even.slice(0, -decimals)}.${even.slice(-decimals)}`;
}

/** True when the number lies exactly between two numbers of that many decimals; negative decimals count zeros. */
function isTie(value: number, decimals: number): boolean {
  if (decimals < 0) {
    const step = 10 ** -decimals;
    return Number.isSafeInteger(value) && value % step === step / 2;
  }
  // Its double in units of the last decimal is odd; powers of five are odd themselves, so those of two decide.
  const scaled = value * 2 ** (decimals + 1);
  return Number.isSafeInteger(scaled) && scaled % 2 === 1;
}

function isOdd(digits: string): boolean {
  return (digits.charCodeAt(digits.length - 1) & 1) === 1;
}

// Only ever of an odd last digit, so nothing is borrowed. JavaScript rounds ties up.
function decrement(digits: string): string {
  return digits.slice(0, -1) + String(Number(digits.at(-1)) - 1);
}
