/**
 * The prediction of bind(2) as text.
 *
 * @module
 */
import type { BindReport } from "../../model/explanation.ts";
import { ephemeralLines } from "./ephemeral.ts";
import { sanitize } from "../../text/sanitize.ts";
import { formatAddress, type Line, plain, socketSpans, some } from "./page.ts";

/** The options of which any makes bind(2) succeed, and what one gets by them. */
function neededOptions({ transport, reuseAddress, reusePort }: BindReport): string {
  const options = [
    ...reuseAddress === "OK" ? ["SO_REUSEADDR"] : [],
    ...reusePort === "OK" ? ["SO_REUSEPORT"] : [],
  ].join(" or ");
  if (transport === "udp") return `${options}: others hold the port, and allow it to be shared`;
  return reuseAddress === "OK"
    ? `${options}: no listener is in the way, but others hold the port`
    : `${options}: others hold the port, and allow connections to be shared`;
}

/** The lines of one prediction. */
export function bindLines(report: BindReport): Line[] {
  const { transport, address, port, verdict, inTheWay, plain: code, unprivilegedStart } = report;
  const where = `${transport} ${sanitize(formatAddress(address, port, report.interface))}`;
  const lines: Line[] = [];
  switch (verdict) {
    case "free":
      lines.push(plain(`bind to ${where} would succeed`));
      break;
    case "needs_reuse_address":
    case "needs_reuse_port":
      lines.push(
        plain([`bind to ${where} would succeed only with ${neededOptions(report)}`, "notice"]),
      );
      break;
    case "in_use":
      lines.push(
        plain([
          `bind to ${where} would fail: ${
            port === 0 ? "no port is left that the kernel could pick" : "the address is in use"
          } (EADDRINUSE)`,
          "warning",
        ]),
      );
      break;
    case "denied":
      lines.push(plain([`bind to ${where} would fail: not permitted (${code})`, "warning"]));
      break;
    case "no_such_address":
      lines.push(plain([
        `bind to ${where} would fail: no interface has the address (EADDRNOTAVAIL)`,
        "warning",
      ]));
      break;
    case "other":
      lines.push(
        plain([
          code === null
            ? `bind to ${where} could not be tried`
            : `bind to ${where} would fail: ${
              code === "ENODEV" && report.interface !== null
                ? "there is no such interface (ENODEV)"
                : code === "EINVAL" && /^fe[89ab]/i.test(address)
                ? "a link-local address needs its interface with it (EINVAL)"
                : code
            }`,
          "warning",
        ]),
      );
  }
  if (verdict !== "free") {
    lines.push(...some(inTheWay, (socket) =>
      plain(
        "held by ",
        ...socketSpans(socket),
        ...(socket.family === "inet6" && !address.includes(":") && socket.v6only === false
          ? [["  a dual-stack socket holds IPv4 too", "notice"] as const]
          : []),
      )));
  }
  if (report.ephemeral !== null) lines.push(...ephemeralLines(report.ephemeral));
  if (unprivilegedStart !== null && port > 0 && port < unprivilegedStart) {
    lines.push(plain([
      `ports below ${unprivilegedStart} need root or CAP_NET_BIND_SERVICE`,
      "dim",
    ]));
  }
  return lines;
}
