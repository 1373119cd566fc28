/**
 * What the page reads of the service's answers. The page imports nothing of the service, whose sources are for Node;
 * tests/unit/page/wire.test.ts holds these types to those of the schemas.
 */

/** `GET v1/models` */
export interface ModelList {
  data: Model[];
}

export interface Model {
  id: string;
  state: 'unloaded' | 'loading' | 'loaded' | 'failed';
  is_default: boolean;
  max_model_len: number | null;
  /** Null: it does not chat, or it is not loaded yet. */
  chat_template: 'own' | 'builtin' | 'file' | null;
}

/** What a token was drawn from. `token` is its text; a part of a character shows as a replacement character. */
export interface TokenAlternative {
  token: string;
  logprob: number;
}

/** An event of `POST v1/chat/completions`, streamed, with `logprobs`. */
export interface ChatEvent {
  id: string;
  choices: {
    delta: { content?: string | null; reasoning_content?: string | null };
    logprobs?: { content?: (TokenAlternative & { top_logprobs: TokenAlternative[] })[] | null } | null;
    finish_reason: string | null;
  }[];
}

/** An event of `POST v1/completions`, streamed, with `logprobs`. */
export interface CompletionEvent {
  id: string;
  choices: {
    text: string;
    logprobs?: {
      tokens: string[];
      token_logprobs: (number | null)[];
      top_logprobs: (Record<string, number> | null)[] | null;
    } | null;
    finish_reason: string | null;
  }[];
}

/** `GET v1/requests/ID` */
export interface RequestRecord {
  finish_reasons: string[];
  usage: { prompt_tokens: number; completion_tokens: number };
  /** Milliseconds. */
  timings: { queue_ms: number | null; ttft_ms: number | null; tpot_ms: number | null; total_ms: number };
}
