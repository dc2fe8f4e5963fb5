/**
 * Adds a DNAT rule by netlink, since the test machine may have no nft program.
 *
 * @module
 */
import { close } from "../../ffi/files.ts";
import { inNetworkNamespace, tryOpenNamespace } from "../../ffi/namespace.ts";
import { Connection, NETLINK_NETFILTER } from "../../src/netlink/connection.ts";
import { NLM_F_ACK, NLM_F_REQUEST, NLMSG_ERROR } from "../../src/netlink/header.ts";
import { MessageBuilder, stamp } from "../../src/netlink/builder.ts";
import { MessageCursor } from "../../src/netlink/message.ts";
import { NFNL_SUBSYS_NFTABLES } from "../../src/netlink/message_types.ts";
import type { Namespace } from "./netns.ts";

const NLM_F_CREATE = 0x400;
const AF_INET = 2;

const text = (value: string) => new TextEncoder().encode(`${value}\0`);
const be32 = (value: number) => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, false);
  return bytes;
};
const be16 = (value: number) => new Uint8Array([value >> 8, value & 255]);

function message(type: number, flags: number, family: number, resource = 0): MessageBuilder {
  return new MessageBuilder(type, NLM_F_REQUEST | flags).u8(family).u8(0).be16(resource);
}

const nft = (type: number) =>
  message(NFNL_SUBSYS_NFTABLES << 8 | type, NLM_F_ACK | NLM_F_CREATE, AF_INET);

/** The message that adds a rule `tcp dport PORT dnat to ADDRESS:TO`. */
export function dnatRuleMessage(
  port: number,
  address: readonly number[],
  to: number,
): MessageBuilder {
  const expression = (list: MessageBuilder, name: string, fill: (data: MessageBuilder) => void) =>
    list.nest(1, (element) => {
      element.attribute(1, text(name));
      element.nest(2, fill);
    });
  const value = (bytes: Uint8Array) => (nest: MessageBuilder) => {
    nest.attribute(1, bytes);
  };
  return nft(6).attribute(1, text("nat")).attribute(2, text("prerouting")).nest(4, (list) => {
    expression(list, "meta", (data) => data.attribute(1, be32(1)).attribute(2, be32(16)));
    expression(
      list,
      "cmp",
      (data) =>
        data.attribute(1, be32(1)).attribute(2, be32(0)).nest(3, value(new Uint8Array([6]))),
    );
    expression(
      list,
      "payload",
      (data) =>
        data.attribute(1, be32(1)).attribute(2, be32(2)).attribute(3, be32(2)).attribute(
          4,
          be32(2),
        ),
    );
    expression(
      list,
      "cmp",
      (data) => data.attribute(1, be32(1)).attribute(2, be32(0)).nest(3, value(be16(port))),
    );
    expression(
      list,
      "immediate",
      (data) => data.attribute(1, be32(1)).nest(2, value(new Uint8Array(address))),
    );
    expression(list, "immediate", (data) => data.attribute(1, be32(2)).nest(2, value(be16(to))));
    expression(
      list,
      "nat",
      (data) =>
        data.attribute(1, be32(1)).attribute(2, be32(AF_INET)).attribute(3, be32(1))
          .attribute(5, be32(2)),
    );
  });
}

/** Adds the rule in a namespace. Returns `null`, or the reason why this kernel cannot. */
export function addDnatRule(
  netns: Namespace,
  port: number,
  address: readonly number[],
  to: number,
): string | null {
  const parts = [
    message(16, 0, 0, NFNL_SUBSYS_NFTABLES),
    nft(0).attribute(1, text("nat")),
    nft(3).attribute(1, text("nat")).attribute(3, text("prerouting"))
      .nest(4, (hook) => {
        hook.attribute(1, be32(0)).attribute(2, be32(-100));
      })
      .attribute(7, text("nat")),
    dnatRuleMessage(port, address, to),
    message(17, 0, 0, NFNL_SUBSYS_NFTABLES),
  ].map((part) => part.finish());
  const fd = tryOpenNamespace(`/proc/${netns.pid}/ns/net`);
  try {
    return inNetworkNamespace(fd, () => send(parts));
  } finally {
    close(fd);
  }
}

function send(parts: Uint8Array[]): string | null {
  const connection = new Connection(NETLINK_NETFILTER);
  try {
    for (const [i, part] of parts.entries()) stamp(part, i + 1, connection.portId);
    connection.send(new Uint8Array(parts.flatMap((part) => [...part])));
    // Table, chain and rule are acknowledged each; the batch's ends are not.
    for (let left = 3; left > 0;) {
      const count = connection.receive();
      for (let slot = 0; slot < count; slot++) {
        const { data, slotSize } = connection.datagrams;
        const start = slot * slotSize;
        const cursor = new MessageCursor(data, start, start + connection.datagrams.length(slot));
        while (cursor.next()) {
          if (cursor.type !== NLMSG_ERROR) continue;
          const errno = -cursor.view.getInt32(cursor.start, true);
          if (errno !== 0) return `nftables says ${errno} to message ${cursor.sequence}`;
          left--;
        }
      }
    }
    return null;
  } catch (error) {
    return String(error);
  } finally {
    connection.close();
  }
}
