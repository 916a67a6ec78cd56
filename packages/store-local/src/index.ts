export { local, openStore, parseLocalUrl } from "./local.ts";
export type { LocalOptions } from "./local.ts";
