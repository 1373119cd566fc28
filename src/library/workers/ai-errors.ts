/** What a run throws: the service refused it, or cannot be had. Name and message as Cloudflare's class has them. */
export class InferenceUpstreamError extends Error {
  constructor(message: string, name = 'InferenceUpstreamError') {
    super(message);
    this.name = name;
  }
}

/** What all else throws, and a run that is sent nowhere. */
export class AiInternalError extends Error {
  override readonly name = 'AiInternalError';
}

export class AiGatewayInternalError extends Error {
  override readonly name = 'AiGatewayInternalError';
}

export class AiGatewayLogNotFound extends Error {
  override readonly name = 'AiGatewayLogNotFound';
}

/** The body of an error, as far as it is known. */
interface ErrorBody {
  readonly internalCode?: number;
  readonly name?: string;
  readonly description?: string;
  readonly errors?: readonly { readonly code?: number; readonly message?: string }[];
}

/** Undefined for what is no JSON. */
export function parseErrorBody(text: string): ErrorBody | undefined {
  try {
    return (JSON.parse(text) ?? undefined) as ErrorBody | undefined;
  } catch {
    return undefined;
  }
}
