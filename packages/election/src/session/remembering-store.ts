import type { ElectionSnapshot, Store } from "../store.ts";
import type { TermMemory } from "./term-memory.ts";

/**
 * A store whose every snapshot teaches which term leads, whoever asked for it and whether this
 * process stands or not: no later leader here may have a lower one (S2).
 */
export function rememberingStore(store: Store, terms: TermMemory): Store {
  const note = (snapshot: ElectionSnapshot): ElectionSnapshot => {
    const [first] = snapshot.claims;
    if (first !== undefined) terms.note(first);
    return snapshot;
  };
  return {
    capabilities: store.capabilities,
    openSession: (request, options) => store.openSession(request, options),
    read: async (election, options) => note(await store.read(election, options)),
    watch: (election, options) => mapped(store.watch(election, options), note),
    writeControl: (request, options) => store.writeControl(request, options),
    close: () => store.close(),
  };
}

async function* mapped<T>(source: AsyncIterable<T>, map: (value: T) => T): AsyncGenerator<T> {
  for await (const value of source) yield map(value);
}
