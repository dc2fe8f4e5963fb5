/**
 * Links and addresses of a real namespace, and of messages that are none.
 *
 * @module
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { close } from "../../ffi/files.ts";
import { inNetworkNamespace, tryOpenNamespace } from "../../ffi/namespace.ts";
import { DecodeError } from "../../src/model/decode_error.ts";
import { ProcRoot } from "../../src/proc/root.ts";
import { resolveReach } from "../../src/reach/bind.ts";
import {
  decodeAddress,
  decodeLink,
  type InterfaceTable,
  readInterfaces,
} from "../../src/reach/interfaces.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { testIf } from "../support/skip.ts";

testIf(namespaceReason(), "links and addresses are read inside the namespace", async () => {
  await using netns = await Namespace.create();
  await using other = await Namespace.create();
  await netns.connect(other, { addresses: ["10.5.0.1/24", "10.5.0.2/24"] });
  await netns.output(["ip", "link", "add", "off0", "type", "veth", "peer", "name", "off1"]);
  await netns.output(["ip", "addr", "add", "8.8.8.8/32", "dev", "off0"]);
  const fd = tryOpenNamespace(`/proc/${netns.pid}/ns/net`);
  try {
    const seen = inNetworkNamespace(
      fd,
      () => readInterfaces(new ProcRoot(), netns.inode),
    ) as InterfaceTable;
    const veth = seen.links.find(({ name }) => name === "veth0")!;
    expect(veth).toMatchObject({ up: true, kind: "veth", peerElsewhere: true, loopback: false });
    expect(seen.links.find(({ name }) => name === "off0")!.up).toBe(false);
    const text = seen.addresses.map(({ address, prefix, link }) =>
      `${address}/${prefix} ${link.name}`
    );
    expect(text).toContain("127.0.0.1/8 lo");
    expect(text).toContain("10.5.0.1/24 veth0");
    expect(seen.enclosed).toBe(true);
    const reach = resolveReach({
      transport: "tcp",
      family: "inet",
      v6only: null,
      local: { address: "0.0.0.0", port: 1, interface: null },
    }, seen);
    expect(reach.scope).toBe("container");
    expect(reach.reachableAddresses!.map(({ address }) => address)).toEqual([
      "127.0.0.1",
      "10.5.0.1",
    ]);
  } finally {
    close(fd);
  }
});

test("any bytes decode to a value or to a DecodeError", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (const decode of [decodeLink, decodeAddress]) {
      try {
        decode(view, 0, bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }
  }));
});
