/**
 * The help of ss mode, made from its table of options.
 *
 * @module
 */
import type { HelpPage } from "../../cli/help.ts";
import { helpFlags } from "../help_flags.ts";
import { SS_FLAGS } from "./flags.ts";

/** The grammar of filters and lists. */
const GRAMMAR = [
  "FILTER := [ state STATE ] [ EXPRESSION ]",
  "STATE := all, connected, synchronized, bucket, big, established, syn-sent, syn-recv, fin-wait-1,",
  "         fin-wait-2, time-wait, closed, close-wait, last-ack, listening, closing, bound-inactive",
  "LIST := all, inet, tcp, mptcp, udp, dccp, sctp, raw, unix, unix_stream, unix_dgram, unix_seqpacket,",
  "        packet, packet_raw, packet_dgram, netlink, vsock, vsock_stream, vsock_dgram, tipc, xdp",
];

/** The page of the man page and of completions. */
export const HELP: HelpPage = {
  usage: "sockeye ss [OPTIONS] [FILTER]",
  intro: "Does what ss of iproute2 does, as it does it.",
  flags: helpFlags(SS_FLAGS),
  sections: [["Filter", GRAMMAR]],
  exit: "that of ss.",
};

/** The text of `ss --help`. */
export function ssHelp(): string {
  const lines = SS_FLAGS.map(({ short, long, value, help }) => {
    const names = [
      ...(short === undefined ? [] : [`-${short}`]),
      ...long!.map((name) => `--${name}`),
    ];
    return `   ${
      `${names.join(", ")}${value === undefined ? "" : ` ${value}`}`.padEnd(32)
    } ${help}`;
  });
  return `Usage: ss [ OPTIONS ] [ FILTER ]\n${lines.join("\n")}

${GRAMMAR.map((line) => `   ${line}\n`).join("")}`;
}
