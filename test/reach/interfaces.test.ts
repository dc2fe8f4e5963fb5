/**
 * Links and addresses of a real namespace, and of messages that are none.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
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
  UnreadInterfaces,
} from "../../src/reach/interfaces.ts";
import { NLM_F_DUMP_INTR, NLM_F_MULTI, NLMSG_DONE } from "../../src/netlink/header.ts";
import { ascii, attribute, message, u32, zeros } from "../support/bytes.ts";
import { FakeKernel } from "../support/fake_kernel.ts";
import { type ProcTree, procTree } from "../support/proc_tree.ts";
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

/** A kernel with one VRF that is up, and nothing else. */
function kernelWithVrf(flags = 0): FakeKernel {
  const kind = attribute(18, attribute(1, ascii("vrf\0")));
  const link = [
    ...zeros(4),
    ...u32(7),
    ...u32(1),
    ...u32(0),
    ...attribute(3, ascii("red\0")),
    ...kind,
  ];
  return new FakeKernel((sequence, attempt) => [{
    bytes: [
      ...(attempt % 2 === 1 ? message(16, NLM_F_MULTI | flags, sequence, 4711, link) : []),
      ...message(NLMSG_DONE, NLM_F_MULTI | flags, sequence, 4711, u32(0)),
    ],
  }]);
}

describe("interfaces that were not read whole are not taken for all there are", () => {
  test("where the kernel's list changed during every attempt", () => {
    const read = readInterfaces(
      new ProcRoot("/nonexistent"),
      null,
      () => kernelWithVrf(NLM_F_DUMP_INTR),
    );
    expect(read).toBeInstanceOf(UnreadInterfaces);
    expect((read as UnreadInterfaces).why).toContain("the table changed during every attempt");
  });

  test("where the settings of a VRF cannot be read", () => {
    const settings = (tree: ProcTree) => {
      using files = procTree(tree);
      return readInterfaces(new ProcRoot(files.path), null, () => kernelWithVrf());
    };
    const [tcp, udp, raw] = ["tcp", "udp", "raw"].map((name) =>
      `sys/net/ipv4/${name}_l3mdev_accept`
    ) as [string, string, string];
    expect(settings({ [tcp]: "1\n", [udp]: "0\n", [raw]: "0\n" }))
      .toMatchObject({ vrfAccept: new Set(["tcp"]) });
    // Linux before 5.1.
    expect(settings({ [tcp]: "0\n", [udp]: "0\n" })).toMatchObject({ vrfAccept: new Set(["raw"]) });
    const unread = settings({ [tcp]: "1\n", [raw]: "1\n" });
    expect(unread).toBeInstanceOf(UnreadInterfaces);
    expect((unread as UnreadInterfaces).why).toContain("udp_l3mdev_accept");
  });
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
