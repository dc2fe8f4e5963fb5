/** Preloaded before src/main.ts: its rest cannot be loaded, or leaves a promise to fail, as the environment says. */
import { plugin } from "bun";

plugin({
  name: "without start",
  setup(build) {
    build.onLoad({ filter: /src\/start\.ts$/ }, () => ({
      loader: "ts",
      contents: process.env.FAULT === "load"
        ? `throw new TypeError("cannot be\\nloaded");`
        : `export async function start() {
             void Promise.reject(new RangeError("left alone"));
             await new Promise((done) => setTimeout(done, 1000));
             return 0;
           }`,
    }));
  },
});
