/**
 * Netlink in TypeScript, by hand: usable on its own for any netlink protocol.
 *
 * docs/netlink.md shows it at work with other protocols than sock_diag; the tests run what is shown there.
 *
 * @module
 */
export * from "./attribute.ts";
export * from "./builder.ts";
export * from "./connection.ts";
export * from "./dump.ts";
export * from "./error.ts";
export * from "./execute.ts";
export * from "./header.ts";
export * from "./message.ts";
export * from "./receiver.ts";
