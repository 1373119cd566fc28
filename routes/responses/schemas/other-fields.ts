import { ignored } from '../../shared/schemas/common-fields.ts';
import { unsupported } from '../../shared/schemas/unsupported-field.ts';

/** Fields of a response that vLLM and SGLang have, and this service does nothing with: see those of completions. */
export const otherResponseFields = {
  session_id: ignored,
  stream_interval: ignored,
  request_id: unsupported([], 'send it as the header x-request-id'),
  rid: unsupported([], 'send it as the header x-request-id'),
  extra_key: unsupported([], 'send cache_salt'),
  priority: unsupported([0], 'clients have equal shares'),
  logit_bias: unsupported([{}], '/v1/chat/completions takes it'),
  frequency_penalty: unsupported([0], '/v1/chat/completions takes it'),
  presence_penalty: unsupported([0], '/v1/chat/completions takes it'),
  repetition_penalty: unsupported([1], '/v1/chat/completions takes it'),
  min_p: unsupported([0], '/v1/chat/completions takes it'),
  stop: unsupported([[]], '/v1/chat/completions takes it'),
  ignore_eos: unsupported([false], '/v1/chat/completions takes it'),
  skip_special_tokens: unsupported([true], '/v1/chat/completions takes it'),
  include_stop_str_in_output: unsupported([false], '/v1/completions takes it'),
  structured_outputs: unsupported([], 'send text.format'),
  watermarking: unsupported([false], 'texts have no watermark'),
  mm_processor_kwargs: unsupported([{}], 'only text is read'),
  enable_response_messages: unsupported([false], 'POST /v1/responses/render gives the tokens of the prompt'),
  previous_input_messages: unsupported([], 'send previous_response_id, or the items as input'),
  previous_response: unsupported([], 'send previous_response_id, or the items as input'),
  kv_transfer_params: unsupported([{}], 'keys and values stay in one engine'),
  vllm_xargs: unsupported([{}], 'they are for plugins of vLLM'),
};
