// Bodies of requests and answers, read as far as they may be.

/**
 * Reads no more than it must to know that a body is too large.
 *
 * @param {ReadableStream<any> | null} stream
 * @param {number} limit in bytes
 * @returns {Promise<Uint8Array>}
 */
export async function readUpTo(stream, limit) {
  if (stream === null) return new Uint8Array();
  const chunks = [];
  let length = 0;
  for await (const chunk of stream.values({ preventCancel: true })) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > limit) break;
  }
  if (chunks.length === 1) return chunks[0];
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
