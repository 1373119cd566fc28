import type { ResponseBody } from '../../routes/responses/schemas/response-body.ts';
import { toEcho } from '../../routes/responses/schemas/response-generation.ts';

/** A response that is complete, and says one text. */
export function responseBody(
  requestId: string,
  text: string,
  extra: Partial<ResponseBody> = {},
): ResponseBody {
  const content = [{ type: 'output_text' as const, text, annotations: [], logprobs: [] }];
  return {
    id: `resp_${requestId}`,
    object: 'response',
    created_at: 0,
    completed_at: 0,
    status: 'completed',
    error: null,
    incomplete_details: null,
    usage: null,
    output: [{ type: 'message', id: `msg_${requestId}_0`, role: 'assistant', status: 'completed', content }],
    ...toEcho({ input: '' }, { id: 'tiny' }),
    ...extra,
  };
}
