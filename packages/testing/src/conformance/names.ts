import { strict as assert } from "node:assert";
import type { ConformanceCase } from "./trial.ts";

/** The longest name that sessions let through. */
const MAX_NAME_BYTES = 256;

/** Elections are told apart by their whole names. */
export const nameCases: readonly ConformanceCase[] = [
  {
    name: "elections stay apart: names that contain others, slashes, dots, spaces, unicode, case",
    async run(trial) {
      const [a, b] = await trial.twoStores();
      const session = await trial.session(a);
      const elections = namesAround(trial.election);
      for (const election of elections) {
        await session.stand({ election, registration: election }, trial.options);
        const request = { election, text: election, expectedVersion: undefined };
        assert.equal(await b.writeControl(request, trial.options), true, `control of ${election}`);
      }
      for (const election of elections) {
        const { claims, control } = await b.read(election, trial.options);
        assert.deepEqual(
          claims.map((claim) => [claim.election, claim.registration]),
          [[election, election]],
        );
        assert.equal(control?.text, election);
      }
    },
    applies: ({ capabilities }) => capabilities.sharedSession,
  },
  {
    name: "a change in one election wakes no claims in another whose name begins the same",
    async run(trial) {
      const [a, b] = await trial.twoStores();
      const { election } = trial;
      const watcher = trial.watch(b);
      await watcher.next("the empty election");
      const [child, own] = [await trial.session(a), await trial.session(a)];
      await child.stand({ election: `${election}/child`, registration: "" }, trial.options);
      const claim = await trial.stand(own);
      const seen = await watcher.until("the claim", ({ claims }) => claims.length > 0);
      assert.deepEqual(seen.claims, [claim]);
      await own.withdraw(claim, trial.options);
      const child2 = await b.read(`${election}/child`, trial.options);
      assert.equal(child2.claims.length, 1);
    },
  },
];

function namesAround(name: string): readonly string[] {
  const long = name.padEnd(MAX_NAME_BYTES - 1, "l");
  return [
    name,
    `${name}/b`,
    `${name}/b/c`,
    `${name}b`,
    `${name}/`,
    `${name}//b`,
    `/${name}`,
    `${name}/.`,
    `${name}/..`,
    `../${name}`,
    `.${name}`,
    `${name}.lock`,
    `${name} b`,
    `${name}%2Fb`,
    `${name}%`,
    `${name}\\b`,
    `${name}:*?"<>|`,
    name.toUpperCase(),
    `${name}-選挙-🐎`,
    // As long as names may be, and apart in the last byte.
    `${long}1`,
    `${long}2`,
    `${name}${"🐎".repeat(Math.floor((MAX_NAME_BYTES - name.length) / 4))}`,
  ];
}
