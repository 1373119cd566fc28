import {
  embedTexts,
  type EmbeddingRequest,
  type TextEmbedding,
} from '../../src/engine/client/texts/encode-prompts.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { abortError } from '../../src/errors.ts';
import { groupOf } from '../../src/fairness/client-id.ts';
import { HeldBytes } from '../../src/http/edge/held-bytes.ts';

/** Texts of requests that are being embedded, with their tokens and vectors. */
const embedded = new HeldBytes('texts that are embedded');
const MAX_EMBEDDED_BYTES = 128 * 2 ** 20;
/** Of a character with its share of the text's tokens, or of a token id that the client sent. */
const BYTES_PER_UNIT = 8;
const BYTES_PER_NUMBER = 4;

/**
 * Embeds the texts of a request, which may be thousands, while what they and their vectors take is counted.
 * @throws EngineError `queue_full` where the client's texts take most of the room for them, or as `embedTexts`
 */
export async function embedCounted(
  engine: Engine,
  request: EmbeddingRequest,
  gone: AbortSignal,
): Promise<TextEmbedding[]> {
  const { texts, clientId } = request;
  const numUnits = texts.reduce((sum, text) => sum + text.length, 0);
  const holding = embedded.open(groupOf(clientId), MAX_EMBEDDED_BYTES);
  try {
    holding.hold(BYTES_PER_UNIT * numUnits + BYTES_PER_NUMBER * engine.model.dim * texts.length);
    if (holding.signal.aborted) throw abortError(holding.signal);
    return await embedTexts(engine, request, AbortSignal.any([gone, holding.signal]));
  } finally {
    holding.release();
  }
}
