import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Socket } from "../../src/model/socket.ts";
import { infoItems } from "../../src/views/info.ts";

const socket = (info: Socket["info"], more: Partial<Socket> = {}) =>
  ({ transport: "tcp", state: "established", timer: null, info, ...more }) as Socket;

describe("infoItems", () => {
  test("writes times, sizes and rates as people read them, and leaves zeros out", () => {
    const info = {
      rtt_us: 1500,
      rttvar_us: 250,
      snd_cwnd: 10,
      bytes_sent: 5 * 1024 * 1024,
      lost: 0,
    };
    expect(infoItems(socket({ cong: "cubic", info, tos: 0, mark: 0x25 }))).toEqual([
      "cubic",
      "rtt:1.5/0.25ms",
      "cwnd:10",
      "sent:5MB",
      "mark:0x25",
    ]);
  });

  test("tells the timer that runs, and how long a connection has been silent", () => {
    const info = { last_data_sent_ms: 2000, last_data_recv_ms: 30, last_ack_recv_ms: 0 };
    const keepalive = { kind: "keepalive", expiresMs: 7_000_000, retransmits: 0 } as const;
    expect(infoItems(socket({ info }, { timer: keepalive })))
      .toEqual(["timer:keepalive,7000000ms", "lastsnd:2000ms", "lastrcv:30ms"]);
    const probe = { kind: "keepalive", expiresMs: 40, retransmits: 3 } as const;
    expect(infoItems(socket({}, { timer: probe }))).toEqual(["timer:keepalive,40ms,3"]);
    const ended = { kind: "time_wait", expiresMs: 40, retransmits: 0 } as const;
    expect(infoItems(socket({}, { timer: ended }))).toEqual(["ends:40ms"]);
    expect(infoItems(socket({ info }, { state: "listen" }))).toEqual([]);
  });

  test("does not take a listener's queue for lost segments", () => {
    const listener = socket({ info: { unacked: 3, sacked: 128 } }, { state: "listen" });
    expect(infoItems(listener)).toEqual([]);
  });

  test("has a word for everything that the JSON tells of a connection", () => {
    const path = fileURLToPath(new URL("../../schema/snapshot-1.json", import.meta.url));
    const schema = JSON.parse(readFileSync(path, "utf8"));
    const keys = Object.keys(schema.$defs.tcp_info.properties);
    expect(keys.length).toBeGreaterThan(60);
    const silent = keys.filter((key) => {
      const kinds = [schema.$defs.tcp_info.properties[key].type].flat();
      const value = kinds.includes("boolean") ? true : 4321;
      return infoItems(socket({ info: { [key]: value } })).length === 0;
    });
    // That has a column.
    expect(silent).toEqual(["state"]);
  });

  test("names options that are not as usual", () => {
    const sockopt = { is_icsk: true, mc_loop: true, mc_all: false, freebind: true };
    expect(infoItems(socket({ sockopt }))).toEqual(["no_mc_all", "freebind"]);
  });

  test("writes what it has no form for as a path and a value", () => {
    const info = {
      ulp_info: { name: "tls", tls: { version: 0x304 } },
      attribute_99: new Uint8Array([1, 255]),
    };
    expect(infoItems(socket(info))).toEqual([
      "ulp_info.name:tls",
      "ulp_info.tls.version:772",
      "attribute_99:01ff",
    ]);
  });

  test("gives harmless words for any values", () => {
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        fc.string(),
        fc.integer(),
        fc.bigInt(),
        fc.boolean(),
        fc.constant(null),
        fc.uint8Array(),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(fc.string(), tie("value"), { maxKeys: 3 }),
      ),
    })).value;
    fc.assert(fc.property(fc.dictionary(fc.string(), value), (info) => {
      for (const item of infoItems(socket(info as Socket["info"]))) {
        expect(item).not.toMatch(/[\0-\x20\x7f]/);
      }
    }));
  });
});
