import fc from "fast-check";
import { expect, test } from "vitest";

import { KeyLayout } from "./keys.ts";
import type { KeyRange } from "./keys.ts";

const name = fc.oneof(
  fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" }),
  // The names most like keys of other kinds.
  fc
    .array(fc.constantFrom("a", "/", "1f", "%2F", "mandate.control:", "mandate.session:", "."), {
      minLength: 1,
      maxLength: 6,
    })
    .map((parts) => parts.join("")),
);
const prefix = fc.constantFrom("", "services/", "/a/b/", "mandate.control:/");
const leaseId = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }).map((lease) => lease.toString(16));

test("control records and sessions lie outside all that belongs to any election", () => {
  fc.assert(
    fc.property(prefix, name, name, leaseId, (before, election, other, id) => {
      const layout = new KeyLayout(before);
      const claims = layout.claims(election);
      expect(isWithin(claims, layout.control(other))).toBe(false);
      expect(isWithin(claims, layout.session(id))).toBe(false);
    }),
  );
});

test("a claim is found in its own election and in no other", () => {
  fc.assert(
    fc.property(prefix, name, name, leaseId, (before, election, other, id) => {
      const layout = new KeyLayout(before);
      const claim = layout.claim(election, id);
      expect(isWithin(layout.claims(election), claim)).toBe(true);
      expect(layout.claimId(election, claim.key)).toBe(id);
      if (other === election || !isWithin(layout.claims(other), claim)) return;
      expect(layout.claimId(other, claim.key)).toBe(undefined);
    }),
  );
});

test("two elections never share a control record", () => {
  fc.assert(
    fc.property(name, name, (one, other) => {
      const layout = new KeyLayout("");
      const same = layout.control(one).key.equals(layout.control(other).key);
      expect(same).toBe(one === other);
    }),
  );
});

test("claims lie where etcd's own election has them", () => {
  const layout = new KeyLayout("services/");
  expect(layout.claim("billing/eu", "694d8c5e").key.toString()).toBe(
    "services/billing/eu/694d8c5e",
  );
});

test.each(["", "1F", "0x1f", "1f/", "1f/2", "12345678901234567", "g"])(
  "what ends in %j is no claim",
  (rest) => {
    expect(new KeyLayout("").claimId("a", Buffer.from(`a/${rest}`))).toBe(undefined);
  },
);

function isWithin({ key, rangeEnd }: KeyRange, { key: other }: KeyRange): boolean {
  return Buffer.compare(other, key) >= 0 && Buffer.compare(other, rangeEnd) < 0;
}
