import fc from "fast-check";
import { expect, test } from "vitest";

import { encodeFrame, FrameReader, maxMessageBytes } from "./frames.ts";

test("messages come back whole and in order, however the bytes are cut", () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 });
  const cuts = fc.array(fc.integer({ min: 1, max: 97 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(messages, cuts, (sent, lengths) => {
      const reader = new FrameReader();
      const received: Buffer[] = [];
      let rest = Buffer.concat(sent.map(encodeFrame));
      for (let turn = 0; rest.length > 0; turn += 1) {
        const length = lengths[turn % lengths.length] ?? 1;
        received.push(...reader.push(rest.subarray(0, length)));
        rest = rest.subarray(length);
      }
      expect(received.map(String)).toEqual(sent.map((message) => Buffer.from(message).toString()));
      expect(reader.pendingBytes).toBe(0);
    }),
  );
});

test("a message longer than the limit is refused by its prefix, before it is collected", () => {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(maxMessageBytes + 1, 1);
  expect(() => new FrameReader().push(prefix)).toThrow(/longer than/);
});

test("a compressed message is refused", () => {
  const frame = encodeFrame(Buffer.from("x"));
  frame[0] = 1;
  expect(() => new FrameReader().push(frame)).toThrow(/compressed/);
});
