import { describe, expect, test } from "bun:test";
import { destroy, destroyRequest } from "../../../src/families/inet/destroy.ts";
import { InetMessage } from "../../../src/families/inet/message.ts";
import { NetlinkError } from "../../../src/netlink/error.ts";
import { attribute, be16, message, u32, viewOf, zeros } from "../../support/bytes.ts";
import { FakeKernel } from "../../support/fake_kernel.ts";

/** 48 bytes of struct inet_diag_sockid. */
const id = (cookie: number) => [
  ...be16(50000),
  ...be16(443),
  ...[10, 0, 0, 1, ...zeros(12)],
  ...[192, 0, 2, 7, ...zeros(12)],
  ...u32(3),
  ...u32(cookie),
  ...u32(cookie),
];
const row = (cookie: number, attributes: number[] = []) => {
  const bytes = [2, 1, 0, 0, ...id(cookie), ...zeros(20), ...attributes];
  return new InetMessage().at(viewOf(bytes), 0, bytes.length);
};

describe("destroyRequest", () => {
  test("carries the 48 bytes of the dump, cookie included, and asks for a word", () => {
    const request = [...destroyRequest(row(7), 6)!];
    expect(request.slice(0, 8)).toEqual([72, 0, 0, 0, 21, 0, 5, 0]);
    expect(request.slice(16, 24)).toEqual([2, 6, 0, 0, 0, 0, 0, 0]);
    expect(request.slice(24)).toEqual(id(7));
  });

  test("names the protocol of a raw socket in the place of the padding", () => {
    const request = destroyRequest(row(7, attribute(10, [89])), 255)!;
    expect([...request.slice(16, 20)]).toEqual([2, 255, 0, 89]);
  });

  test("is none for a row without a cookie", () => {
    expect(destroyRequest(row(0xffff_ffff), 6)).toBeNull();
  });
});

describe("destroy", () => {
  const answer = (errno: number) =>
    new FakeKernel((sequence) => [
      { bytes: message(2, 0, sequence, 4711, [...u32(-errno >>> 0), ...zeros(16)]) },
    ]);

  test("tells what became of the socket", () => {
    const request = destroyRequest(row(7), 6)!;
    expect(destroy(answer(0), request)).toBe("closed");
    expect(destroy(answer(2), request)).toBe("gone");
    expect(destroy(answer(1), request)).toBe("denied");
    expect(destroy(answer(95), request)).toBe("unsupported");
    expect(() => destroy(answer(22), request)).toThrow(NetlinkError);
  });
});
