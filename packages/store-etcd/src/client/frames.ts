import { RpcFailure } from "./rpc-failure.ts";

/** Bytes before each gRPC message: a flag for compression and the message's length. */
const prefixBytes = 5;

/**
 * The longest message that is read, in bytes. An election with 1,000 candidates of 8 KiB each stays
 * below it, and no peer can make this process collect more.
 */
export const maxMessageBytes = 16 * 1024 * 1024;

/** A message as gRPC sends it: uncompressed, behind its length. */
export function encodeFrame(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(prefixBytes + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, prefixBytes);
  return frame;
}

/** Cuts a stream of bytes into gRPC messages. Holds at most one incomplete message. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #bytes = 0;
  #neededBytes = prefixBytes;

  /** Bytes that wait for the rest of their message. */
  get pendingBytes(): number {
    return this.#bytes;
  }

  /**
   * The messages that are complete with this chunk. They may share memory with it.
   * @throws RpcFailure of kind `protocol`: compressed, or longer than {@link maxMessageBytes}.
   */
  push(chunk: Buffer): readonly Buffer[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    // Chunks are joined only once a message is whole: a long message must not cost its square.
    if (this.#bytes < this.#neededBytes) return [];
    let rest = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    const messages: Buffer[] = [];
    this.#neededBytes = prefixBytes;
    while (rest.length >= prefixBytes) {
      const endByte = frameEnd(rest);
      if (rest.length < endByte) {
        this.#neededBytes = endByte;
        break;
      }
      messages.push(rest.subarray(prefixBytes, endByte));
      rest = rest.subarray(endByte);
    }
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#bytes = rest.length;
    return messages;
  }
}

function frameEnd(frame: Buffer): number {
  const messageBytes = frame.readUInt32BE(1);
  if (frame[0] !== 0 || messageBytes > maxMessageBytes) {
    throw new RpcFailure(
      frame[0] === 0
        ? `a message of ${messageBytes} bytes is longer than ${maxMessageBytes}`
        : "a compressed message came although none was asked for",
      { kind: "protocol", applied: "unknown" },
    );
  }
  return prefixBytes + messageBytes;
}
