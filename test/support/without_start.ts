/** Preloaded before src/main.ts. As the environment says, the rest of the program cannot be loaded, or a promise of it is rejected. */
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
