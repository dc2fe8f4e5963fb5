import { describe, expect, test } from "bun:test";
import type { BindReport } from "../../../src/model/explanation.ts";
import { bindLines } from "../../../src/views/explain/bind.ts";

/** The lines as plain text. */
function lines(some: Partial<BindReport>): string[] {
  const report: BindReport = {
    transport: "tcp",
    address: "127.0.0.1",
    interface: null,
    port: 8080,
    plain: "OK",
    reuseAddress: "OK",
    reusePort: "EADDRINUSE",
    verdict: "free",
    inTheWay: [],
    unprivilegedStart: 1024,
    ephemeral: null,
    ...some,
  };
  return bindLines(report).map(({ spans }) =>
    spans.map((span) => typeof span === "string" ? span : span[0]).join("")
  );
}

describe("what bind() said", () => {
  test("is that the address is free, and below which port only to root", () => {
    expect(lines({})).toEqual(["tcp 127.0.0.1:8080 is free"]);
    expect(lines({ port: 80 })).toEqual([
      "tcp 127.0.0.1:80 is free",
      "ports below 1024 need root or CAP_NET_BIND_SERVICE",
    ]);
    expect(lines({ port: 80, unprivilegedStart: null })).toHaveLength(1);
    expect(lines({ port: 80, unprivilegedStart: 80 })).toHaveLength(1);
  });

  test("has an IPv6 address in brackets, and nothing of it as it is on the terminal", () => {
    expect(lines({ address: "::1" })[0]).toBe("tcp [::1]:8080 is free");
    expect(lines({ address: "fe80::1", interface: "eth0" })[0]).toBe(
      "tcp [fe80::1%eth0]:8080 is free",
    );
    expect(lines({ address: "\x1b[31m" })[0]).not.toContain("\x1b");
  });

  test("is why it cannot be bound", () => {
    const because = (some: Partial<BindReport>) => lines(some)[0]!.split("8080 ")[1]!;
    expect(because({ verdict: "in_use", plain: "EADDRINUSE" }))
      .toBe("is in use (EADDRINUSE)");
    expect(because({ verdict: "needs_reuse_address" })).toStartWith(
      "is free only with SO_REUSEADDR",
    );
    expect(because({ verdict: "denied", plain: "EACCES" })).toBe(
      "may not be bound: permission denied (EACCES)",
    );
    expect(because({ verdict: "no_such_address" }))
      .toBe("cannot be bound: no interface has this address (EADDRNOTAVAIL)");
    expect(because({ verdict: "other", plain: "EAFNOSUPPORT" })).toBe(
      "cannot be bound: EAFNOSUPPORT",
    );
    expect(lines({ verdict: "other", plain: null })[0])
      .toBe("whether tcp 127.0.0.1:8080 is free could not be tested");
  });

  test("names each option that makes it succeed", () => {
    const needs = (some: Partial<BindReport>) =>
      /only with (.*?):/.exec(lines({ plain: "EADDRINUSE", ...some })[0]!)![1];
    expect(needs({ verdict: "needs_reuse_address" })).toBe("SO_REUSEADDR");
    expect(needs({ verdict: "needs_reuse_address", reusePort: "OK" }))
      .toBe("SO_REUSEADDR or SO_REUSEPORT");
    expect(needs({ verdict: "needs_reuse_port", reuseAddress: "EADDRINUSE", reusePort: "OK" }))
      .toBe("SO_REUSEPORT");
    expect(needs({ verdict: "needs_reuse_address", transport: "udp" })).toBe("SO_REUSEADDR");
  });

  test("of a link-local address is that its interface is missing", () => {
    const [line] = lines({ verdict: "other", plain: "EINVAL", address: "fe80::1" });
    expect(line).toContain("a link-local address needs an interface, as in fe80::1%eth0 (EINVAL)");
    expect(lines({ verdict: "other", plain: "EINVAL" })[0]).toEndWith("cannot be bound: EINVAL");
  });
});
