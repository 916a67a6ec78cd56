import { MandateError } from "../errors.ts";
import type { Store, StoreDescription, StoreModule } from "../store.ts";

/**
 * Makes the store that a description names.
 * @throws `UNKNOWN_STORE` when the module cannot be loaded or is no store; what the store throws
 */
export async function connectStore({ module, options }: StoreDescription): Promise<Store> {
  const loaded = await load(module);
  if (!isStoreModule(loaded)) {
    throw new MandateError(`${module} is no store: it exports no openStore function`, {
      code: "UNKNOWN_STORE",
      applied: "no",
    });
  }
  return loaded.openStore(options);
}

async function load(module: string): Promise<unknown> {
  try {
    return await import(module);
  } catch (cause) {
    throw new MandateError(`the store's module ${module} cannot be loaded: is it installed?`, {
      code: "UNKNOWN_STORE",
      cause,
      applied: "no",
    });
  }
}

function isStoreModule(loaded: unknown): loaded is StoreModule {
  return (
    typeof loaded === "object" &&
    loaded !== null &&
    "openStore" in loaded &&
    typeof loaded.openStore === "function"
  );
}
