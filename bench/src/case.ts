/** What one round of a case gave, by name. */
export type Measurement = Readonly<Record<string, number>>;

/** A case in its own process, ready to be measured. */
export interface OpenedCase {
  measure(): Promise<Measurement>;
  /** Gives everything back. */
  close(): Promise<void>;
}

/** Opens a case, and runs it once so that what is measured later is warm. */
export type OpenCase<Settings> = (settings: Settings) => Promise<OpenedCase>;

/** The cases that a module has for the processes that measure them. */
export type Cases<Settings> = Readonly<Record<string, OpenCase<Settings>>>;

/** What a case's process is asked. */
export type CaseRequest =
  | { readonly do: "open"; readonly settings: unknown }
  | { readonly do: "measure" }
  | { readonly do: "close" };

/** What it answers. */
export type CaseAnswer =
  | { readonly measurement: Measurement }
  | {
      /** An error's stack. */
      readonly failure: string;
    };
