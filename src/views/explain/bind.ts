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
  if (transport === "udp") return `${options}: other sockets have the port, and allow sharing it`;
  return reuseAddress === "OK"
    ? `${options}: other sockets have the port, but none of them listens`
    : `${options}: other sockets have the port, and allow sharing its connections`;
}

/** The lines of one prediction. */
export function bindLines(report: BindReport): Line[] {
  const { transport, address, port, verdict, inTheWay, plain: code, unprivilegedStart } = report;
  const where = `${transport} ${sanitize(formatAddress(address, port, report.interface))}`;
  const lines: Line[] = [];
  switch (verdict) {
    case "free":
      lines.push(plain(port === 0 ? `${where} has a free port` : `${where} is free`));
      break;
    case "needs_reuse_address":
    case "needs_reuse_port":
      lines.push(
        plain([`${where} is free only with ${neededOptions(report)}`, "notice"]),
      );
      break;
    case "in_use":
      lines.push(
        plain([
          `${where} ${port === 0 ? "has no free port" : "is in use"} (EADDRINUSE)`,
          "warning",
        ]),
      );
      break;
    case "denied":
      lines.push(plain([`${where} may not be bound: permission denied (${code})`, "warning"]));
      break;
    case "no_such_address":
      lines.push(plain([
        `${where} cannot be bound: no interface has this address (EADDRNOTAVAIL)`,
        "warning",
      ]));
      break;
    case "other":
      lines.push(
        plain([
          code === null
            ? `whether ${where} is free could not be tested`
            : `${where} cannot be bound: ${
              code === "ENODEV" && report.interface !== null
                ? "there is no such interface (ENODEV)"
                : code === "EINVAL" && /^fe[89ab]/i.test(address)
                ? "a link-local address needs an interface, as in fe80::1%eth0 (EINVAL)"
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
