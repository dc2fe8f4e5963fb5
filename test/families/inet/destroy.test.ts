import { describe, expect, test } from "bun:test";
import { destroy, destroyRequest } from "../../../src/families/inet/destroy.ts";
import { InetMessage } from "../../../src/families/inet/message.ts";
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
  const error = (sequence: number, errno: number) => ({
    bytes: message(2, 0, sequence, 4711, [...u32(-errno >>> 0), ...zeros(16)]),
  });
  const done = (sequence: number) => ({ bytes: message(3, 2, sequence, 4711, u32(0)) });
  /** A socket of the kernel's table: what `id` says, in a state. */
  const listed = (sequence: number, cookie: number, state: number) => ({
    bytes: message(20, 2, sequence, 4711, [2, state, 0, 0, ...id(cookie), ...zeros(20)]),
  });
  const request = destroyRequest(row(7), 6)!;
  /** Answers each SOCK_DESTROY with `errno`, and each dump with the sockets that are left: cookie and state. */
  const kernel = (errno: number, left: readonly (readonly [number, number])[] | number = []) => {
    const fake: FakeKernel = new FakeKernel((sequence) => {
      if (fake.requests.at(-1)![4] === 21) return [error(sequence, errno)];
      if (typeof left === "number") return [error(sequence, left)];
      return [...left.map(([cookie, state]) => listed(sequence, cookie, state)), done(sequence)];
    });
    return fake;
  };

  test("tells what became of the socket by what is left in the table", () => {
    expect(destroy(kernel(0), [request])).toEqual(["closed"]);
    expect(destroy(kernel(2), [request])).toEqual(["gone"]);
    // Another socket with the same addresses is not this one.
    expect(destroy(kernel(0, [[8, 1]]), [request])).toEqual(["closed"]);
    expect(destroy(kernel(0, [[7, 7]]), [request])).toEqual(["bound"]);
    expect(destroy(kernel(0, [[7, 13]]), [request])).toEqual(["bound"]);
    expect(destroy(kernel(0, [[7, 1]]), [request])).toEqual(["remains"]);
    expect(destroy(kernel(2, [[7, 1]]), [request])).toEqual(["hidden"]);
  });

  test("tells what the kernel refuses, without a look at the table", () => {
    for (const [errno, became] of [[1, "denied"], [95, "unsupported"]] as const) {
      const fake = kernel(errno, 5);
      expect(destroy(fake, [request])).toEqual([became]);
      expect(fake.requests).toHaveLength(1);
    }
    expect(destroy(kernel(22), [request])).toEqual([
      { error: expect.stringContaining("EINVAL") },
    ]);
  });

  test("tells no end of a socket where the table cannot be read afterwards", () => {
    for (const errno of [0, 2]) {
      expect(destroy(kernel(errno, 5), [request])).toEqual([
        { unread: expect.stringContaining("EIO") },
      ]);
    }
  });

  test("takes the word of UDP for a disconnected socket that is still there", () => {
    const udp = destroyRequest(row(7), 17)!;
    expect(destroy(kernel(0, [[7, 7]]), [udp])).toEqual(["bound"]);
    expect(destroy(kernel(2, [[7, 7]]), [udp])).toEqual(["hidden"]);
  });

  test("asks which raw socket the kernel would close, and leaves another one alone", () => {
    const raw = destroyRequest(row(7, attribute(10, [89])), 255)!;
    const fake: FakeKernel = new FakeKernel((sequence) =>
      fake.requests.at(-1)![6] === 5
        ? [listed(sequence, 8, 7), error(sequence, 0)]
        : [listed(sequence, 8, 7), done(sequence)]
    );
    expect(destroy(fake, [raw])).toEqual(["gone"]);
    expect(fake.requests.map((sent) => sent[4])).not.toContain(21);
  });
});
