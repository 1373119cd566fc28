import type { TensorEntry, TensorSource } from './tensor-source.ts';

const HEAD = /(?:^|\.)lm_head\.weight$/;
const EMBEDDING = /(?:^|\.)(?:embed_tokens|wte)\.weight$/;
/** Two matrices that are not one differ in nearly every row: so many pieces of them are looked at. */
const NUM_PIECES = 64;
const PIECE_BYTES = 4096;

/**
 * Whether a directory stores an output head that is not its token embedding, though its config.json may tie the two:
 * a head that was trained further. transformers (5) does not tie these then.
 */
export async function hasOwnHead(source: TensorSource): Promise<boolean> {
  const entries = [...source.entries.values()];
  const head = entries.find(({ name }) => HEAD.test(name));
  const embedding = entries.find(({ name }) => EMBEDDING.test(name));
  if (head === undefined || embedding === undefined || source.readBytes === undefined) return false;
  const numBytes = sizeOf(head);
  if (head.dtype !== embedding.dtype || numBytes !== sizeOf(embedding)) return true;
  const pieceBytes = Math.min(PIECE_BYTES, numBytes);
  for (let piece = 0; piece < NUM_PIECES; piece++) {
    const start = Math.floor((piece * (numBytes - pieceBytes)) / (NUM_PIECES - 1));
    const [ofHead, ofEmbedding] = [new Uint8Array(pieceBytes), new Uint8Array(pieceBytes)];
    await source.readBytes(head.name, ofHead, start);
    await source.readBytes(embedding.name, ofEmbedding, start);
    if (Buffer.compare(ofHead, ofEmbedding) !== 0) return true;
  }
  return false;
}

const sizeOf = ({ byteStart, byteEnd }: TensorEntry): number => byteEnd - byteStart;
