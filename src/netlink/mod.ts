/**
 * Netlink in TypeScript, by hand: usable on its own for any netlink protocol.
 *
 * ```ts
 * const route = new Connection(NETLINK_ROUTE);
 * const request = new MessageBuilder(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP).zeros(16).finish();
 * dump(route, request, "list links", {
 *   message(view, start, end) {
 *     const attributes = new AttributeCursor(view, start + 16, end);
 *     while (attributes.next()) if (attributes.type === IFLA_IFNAME) names.push(attributes.string());
 *   },
 *   restart() { names.length = 0; },
 * });
 * ```
 *
 * @module
 */
export * from "./attribute.ts";
export * from "./connection.ts";
export * from "./dump.ts";
export * from "./error.ts";
export * from "./header.ts";
export * from "./message.ts";
