import { ignored } from '../../shared/schemas/common-fields.ts';
import { unsupported } from '../../shared/schemas/unsupported-field.ts';

/**
 * Fields of OpenAI, OpenRouter, vLLM, SGLang, TGI, llama.cpp, LM Studio and Ollama that this service does nothing with. One
 * that could not change the answer is ignored. One that could is taken at the value that changes nothing, and refused by
 * name at any other. Routers send all fields of their engine at these values. A field that no list has is refused as
 * unknown, since it may be a typo, unless UNKNOWN_FIELDS says otherwise.
 */

/** Of completions and chats. */
export const otherFields = {
  user: ignored,
  store: ignored,
  service_tier: ignored,
  safety_identifier: ignored,
  prompt_cache_key: ignored,
  prompt_cache_retention: ignored,
  prompt_cache_options: ignored,
  cache_control: ignored,

  // OpenRouter: who serves the model, and that an answer has its usage; of a stream, stream_options says that.
  provider: ignored,
  route: ignored,
  usage: ignored,

  // vLLM.
  spaces_between_special_tokens: ignored,
  guided_decoding_backend: ignored,
  use_beam_search: unsupported([false], 'there is no beam search'),
  length_penalty: unsupported([1], 'it belongs to beam search'),
  early_stopping: unsupported([false], 'it belongs to beam search'),
  prompt_logprobs: unsupported([], '/v1/completions gives those of the prompt with echo and logprobs'),
  allowed_token_ids: unsupported([], 'a grammar or logit_bias says what may be drawn'),
  bad_words: unsupported([[]], 'logit_bias keeps single tokens out'),
  logits_processors: unsupported([[]], 'the service runs no code of a client'),
  return_tokens_as_token_ids: unsupported([false], 'return_token_ids gives them beside the text'),
  guided_whitespace_pattern: unsupported([], 'JSON is written without white space'),
  structural_tag: unsupported([], 'tools and response_format say what the answer looks like'),
  kv_transfer_params: unsupported([{}], 'keys and values stay in one engine'),
  vllm_xargs: unsupported([{}], 'they are for plugins of vLLM'),
  request_id: unsupported([], 'send it as the header x-request-id'),
  session_id: ignored,
  stream_interval: ignored,
  return_mm_kwargs: ignored,
  watermarking: unsupported([false], 'texts have no watermark'),
  truncation_side: unsupported(['left'], 'truncate_prompt_tokens cuts the start'),
  logprob_token_ids: unsupported([], 'logprobs gives those of the likeliest tokens'),
  routed_experts_prompt_start: unsupported([0], 'there are no experts'),
  return_token_offsets: unsupported([false], 'leave it out'),
  return_prompt_text: unsupported([false], 'POST /detokenize gives the text of the tokens of a render route'),
  ec_transfer_params: unsupported([{}], 'only text is read'),
  repetition_detection: unsupported([], 'frequency_penalty and presence_penalty keep from repeating'),

  // SGLang.
  custom_labels: ignored,
  rid: unsupported([], 'send it as the header x-request-id'),
  extra_key: unsupported([], 'send cache_salt'),
  no_stop_trim: unsupported([false], '/v1/completions takes include_stop_str_in_output'),
  stop_regex: unsupported([[], ''], 'stop takes strings'),
  sampling_seed: unsupported([], 'send seed'),
  lora_path: unsupported([[]], 'there are no adapters'),
  session_params: unsupported([{}], 'a request has the whole conversation'),
  custom_params: unsupported([{}], 'the service runs no code of a client'),
  custom_logit_processor: unsupported([''], 'the service runs no code of a client'),
  ngram_corpus_id: unsupported([], 'drafts come from the text itself'),
  images_config: unsupported([{}], 'only text is read'),
  return_hidden_states: unsupported([false], '/v1/embeddings gives them pooled'),
  return_routed_experts: unsupported([false], 'there are no experts'),
  routed_experts_start_len: unsupported([0], 'there are no experts'),
  return_cached_tokens_details: unsupported([false], 'usage has the number of cached tokens'),
  return_prompt_token_ids: unsupported([false], 'the render routes give them'),
  return_meta_info: unsupported([false], 'times are in the headers and the last frames'),
  bootstrap_host: unsupported([], 'one engine computes a request from its prompt to its end'),
  bootstrap_port: unsupported([], 'one engine computes a request from its prompt to its end'),
  bootstrap_room: unsupported([], 'one engine computes a request from its prompt to its end'),
  routed_dp_rank: unsupported([0], 'a model has one engine'),
  disagg_prefill_dp_rank: unsupported([0], 'a model has one engine'),
  data_parallel_rank: unsupported([0], 'a model has one engine'),

  // llama.cpp.
  cache_prompt: ignored,
  id_slot: ignored,
  dry_base: ignored,
  dry_allowed_length: ignored,
  dry_penalty_last_n: ignored,
  dry_sequence_breakers: ignored,
  xtc_threshold: ignored,
  mirostat_tau: ignored,
  mirostat_eta: ignored,
  dynatemp_exponent: ignored,
  n_predict: unsupported([], 'send max_tokens'),
  n_keep: unsupported([0], 'a prompt beyond the context is refused, or cut by truncate_prompt_tokens'),
  n_probs: unsupported([0], 'send logprobs'),
  min_keep: unsupported([0], 'leave it out'),
  typical_p: unsupported([1], 'leave it out'),
  dynatemp_range: unsupported([0], 'leave it out'),
  dry_multiplier: unsupported([0], 'frequency_penalty and presence_penalty keep from repeating'),
  xtc_probability: unsupported([0], 'leave it out'),
  mirostat: unsupported([0], 'leave it out'),
  samplers: unsupported([], 'their order is fixed'),
  repeat_last_n: unsupported([-1], 'repetition_penalty looks at the whole text'),
  t_max_predict_ms: unsupported([0, -1], 'send timeout_ms'),
  lora: unsupported([[]], 'there are no adapters'),
  post_sampling_probs: unsupported([false], 'logprobs are those of the model'),
  return_tokens: unsupported([false], 'send return_token_ids'),
  return_progress: unsupported([false], 'leave it out'),
  timings_per_token: unsupported([false], 'times are in the headers and the last frames'),
  response_fields: unsupported([], 'leave it out'),

  // LM Studio and Ollama.
  ttl: ignored,
  draft_model: ignored,
  keep_alive: ignored,
  format: unsupported([], 'send response_format'),
};

/** Of chats alone. */
export const otherChatFields = {
  modalities: unsupported([['text']], 'only text is made'),
  audio: unsupported([], 'only text is made'),
  prediction: unsupported([], 'there is no predicted output'),
  verbosity: ignored,
  web_search_options: unsupported([], 'there is no search of the web'),
  echo: unsupported([false], 'the answer alone is given'),
  best_of: unsupported([1], 'answers are not ranked'),
  suffix: unsupported([''], 'an answer has none'),
  add_special_tokens: unsupported([false], 'the chat template writes the special tokens'),
  include_stop_str_in_output: unsupported([false], '/v1/completions takes it'),
  chat_template: unsupported([], 'it is a program; the operator sets CHAT_TEMPLATE'),
  documents: unsupported([[]], 'put them into a message'),
  mm_processor_kwargs: unsupported([{}], 'only text is read'),
  media_io_kwargs: unsupported([{}], 'only text is read'),
  separate_reasoning: unsupported([true], 'reasoning is apart from the content'),
  stream_reasoning: unsupported([true], 'include_reasoning: false leaves it out'),
  reasoning_format: unsupported(['auto', 'deepseek'], 'reasoning is apart from the content'),
  parse_tool_calls: unsupported([true], 'tool_choice: none has no tool called'),
  think: unsupported([], "send reasoning_effort: 'none' to have no reasoning"),

  // SGLang and TGI.
  input_ids: unsupported([], '/v1/completions takes token ids'),
  task: unsupported([], 'say it in a message'),
  max_dynamic_patch: unsupported([], 'only text is read'),
  min_dynamic_patch: unsupported([], 'only text is read'),
  use_audio_in_video: unsupported([false], 'only text is read'),
  tool_prompt: unsupported([], 'the chat template writes it'),
  guideline: unsupported([], 'put it into a message'),
};

/** Of completions alone. */
export const otherCompletionFields = {
  prompt_embeds: unsupported([], 'prompts are texts or token ids'),
  thinking_token_budget: unsupported([-1], '/v1/chat/completions takes it'),
};
