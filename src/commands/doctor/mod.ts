/**
 * `sockeye doctor`: what can be seen on this host, and what would help to see more.
 *
 * @module
 */
import { terminalWidth } from "../../../ffi/terminal.ts";
import { writeCheckup, writeCheckupJson } from "../../views/doctor.ts";
import { type ColorChoice, useColor } from "../../text/color.ts";
import type { Writer } from "../../text/writer.ts";
import { examine } from "./examine.ts";

/** Examines this host and writes the results. Throws what {@linkcode examine} and the writer throw. */
export function doctor(json: boolean, color: ColorChoice, out: Writer): void {
  const checkup = examine();
  if (json) writeCheckupJson(checkup, out);
  else {
    const width = terminalWidth(1);
    writeCheckup(checkup, out, {
      width,
      color: useColor(color, width !== null, process.env),
    });
  }
  out.flush();
}
