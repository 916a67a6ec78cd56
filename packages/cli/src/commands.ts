import type { CommandSpec, OptionSpec } from "./command.ts";

const commonOptions: Readonly<Record<string, OptionSpec>> = {
  json: { help: ["answer in JSON, errors too; terms are decimal strings"] },
  help: { short: "h", help: ["show this help"] },
};

const electionOptions: Readonly<Record<string, OptionSpec>> = {
  store: { value: "URL", help: ["where the election is (default: MANDATE_STORE, or local:)"] },
  "term-floor": {
    value: "TERM",
    help: ["the termFloor that the candidates use, after a store was restored (default: 0)"],
  },
};

const requestOptions: Readonly<Record<string, OptionSpec>> = {
  timeout: { value: "TIME", help: ["how long the leader may take (default: 30s)"] },
};

const demo: CommandSpec = {
  name: "demo",
  summary: "three data centres on this machine, and what happens when the leader fails",
  takesElection: false,
  details: [
    "Starts three data centres, each a process with an HTTP service, and posts orders to any of",
    "them. One leads, and writes them to a ledger through a fence; the others redirect to it. The",
    "leader is killed, stopped and cut off from the store again and again, and the report at the",
    "end says what that did to the orders. Everything runs on 127.0.0.1 and in a temporary folder,",
    "and is gone when it ends. Ctrl-C ends it early, with its report.",
  ],
  options: {
    store: {
      value: "STORE",
      help: [
        "local (the default), etcd (starts three members of it; the program comes from",
        "MANDATE_ETCD or PATH), or the URL of a store that runs; MANDATE_STORE is not used",
      ],
    },
    chaos: {
      value: "LIST",
      help: [
        "what is done to the leader, in turn: kill (SIGKILL, restarted after 1 s), stop",
        "(SIGSTOP for longer than the TTL), cut (no packet to or from the store passes);",
        "or none (default: all that the store allows)",
      ],
    },
    every: { value: "TIME", help: ["from one fault to the next, at the least (default: 5s)"] },
    for: { value: "TIME", help: ["how long orders come in, at most 1h (default: 30s)"] },
    rps: { value: "N", help: ["orders a second, 1 to 1000 (default: 50)"] },
    ...commonOptions,
  },
  examples: [
    ["mandate demo", "on this machine alone, nothing to install"],
    ["mandate demo --store etcd --chaos kill,stop,cut --every 4s --for 40s", "on real etcd"],
    ["mandate demo --chaos none --for 10m", "to try the other commands on"],
  ],
  endsBySignal: true,
  load: async () => (await import("./commands/demo.ts")).demo,
};

const observe: CommandSpec = {
  name: "observe",
  summary: "print who leads, at once and after each change",
  takesElection: true,
  details: [
    "Prints one line for what is, and one after each change, until it is interrupted. Lost",
    "connections to the store heal by themselves.",
  ],
  options: { ...electionOptions, ...commonOptions },
  examples: [
    ["mandate observe billing", "in the local store"],
    ["mandate observe billing --store etcd://10.0.0.1:2379,10.0.0.2:2379", "on etcd"],
    ["mandate observe billing --json | jq -r .leader.candidate.id", "one JSON object a line"],
  ],
  endsBySignal: true,
  load: async () => (await import("./commands/observe.ts")).observe,
};

const status: CommandSpec = {
  name: "status",
  summary: "print who leads and who stands",
  takesElection: true,
  details: ["Prints the election as it is now: leader, term, and all candidates in their order."],
  options: { ...electionOptions, ...commonOptions },
  examples: [["mandate status billing", "who leads billing?"]],
  endsBySignal: false,
  load: async () => (await import("./commands/status.ts")).status,
};

const history: CommandSpec = {
  name: "history",
  summary: "print who led, from when to when, and why it ended",
  takesElection: true,
  details: ["Prints the last 100 terms, the newest last. It may lag by a third of the TTL."],
  options: { ...electionOptions, ...commonOptions },
  examples: [["mandate history billing", "who led billing, and when?"]],
  endsBySignal: false,
  load: async () => (await import("./commands/history.ts")).history,
};

const resign: CommandSpec = {
  name: "resign",
  summary: "ask the leader to step down",
  takesElection: true,
  details: [
    "Asks the leader to finish its work and step down, and waits until it has. It stands again,",
    "at the end of the queue.",
  ],
  options: { ...electionOptions, ...requestOptions, ...commonOptions },
  examples: [["mandate resign billing", "before its machine is rebooted, say"]],
  endsBySignal: false,
  load: async () => (await import("./commands/requests.ts")).resign,
};

const transfer: CommandSpec = {
  name: "transfer",
  summary: "ask the leader to hand over to another candidate",
  takesElection: true,
  details: [
    "Asks the leader to step down in favour of the candidate, and waits for the next leader. It",
    "does what it can: when another one leads in the end, the exit code is 4.",
  ],
  options: {
    to: { value: "ID", help: ["the candidate that should lead next (see: mandate status)"] },
    ...electionOptions,
    ...requestOptions,
    ...commonOptions,
  },
  examples: [["mandate transfer billing --to dublin", "dublin should lead"]],
  endsBySignal: false,
  load: async () => (await import("./commands/requests.ts")).transfer,
};

const pause: CommandSpec = {
  name: "pause",
  summary: "for maintenance: nobody new leads",
  takesElection: true,
  details: ["From now on nobody new leads the election. Who leads now stays, until it ends."],
  options: { ...electionOptions, ...commonOptions },
  examples: [["mandate pause billing", "then, later: mandate resume billing"]],
  endsBySignal: false,
  load: async () => (await import("./commands/pausing.ts")).pause,
};

const resume: CommandSpec = {
  name: "resume",
  summary: "end a pause",
  takesElection: true,
  details: ["Ends a pause: candidates lead again."],
  options: { ...electionOptions, ...commonOptions },
  examples: [["mandate resume billing", "after: mandate pause billing"]],
  endsBySignal: false,
  load: async () => (await import("./commands/pausing.ts")).resume,
};

/** All commands, in the order of the help. */
export const commands: readonly CommandSpec[] = [
  demo,
  observe,
  status,
  history,
  resign,
  transfer,
  pause,
  resume,
];
