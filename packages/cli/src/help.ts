import type { CommandSpec } from "./command.ts";
import { commands } from "./commands.ts";
import { exitCodeMeanings } from "./exit-codes.ts";
import { storeForms } from "./stores.ts";
import { table } from "./table.ts";

/** The help of the whole program. */
export function programHelp(): readonly string[] {
  return [
    "mandate: shows and directs elections.",
    "",
    "Usage: mandate COMMAND [NAME] [options]",
    "",
    "Commands (mandate COMMAND --help says more):",
    ...indented(table(commands.map((spec) => [`${spec.name}${electionOf(spec)}`, spec.summary]))),
    "",
    "Stores (--store URL, else the environment variable MANDATE_STORE, else local:):",
    ...indented(table(storeForms)),
    "  User and password for etcd come from MANDATE_ETCD_USER and MANDATE_ETCD_PASSWORD (or",
    "  MANDATE_ETCD_PASSWORD_FILE); certificates from the files that MANDATE_ETCD_CA,",
    "  MANDATE_ETCD_CERT and MANDATE_ETCD_KEY name. Never write a secret into a URL.",
    "",
    "Options of every command:",
    ...indented(optionTable({ json: jsonOption, help: helpOption, version: versionOption })),
    "",
    "Colours are used on a terminal only; NO_COLOR turns them off, FORCE_COLOR on.",
    "",
    "Exit codes:",
    ...indented(table(exitCodeMeanings)),
    "",
    "Examples:",
    ...indented(
      table([
        ["mandate demo", "three data centres on this machine"],
        ["mandate observe billing", "who leads, and each change"],
        ["mandate transfer billing --to dublin", "dublin should lead"],
      ]),
    ),
  ];
}

/** The help of one command. */
export function commandHelp(spec: CommandSpec): readonly string[] {
  return [
    `Usage: mandate ${spec.name}${electionOf(spec)} [options]`,
    "",
    ...spec.details,
    "",
    "Options:",
    ...indented(optionTable(spec.options)),
    "",
    spec.examples.length === 1 ? "Example:" : "Examples:",
    ...spec.examples.flatMap(([command, explanation]) => [`  ${command}`, `      ${explanation}`]),
    "",
    "Stores and exit codes: mandate --help",
  ];
}

const jsonOption = { help: ["answer in JSON, errors too; terms are decimal strings"] };
const helpOption = { short: "h", help: ["show help"] };
const versionOption = { help: ["show the version"] };

function electionOf({ takesElection }: CommandSpec): string {
  return takesElection ? " NAME" : "";
}

function optionTable(options: CommandSpec["options"]): readonly string[] {
  return table(
    Object.entries(options).flatMap(([name, { value, short, help }]) => {
      const flags = `${short === undefined ? "" : `-${short}, `}--${name}`;
      return help.map((line, at) => [at === 0 ? `${flags} ${value ?? ""}`.trimEnd() : "", line]);
    }),
  );
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}
