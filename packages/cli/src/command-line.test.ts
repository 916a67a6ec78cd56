import { expect, test } from "vitest";
import { parseCommandLine } from "./command-line.ts";
import { commands } from "./commands.ts";
import { commandHelp, programHelp } from "./help.ts";

test("a command is read with its election and options, in any order", () => {
  expect(parseCommandLine(["transfer", "--to", "dublin", "a/b", "--json"])).toMatchObject({
    kind: "run",
    command: { name: "transfer" },
    election: "a/b",
    values: { to: "dublin" },
    json: true,
  });
});

test("an election whose name begins with a dash comes after two dashes", () => {
  expect(parseCommandLine(["status", "--", "--x"])).toMatchObject({ election: "--x" });
});

test.for([[], ["help"], ["--help"], ["-h"]])("%j asks for the whole help", (args) => {
  expect(parseCommandLine(args)).toEqual({ kind: "help", command: undefined });
});

test.for([
  ["help", "status"],
  ["status", "--help"],
  ["status", "x", "-h"],
])("%j asks for the help of a command", (args) => {
  expect(parseCommandLine(args)).toMatchObject({ kind: "help", command: { name: "status" } });
});

test.for([
  [["stauts", "x"], /no command "stauts"; there are: demo, observe, status/],
  [["status"], /which election\? mandate status NAME/],
  [["status", "a", "b"], /"b" is one too many/],
  [["demo", "a"], /"a" is one too many/],
  [["status", "a", "--too"], /'--too'.*mandate status --help/],
  [["transfer", "a", "--to"], /'--to <value>'/],
  [["status", "a", "--json=yes"], /--json/],
  [["--json", "status", "a"], /the command comes first/],
] as const)("%j is refused", ([args, message]) => {
  expect(() => parseCommandLine(args)).toThrow(message);
});

test("every line of every help fits into 100 columns, and each names its options", () => {
  for (const command of commands) {
    const help = commandHelp(command);
    for (const option of Object.keys(command.options)) {
      expect(help.join("\n")).toContain(`--${option}`);
    }
    expect(help.filter((line) => line.length > 100)).toEqual([]);
  }
  expect(programHelp().filter((line) => line.length > 100)).toEqual([]);
});

test("every example in the help is a command line that can be read", () => {
  const examples = commands.flatMap((command) => command.examples.map(([example]) => example));
  for (const example of examples) {
    const [, ...args] = example.replace(/ \|.*/, "").split(" ");
    expect(parseCommandLine(args).kind).toBe("run");
  }
});
