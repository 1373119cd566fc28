import type * as z from 'zod';
import type { chatRequestSchema } from '../../routes/openai/schemas/chat.ts';
import type { completionRequestSchema } from '../../routes/openai/schemas/completions.ts';
import type { ChatChunk } from '../../routes/openai/schemas/chat.ts';
import type { CompletionChunk } from '../../routes/openai/schemas/completions.ts';

export type { ChatBody } from '../../routes/openai/schemas/chat.ts';
export type { CompletionBody } from '../../routes/openai/schemas/completions.ts';

/** Whether it streams is how the answer is read. */
type Streaming = 'stream' | 'stream_options';

/** The body of `POST /v1/completions`. */
export type CompletionRequest = Omit<z.input<typeof completionRequestSchema>, Streaming>;
/** The body of `POST /v1/chat/completions`. */
export type ChatRequest = Omit<z.input<typeof chatRequestSchema>, Streaming>;

/** A choice of a chunk of a streamed completion: `text`, and `finish_reason` at its end. */
export type CompletionPiece = CompletionChunk['choices'][number];
/** A choice of a chunk of a streamed chat: `delta`, and `finish_reason` at its end. */
export type ChatPiece = ChatChunk['choices'][number];
