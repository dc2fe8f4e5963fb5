/**
 * Runs five minutes of churn, or as many seconds as given. `diff` must report no difference of services that stayed.
 *
 *     scripts/churn [SECONDS]
 */
import { churn } from "../test/support/churn.ts";
import { Namespace } from "../test/support/netns.ts";

const netns = await Namespace.create();
try {
  const { comparisons, wrong, others, stable } = await churn(netns, Number(process.argv[2] ?? 300));
  for (const difference of wrong) console.log(`wrong: ${difference}`);
  console.log(
    `${comparisons} comparisons, ${stable.length} services that stayed: ${wrong.length} wrong differences; ${others} true ones about the rest`,
  );
  process.exitCode = wrong.length === 0 && others > 0 ? 0 : 1;
} finally {
  await netns.stop();
}
