/**
 * The help of netstat mode, made from its table of options.
 *
 * @module
 */
import type { HelpPage } from "../../cli/help.ts";
import { helpFlags } from "../help_flags.ts";
import { NETSTAT_FLAGS } from "./flags.ts";

/** The page of the man page and of completions. */
export const HELP: HelpPage = {
  usage: "sockeye netstat [OPTIONS]",
  intro:
    "Lists sockets as netstat of net-tools 2.10 does; without options, all that are connected.",
  flags: helpFlags(NETSTAT_FLAGS),
  exit: "0 done, 1 not supported, 3 wrong usage, 255 a table cannot be read.",
};

/** The text of `netstat --help`. */
export function usage(): string {
  const lines = NETSTAT_FLAGS.filter(({ help }) => help !== undefined).map((flag) => {
    const short = flag.short === undefined ? "    " : `-${flag.short}, `;
    const value = flag.value === undefined ? "" : ` ${flag.value}`;
    return [`${short}--${flag.long![0]}${value}`, flag.help!] as const;
  });
  const width = Math.max(...lines.map(([name]) => name.length));
  return "Usage: netstat [OPTIONS]\n" +
    "\nLists sockets as netstat of net-tools 2.10 does; without options, all that are connected.\n\n" +
    lines.map(([name, help]) => `  ${name.padEnd(width)}  ${help}\n`).join("") +
    "\nNot part of sockeye: -r and -F (ip route), -i (ip -s link), -g (ip maddr), -M (conntrack -L), -C\n" +
    "\nExit status: 0 done, 1 not supported, 3 wrong usage, 255 a table cannot be read\n";
}
