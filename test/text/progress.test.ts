/** Progress: when it is told, and that nothing of it stays. */
import { expect, test } from "bun:test";
import { Progress, tellProgress, withProgress } from "../../src/text/progress.ts";

function recorder() {
  const written: string[] = [];
  const clock = { ms: 0 };
  const out = { write: (text: string) => void written.push(text), flush: () => {} };
  return { written, clock, progress: new Progress(out, () => clock.ms) };
}

test("work under a second is not told, and clears nothing", async () => {
  const { written, clock, progress } = recorder();
  const answer = await withProgress(progress, () => {
    clock.ms = 999;
    tellProgress(5, "processes");
    return 42;
  });
  expect([answer, written]).toEqual([42, []]);
});

test("one thing is no progress", async () => {
  const { written, clock, progress } = recorder();
  await withProgress(progress, () => {
    clock.ms = 5000;
    tellProgress(1, "processes");
  });
  expect(written).toEqual([]);
});

test("longer work has one line, written now and then, which is cleared whatever happens", async () => {
  const { written, clock, progress } = recorder();
  const work = withProgress(progress, () => {
    for (clock.ms = 0; clock.ms < 1500; clock.ms += 10) tellProgress(clock.ms, "processes");
    throw new Error("failed");
  });
  expect(work).rejects.toThrow("failed");
  await work.catch(() => {});
  expect(written).toEqual([
    "\r\x1b[Ksockeye: 1000 processes …",
    "\r\x1b[Ksockeye: 1200 processes …",
    "\r\x1b[Ksockeye: 1400 processes …",
    "\r\x1b[K",
  ]);
  tellProgress(1, "processes");
  expect(written).toHaveLength(4);
});
