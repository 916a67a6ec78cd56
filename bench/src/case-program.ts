// The process of one case: opens it, measures it as often as it is asked to, and closes it.
import type { CaseAnswer, CaseRequest, Cases, Measurement, OpenedCase } from "./case.ts";

const [module, name] = process.argv.slice(2);
if (module === undefined || name === undefined) throw new TypeError("name a module and a case");
const { cases } = (await import(module)) as { readonly cases: Cases<unknown> };
const nothing: Measurement = {};
let opened: OpenedCase | undefined;

process.on("message", (message) => {
  void answer(message as CaseRequest).then((reply) => process.send?.(reply));
});
// Whoever asked is gone: nobody wants the rest.
process.on("disconnect", () => process.exit(1));

async function answer(request: CaseRequest): Promise<CaseAnswer> {
  try {
    return { measurement: await carryOut(request) };
  } catch (error) {
    // It is thrown on by the process that asked.
    return { failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

async function carryOut(request: CaseRequest): Promise<Measurement> {
  switch (request.do) {
    case "open":
      opened = await caseNamed(name)(request.settings);
      return nothing;
    case "measure":
      if (opened === undefined) throw new TypeError("open the case first");
      return await opened.measure();
    case "close":
      await opened?.close();
      return nothing;
  }
}

function caseNamed(wanted: string | undefined): Cases<unknown>[string] {
  const found = cases[wanted ?? ""];
  if (found === undefined) throw new TypeError(`there is no case ${wanted} in ${module}`);
  return found;
}
