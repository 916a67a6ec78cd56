/** The way from a child process to the demo and back. */
export interface ParentLink<FromParent, ToParent> {
  send(message: ToParent): void;
  /** Calls `handle` for each message of the parent. */
  listen(handle: (message: FromParent) => void): void;
  /** Ends this process, once the last message, if any, is on its way. */
  end(last?: ToParent): void;
}

/**
 * Links this process with its parent. It ends at once when the parent is gone, however that came
 * about: the kernel closes the channel.
 */
export function linkWithParent<FromParent, ToParent>(): ParentLink<FromParent, ToParent> {
  process.on("disconnect", () => process.exit(1));
  const send = (message: ToParent, sent: () => void): void => {
    // Fails only when the parent is gone, and then this process ends: see above.
    process.send?.(message, undefined, undefined, sent);
  };
  return {
    send: (message) => send(message, () => undefined),
    listen(handle) {
      process.on("message", (message) => handle(message as FromParent));
    },
    end(last) {
      if (last === undefined) process.exit(0);
      send(last, () => process.exit(0));
    },
  };
}
