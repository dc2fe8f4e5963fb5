/**
 * Flags that several commands share.
 *
 * @module
 */
import type { ColorChoice } from "../text/color.ts";
import type { Writer } from "../text/writer.ts";
import type { Flag } from "./flag.ts";

const COLOR_CHOICES: readonly ColorChoice[] = ["auto", "always", "never"];

/** `--help`. */
export const HELP_FLAG: Flag<{ help: boolean }> = {
  long: "help",
  short: "h",
  group: "Other",
  help: "show this text",
  set: (options) => {
    options.help = true;
  },
};

/** `--color`. */
export const COLOR_FLAG: Flag<{ color: ColorChoice }> = {
  long: "color",
  value: "WHEN",
  choices: COLOR_CHOICES,
  group: "Output",
  help: "auto (on a terminal, unless NO_COLOR is set), always or never",
  set: (options, value) => {
    options.color = value as ColorChoice;
  },
};

/** `--trace`. */
export const TRACE_FLAG: Flag<{ trace: boolean }> = {
  long: "trace",
  rare: true,
  group: "Other",
  help: "print every netlink message on standard error, decoded",
  set: (options) => {
    options.trace = true;
  },
};

/** `--verbose`. */
export const VERBOSE_FLAG: Flag<{ verbose: boolean }> = {
  long: "verbose",
  short: "v",
  group: "Other",
  help: "say on standard error how the answer was obtained, and name what could not be read",
  set: (options) => {
    options.verbose = true;
  },
};

/** Starts the trace where it was asked for; without the flag nothing of it is loaded. */
export function traceIfAsked(options: { readonly trace: boolean }, err: Writer): void {
  if (!options.trace) return;
  const { startTrace } = require("../trace/mod.ts") as typeof import("../trace/mod.ts");
  startTrace(err);
}

/** `--own-netns`. */
export const OWN_NETNS_FLAG: Flag<{ ownNetns: boolean }> = {
  long: "own-netns",
  group: "Where to look",
  help: "only in this network namespace, and not in every one that can be entered",
  set: (options) => {
    options.ownNetns = true;
  },
};
