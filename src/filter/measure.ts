/**
 * Values of measures as they are typed: `200ms`, `10m`, `1.5s`; `64K` is 65536.
 *
 * @module
 */
import type { MeasureUnit } from "../model/measure.ts";
import { ValueProblem } from "./errors.ts";
import type { Range } from "./ranges.ts";

/** Microseconds. */
const TIMES: Readonly<Record<string, number>> = {
  us: 1,
  ms: 1000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
};

/** Powers of 1024, as queues are counted in bytes. */
const SIZES: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Reads `200ms`, `1s-5s` or `1s-`, in the unit of the measure. Throws {@linkcode ValueProblem}. */
export function parseMeasure(text: string, unit: MeasureUnit): Range {
  const [first = "", ...more] = text.split("-");
  if (more.length > 1) throw problem(text, unit);
  const from = parseOne(first, unit, text);
  const [end] = more;
  const last = end === undefined ? from : end === "" ? Infinity : parseOne(end, unit, text);
  if (last < from) throw new ValueProblem(`The range ${text} runs backwards`, `${end}-${first}`);
  return { first: from, last };
}

function parseOne(text: string, unit: MeasureUnit, whole: string): number {
  const [, number, suffix] = /^(\d+(?:\.\d+)?)([a-z]*)$/i.exec(text) ?? [];
  if (number === undefined) throw problem(whole, unit);
  const time = unit === "us";
  // 0 is 0 in any unit.
  if (time && suffix === "" && Number(number) === 0) return 0;
  const units = time ? TIMES : SIZES;
  const word = time ? suffix! : suffix!.toLowerCase().replace(/^([kmg])i?b?$/, "$1");
  const factor = Object.hasOwn(units, word) ? units[word]! : undefined;
  const value = Math.round(Number(number) * (factor ?? NaN));
  if (!Number.isSafeInteger(value)) throw problem(whole, unit);
  return value;
}

function problem(text: string, unit: MeasureUnit): ValueProblem {
  return unit === "us"
    ? new ValueProblem(
      `"${text}" is not a time with its unit`,
      "a time such as 200ms, 5s, 10m, 2h or 1d",
    )
    : new ValueProblem(`"${text}" is not a number`, "a number such as 100 or 64K");
}

/** A value as {@linkcode parseMeasure} reads it. */
export function measureText(value: number, unit: MeasureUnit): string {
  if (unit !== "us") return String(value);
  for (const name of ["d", "h", "m", "s", "ms"]) {
    if (value > 0 && value % TIMES[name]! === 0) return `${value / TIMES[name]!}${name}`;
  }
  return `${value}us`;
}
