/** What the service refused, or that it could not be reached, in words for the reader of the page. */
export class ServiceError extends Error {
  /** 0 where no answer came. */
  readonly status: number;
  /** The service's own code, like `queue_full`; `unreachable` where no answer came. */
  readonly code: string;
  /** The request's id, for the service's log. */
  readonly requestId: string | undefined;

  constructor(
    message: string,
    { status, code, requestId }: Pick<ServiceError, 'status' | 'code' | 'requestId'>,
  ) {
    super(message);
    this.name = 'ServiceError';
    this.status = status;
    this.code = code;
    this.requestId = requestId;
  }
}

/** Reads the envelope of an answer that is no success. */
export async function errorOfResponse(response: Response): Promise<ServiceError> {
  const requestId = response.headers.get('x-request-id') ?? undefined;
  const text = await response.text();
  const { message, code } = readEnvelope(text) ?? { message: text.slice(0, 200), code: 'unknown' };
  return new ServiceError(message === '' ? `the service answered ${response.status}` : message, {
    status: response.status,
    code,
    requestId,
  });
}

/** `{ "error": { message, code } }`: OpenAI's envelope, which every path that the page calls has. */
export function readEnvelope(text: string): { message: string; code: string } | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown; code?: unknown } };
    if (typeof error?.message !== 'string') return undefined;
    return { message: error.message, code: typeof error.code === 'string' ? error.code : 'unknown' };
  } catch {
    return undefined;
  }
}

/** What happened. A message may end in what a request can set: the page's reader is told what the page has. */
export function messageFor({ code, message }: Pick<ServiceError, 'code' | 'message'>): string {
  return code === 'context_length_exceeded' ? message.replace(/;[^;]*$/, '') : message;
}

/** What a reader can do about an error, by its code; empty where the message says it all. */
export function adviceFor({ code }: Pick<ServiceError, 'code'>): string {
  const advice: Readonly<Record<string, string>> = {
    unreachable: 'Is the service still running? Start it again, then try once more.',
    queue_full: 'Many requests wait. Try again in a few seconds.',
    rate_limited: 'The key has used its limit. Wait a minute, or use another key.',
    engine_not_ready: 'The model is being loaded or restarted. Try again in a few seconds.',
    unauthorized: 'Give a valid API key.',
    interrupted: 'The service may have stopped. Start it again if so, then try again.',
    context_length_exceeded: 'Shorten the prompt, start a new chat, or lower Max tokens.',
    insufficient_memory: 'The model does not fit into memory beside what runs. Take a smaller one.',
    model_not_found: 'Choose another model from the list.',
    request_timeout: 'The request took too long. Ask for fewer tokens, or try when fewer requests run.',
  };
  return advice[code] ?? '';
}
