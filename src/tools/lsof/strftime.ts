/**
 * strftime(3) in the C locale and in local time, for the markers of `-r`.
 *
 * @module
 */

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

const two = (value: number) => String(value).padStart(2, "0");

/** Conversions that stand for several others. */
const COMPOUND: Readonly<Record<string, string>> = {
  c: "%a %b %e %H:%M:%S %Y",
  D: "%m/%d/%y",
  F: "%Y-%m-%d",
  r: "%I:%M:%S %p",
  R: "%H:%M",
  T: "%H:%M:%S",
  x: "%m/%d/%y",
  X: "%H:%M:%S",
};

/** Formats a time; `null` when the format has an unknown conversion. */
export function strftime(format: string, time: Date): string | null {
  let unknown = false;
  const text = format.replace(/%([EO]?)(.?)/gs, (_, _modifier: string, letter: string) => {
    const compound = COMPOUND[letter];
    if (compound !== undefined) return strftime(compound, time)!;
    const value = conversion(letter, time);
    if (value === null) unknown = true;
    return value ?? "";
  });
  return unknown ? null : text;
}

function conversion(letter: string, time: Date): string | null {
  const hours = time.getHours();
  const dayOfYear = Math.round(
    (Date.UTC(time.getFullYear(), time.getMonth(), time.getDate()) -
      Date.UTC(time.getFullYear(), 0, 1)) / 86_400_000,
  );
  const weekday = time.getDay();
  switch (letter) {
    case "a":
      return DAYS[weekday]!.slice(0, 3);
    case "A":
      return DAYS[weekday]!;
    case "b":
    case "h":
      return MONTHS[time.getMonth()]!.slice(0, 3);
    case "B":
      return MONTHS[time.getMonth()]!;
    case "C":
      return two(Math.floor(time.getFullYear() / 100));
    case "d":
      return two(time.getDate());
    case "e":
      return String(time.getDate()).padStart(2);
    case "H":
      return two(hours);
    case "I":
      return two(hours % 12 || 12);
    case "j":
      return String(dayOfYear + 1).padStart(3, "0");
    case "k":
      return String(hours).padStart(2);
    case "l":
      return String(hours % 12 || 12).padStart(2);
    case "m":
      return two(time.getMonth() + 1);
    case "M":
      return two(time.getMinutes());
    case "n":
      return "\n";
    case "p":
      return hours < 12 ? "AM" : "PM";
    case "P":
      return hours < 12 ? "am" : "pm";
    case "s":
      return String(Math.floor(time.getTime() / 1000));
    case "S":
      return two(time.getSeconds());
    case "t":
      return "\t";
    case "u":
      return String(weekday || 7);
    case "U":
      return two(Math.floor((dayOfYear + 7 - weekday) / 7));
    case "w":
      return String(weekday);
    case "W":
      return two(Math.floor((dayOfYear + 7 - (weekday + 6) % 7) / 7));
    case "y":
      return two(time.getFullYear() % 100);
    case "Y":
      return String(time.getFullYear());
    case "z": {
      const offset = -time.getTimezoneOffset();
      const minutes = Math.abs(offset);
      return `${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`;
    }
    case "%":
      return "%";
    default:
      return null;
  }
}
