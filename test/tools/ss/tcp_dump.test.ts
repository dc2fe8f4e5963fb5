import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { dumpTcp, type TcpKernel, type TcpSink } from "../../../src/tools/ss/tcp_dump.ts";

const AF_INET = 2;
const AF_INET6 = 10;
const LISTEN = 10;
const BOUND = 13;

interface Socket {
  readonly family: number;
  readonly state: number;
  readonly id: number;
}

/** A kernel with these sockets, which answers as Linux does: listeners, bound sockets, connections. */
class FakeKernel implements TcpKernel {
  /** Walks through the table of bound ports, and through that of connections. */
  walks = { bound: 0, connections: 0 };

  constructor(
    readonly sockets: readonly Socket[],
    readonly refuses: "both" | "all" | null = null,
  ) {}

  one(family: number, states: number, sink: TcpSink): boolean {
    return this.refuses !== "all" && this.#dump([family], states, sink);
  }

  both(states: number, sink: TcpSink): boolean {
    return this.refuses === null && this.#dump([AF_INET, AF_INET6], states, sink);
  }

  #dump(families: readonly number[], states: number, sink: TcpSink): boolean {
    if ((states & 1 << BOUND) !== 0) this.walks.bound++;
    if ((states & ~(1 << BOUND | 1 << LISTEN)) !== 0) this.walks.connections++;
    const table = ({ state }: Socket) => state === LISTEN ? 0 : state === BOUND ? 1 : 2;
    for (const wanted of [0, 1, 2]) {
      for (const socket of this.sockets) {
        if (table(socket) !== wanted || !families.includes(socket.family)) continue;
        if ((states & 1 << socket.state) === 0) continue;
        // The buffer is the kernel's: nobody may keep it.
        const view = new DataView(new ArrayBuffer(12));
        view.setUint8(4, socket.family);
        view.setUint32(8, socket.id);
        sink.message(view, 4, 12);
        new Uint8Array(view.buffer).fill(0xee);
      }
    }
    return true;
  }
}

const sockets = fc.array(fc.record({
  family: fc.constantFrom(AF_INET, AF_INET6),
  state: fc.oneof(fc.constant(1), fc.constantFrom(LISTEN, BOUND), fc.integer({ min: 1, max: 13 })),
})).map((list): Socket[] => list.map((socket, id) => ({ ...socket, id })));

function dump(kernel: FakeKernel, states: number, how: { filtered: boolean; boundKnown: boolean }) {
  const ids: number[] = [];
  const answered = dumpTcp(kernel, states, how, {
    message: (view, start) => ids.push(view.getUint32(start + 4)),
  });
  return { ids, answered };
}

/** What two requests bring, as ss makes them. */
function asSs(sockets: readonly Socket[], states: number): number[] {
  const ids: number[] = [];
  const kernel = new FakeKernel(sockets);
  const sink: TcpSink = { message: (view, start) => ids.push(view.getUint32(start + 4)) };
  kernel.one(AF_INET, states, sink);
  kernel.one(AF_INET6, states, sink);
  return ids;
}

describe("a dump of TCP over both versions", () => {
  test("has the rows of ss in its order, however it is asked for", () => {
    fc.assert(
      fc.property(
        sockets,
        fc.integer({ min: 0, max: 0x3fff }),
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom("both" as const, null),
        (sockets, states, filtered, boundKnown, refuses) => {
          const { ids, answered } = dump(new FakeKernel(sockets, refuses), states, {
            filtered,
            boundKnown,
          });
          expect(answered).toBe(true);
          expect(ids).toEqual(asSs(sockets, states));
        },
      ),
    );
  });

  test("holds more than one buffer of rows whose turn has not come", () => {
    const sockets = Array.from({ length: 3000 }, (_, id) => ({
      family: id % 3 === 0 ? AF_INET : AF_INET6,
      state: id % 2 === 0 ? BOUND : 1,
      id,
    }));
    for (const filtered of [true, false]) {
      const { ids } = dump(new FakeKernel(sockets), 0x3fff, { filtered, boundKnown: true });
      expect(ids).toEqual(asSs(sockets, 0x3fff));
    }
  });

  test("walks the table of bound ports once, and not twice for two versions", () => {
    const sockets = [{ family: AF_INET, state: 1, id: 1 }, { family: AF_INET6, state: 1, id: 2 }];
    const bound = [...sockets, { family: AF_INET6, state: BOUND, id: 3 }];
    for (const list of [sockets, bound]) {
      const kernel = new FakeKernel(list);
      dump(kernel, 0x3fff, { filtered: false, boundKnown: true });
      expect(kernel.walks).toEqual({ bound: 1, connections: 2 });
    }
  });

  test("is one walk when few rows are expected", () => {
    const kernel = new FakeKernel([]);
    dump(kernel, 0x3fff, { filtered: true, boundKnown: false });
    expect(kernel.walks).toEqual({ bound: 1, connections: 1 });
  });

  test("asks for no bound sockets on their own where the kernel does not know them", () => {
    const kernel = new FakeKernel([]);
    dump(kernel, 0x3fff, { filtered: false, boundKnown: false });
    expect(kernel.walks.connections).toBe(2);
  });

  test("says when the kernel does not answer", () => {
    const how = { filtered: true, boundKnown: true };
    expect(dump(new FakeKernel([], "all"), 0x3fff, how).answered).toBe(false);
  });
});
