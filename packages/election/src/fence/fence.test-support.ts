import { MandateError } from "../errors.ts";
import type { FencedMandate } from "./fenced-mandate.ts";

/** A mandate of election "billing" that is never lost. */
export function mandate(term: bigint): FencedMandate {
  return { election: "billing", term, check: () => undefined };
}

/** A mandate that `check` knows to be lost once `lose` was called. */
export function losableMandate(term: bigint): {
  readonly losable: FencedMandate;
  readonly lose: () => void;
} {
  let valid = true;
  const check = (): void => {
    if (!valid) throw new MandateError("lost", { code: "MANDATE_LOST" });
  };
  return { losable: { election: "billing", term, check }, lose: () => (valid = false) };
}

/** A mandate that was lost before anybody looked at its term. */
export function lostMandate(beforeItSaysSo: () => void = () => undefined): FencedMandate {
  return {
    election: "billing",
    get term(): bigint {
      beforeItSaysSo();
      throw new MandateError("lost", { code: "MANDATE_LOST" });
    },
    check: () => undefined,
  };
}
