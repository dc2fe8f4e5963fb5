/**
 * Services of IPVS, as generic netlink tells them and as /proc/net/ip_vs does. fixtures/ipvs.json is what Linux 6.1 said in a guest of
 * scripts/kernels, of services that ipvsadm had made, because few kernels have the module; of the generic families it has two.
 * What that kernel would not say is written field by field after net/netfilter/ipvs/ip_vs_ctl.c.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { EPERM } from "../../ffi/errno.ts";
import { NLM_F_MULTI, NLMSG_DONE, NLMSG_ERROR } from "../../src/netlink/header.ts";
import { ProcRoot } from "../../src/proc/root.ts";
import { parseVirtualServices, readVirtualServices } from "../../src/reach/ipvs.ts";
import { attribute, be16, message, u16, u32, zeros } from "../support/bytes.ts";
import { FakeKernel } from "../support/fake_kernel.ts";
import { procTree } from "../support/proc_tree.ts";

const TEXT = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  0A600001:0050 rr
  -> 0AF40005:1F90      Masq    1      3          0
  -> 0AF40006:1F90      Masq    0      0          0
UDP  [2001:0db8:0000:0000:0000:0000:0000:0001]:0035 rr persistent 10800
  -> [fd00:0000:0000:0000:0000:0000:0000:0009]:0035      Masq    1      0          0
SCTP C0000201:0BC3 rr
`;

const SERVICES = [
  {
    protocol: "tcp",
    address: "10.96.0.1",
    port: 80,
    servers: [
      { address: "10.244.0.5", port: 8080, weight: 1 },
      { address: "10.244.0.6", port: 8080, weight: 0 },
    ],
  },
  {
    protocol: "udp",
    address: "2001:db8::1",
    port: 53,
    servers: [{ address: "fd00::9", port: 53, weight: 1 }],
  },
  { protocol: "sctp", address: "192.0.2.1", port: 3011, servers: [] },
] as const;

describe("/proc/net/ip_vs", () => {
  test("is read as the kernel writes it", () => {
    expect(parseVirtualServices(TEXT)).toEqual({ services: SERVICES, complete: true });
    expect(parseVirtualServices("")).toEqual({ services: [], complete: true });
  });

  test("with a service by firewall mark is not whole: which ports it takes is not told", () => {
    const marked = `${TEXT}FWM  00000001 wlc
  -> 0AF40009:0050      Route   1      0          0
`;
    expect(parseVirtualServices(marked)).toEqual({ services: SERVICES, complete: false });
  });

  test("in a form that no kernel has is not whole", () => {
    expect(parseVirtualServices("TCP  nonsense rr\n")).toEqual({ services: [], complete: false });
  });
});

const IPVS = 0x25;
const NLA_F_NESTED = 0x8000;
const V4 = 2;
const V6 = 10;
const IN = (...bytes: number[]) => [...bytes, ...zeros(16 - bytes.length)];
const genl = (command: number, ...attributes: number[][]) => [
  command,
  1,
  ...u16(0),
  ...attributes.flat(),
];
const service = (family: number, protocol: number, address: number[], port: number) =>
  attribute(1, [
    ...attribute(1, u16(family)),
    ...attribute(2, u16(protocol)),
    ...attribute(3, address),
    ...attribute(4, be16(port)),
    // The scheduler, and flags with their mask.
    ...attribute(6, [0x72, 0x72, 0]),
    ...attribute(7, [...u32(0), ...u32(0xffffffff)]),
  ]);
const server = (address: number[], port: number, weight: number, family?: number) =>
  attribute(2, [
    ...attribute(1, address),
    ...attribute(2, be16(port)),
    ...attribute(3, u32(0)),
    ...attribute(4, u32(weight)),
    ...(family === undefined ? [] : attribute(11, u16(family))),
  ]);

const DNS6 = [0x20, 0x01, 0x0d, 0xb8, ...zeros(11), 1];
const POD6 = [0xfd, ...zeros(14), 9];

/** A kernel that answers the n-th request with the n-th list of bodies. */
function kernel(...answers: number[][][]): FakeKernel {
  return new FakeKernel((sequence, attempt) => {
    const fake = 4711;
    const bodies = answers[attempt - 1] ?? [];
    const type = attempt === 1 ? 16 : IPVS;
    return [
      ...bodies.map((body) => ({ bytes: message(type, NLM_F_MULTI, sequence, fake, body) })),
      { bytes: message(NLMSG_DONE, NLM_F_MULTI, sequence, fake, u32(0)) },
    ];
  });
}
const family = (id: number, name: string) =>
  genl(
    1,
    attribute(2, [...name].map((sign) => sign.charCodeAt(0)).concat(0)),
    attribute(1, u16(id)),
  );

const FAMILIES = [family(16, "nlctrl"), family(0x1d, "tcp_metrics"), family(IPVS, "IPVS")];

interface Recorded {
  readonly exchanges: readonly { readonly request: string; readonly replies: readonly string[] }[];
  /** /proc/net/ip_vs. */
  readonly table: string;
}
const RECORDED: { readonly services: Recorded; readonly marked: Recorded } = JSON.parse(
  readFileSync(new URL("../fixtures/ipvs.json", import.meta.url), "utf8"),
);

/** Says what was recorded, to the request that it was said to. */
function replaying({ exchanges }: Recorded): FakeKernel {
  const fake = new FakeKernel((sequence) => {
    // Sequence number and port ID were left out.
    const asked = Buffer.from(fake.requests.at(-1)!).fill(0, 8, 16).toString("hex");
    const exchange = exchanges.find(({ request }) => request === asked);
    if (exchange === undefined) throw new Error(`This was not asked there: ${asked}`);
    return exchange.replies.map((reply) => {
      const bytes = Buffer.from(reply, "hex");
      bytes.writeUInt32LE(sequence, 8);
      bytes.writeUInt32LE(4711, 12);
      return { bytes: [...bytes] };
    });
  });
  return fake;
}

describe("what Linux 6.1 said", () => {
  const services = [
    {
      protocol: "udp",
      address: "2001:db8::1",
      port: 53,
      servers: [{ address: "fd00::9", port: 5353, weight: 1 }],
    },
    {
      protocol: "tcp",
      address: "10.1.0.1",
      port: 8080,
      servers: [
        { address: "10.1.0.3", port: 80, weight: 0 },
        { address: "10.1.0.2", port: 80, weight: 3 },
      ],
    },
    { protocol: "sctp", address: "192.0.2.1", port: 3011, servers: [] },
  ] as const;
  const byPort = ({ services, complete }: ReturnType<typeof parseVirtualServices>) => ({
    services: services.map((one) => ({
      ...one,
      servers: one.servers.toSorted((a, b) => a.weight - b.weight),
    })).toSorted((a, b) => a.port - b.port),
    complete,
  });

  for (const [name, complete] of [["services", true], ["marked", false]] as const) {
    const recorded = RECORDED[name];
    test(`${name}: by generic netlink and in /proc the same`, () => {
      using tree = procTree({ "net/ip_vs": recorded.table });
      const root = new ProcRoot(tree.path);
      const told = readVirtualServices(root, () => replaying(recorded));
      const want = byPort({ services, complete });
      expect(byPort(told)).toEqual(want);
      expect(byPort(parseVirtualServices(recorded.table))).toEqual(want);
    });
  }
});

describe("generic netlink", () => {
  const withTable = (check: (root: ProcRoot) => void, text: string | null = TEXT) => {
    using tree = procTree(text === null ? {} : { "net/ip_vs": text });
    check(new ProcRoot(tree.path));
  };

  test("tells the same as the file, and is asked for the servers of each service", () => {
    withTable((root) => {
      const fake = kernel(
        FAMILIES,
        [
          genl(1, service(V4, 6, IN(10, 96, 0, 1), 80)),
          genl(1, service(V6, 17, DNS6, 53)),
          genl(1, service(V4, 132, IN(192, 0, 2, 1), 3011)),
        ],
        [
          genl(5, server(IN(10, 244, 0, 5), 8080, 1, V4)),
          // Kernels before 3.18 do not tell the family of a server.
          genl(5, server(IN(10, 244, 0, 6), 8080, 0)),
        ],
        [genl(5, server(POD6, 53, 1, V6))],
      );
      expect(readVirtualServices(root, () => fake)).toEqual({
        services: SERVICES,
        complete: true,
      });
      expect(fake.requests).toHaveLength(5);
      // IPVS_CMD_GET_DEST names the service as the kernel did.
      const asked = [...fake.requests[2]!.subarray(16)];
      expect(asked).toEqual(genl(
        8,
        attribute(NLA_F_NESTED | 1, [
          ...attribute(1, u16(V4)),
          ...attribute(2, u16(6)),
          ...attribute(3, IN(10, 96, 0, 1)),
          ...attribute(4, be16(80)),
        ]),
      ));
    });
  });

  test("with a service by firewall mark, or a server of no family, is not whole", () => {
    withTable((root) => {
      const marked = attribute(1, [...attribute(1, u16(V4)), ...attribute(5, u32(1))]);
      expect(readVirtualServices(root, () => kernel(FAMILIES, [genl(1, marked)]))).toEqual({
        services: [],
        complete: false,
      });
      const odd = kernel(
        FAMILIES,
        [genl(1, service(V4, 6, IN(10, 96, 0, 1), 80))],
        [genl(5, server(IN(1), 80, 1, 99))],
      );
      expect(readVirtualServices(root, () => odd)).toMatchObject({
        services: [{ servers: [] }],
        complete: false,
      });
    });
  });

  test("is not asked where there is no file, which would load the module", () => {
    withTable((root) => {
      const none = { services: [], complete: true };
      const refuse = () => {
        throw new Error("asked");
      };
      expect(readVirtualServices(root, refuse)).toEqual(none);
    }, null);
  });

  test("that refuses, has no such family or makes no sense leaves the file", () => {
    withTable((root) => {
      const read = (fake: FakeKernel) => readVirtualServices(root, () => fake);
      const whole = { services: SERVICES, complete: true };
      expect(read(kernel([family(16, "nlctrl")]))).toEqual(whole);
      const refusal = new FakeKernel((sequence, attempt) => {
        const body = [...u32(-EPERM >>> 0), ...zeros(16)];
        return attempt === 1
          ? [
            ...FAMILIES.map((one) => ({ bytes: message(16, NLM_F_MULTI, sequence, 4711, one) })),
            { bytes: message(NLMSG_DONE, NLM_F_MULTI, sequence, 4711, u32(0)) },
          ]
          : [{ bytes: message(NLMSG_ERROR, 0, sequence, 4711, body) }];
      });
      expect(read(refusal)).toEqual(whole);
      expect(read(kernel(FAMILIES, [genl(1, attribute(1, [1, 0, 1, 0]))]))).toEqual(whole);
      expect(readVirtualServices(root, null)).toEqual(whole);
    });
  });
});
