import type { GemmaFormat, JsonFormat, PythonicFormat, ToolFormat } from './chat-format.ts';

/** The tokens by which Llama's models may begin a call. */
export const PYTHON_TAGS = ['<|python_tag|>', '<|python_start|>'];

/**
 * For a template that knows no tools: they are described in words, and the answer is one JSON object, which holds the
 * calls or the reply. llama.cpp's generic format is alike.
 */
export const GENERIC_FORMAT: JsonFormat = {
  shape: 'json',
  openings: [],
  isBare: true,
  open: '{"tool_calls": [',
  callOpen: '{"name": "',
  nameClose: '", "arguments": ',
  callClose: '}',
  separator: ', ',
  close: ']}',
  stops: [],
  nameKey: 'name',
  argumentsKey: 'arguments',
  isGeneric: true,
};

const HERMES_FORMAT: JsonFormat = {
  ...GENERIC_FORMAT,
  openings: ['<tool_call>'],
  isBare: false,
  open: '',
  callOpen: '<tool_call>\n{"name": "',
  callClose: '}\n</tool_call>',
  separator: '\n',
  close: '',
  isGeneric: false,
};

const GRANITE_FORMAT: JsonFormat = {
  ...GENERIC_FORMAT,
  openings: ['<|tool_call|>'],
  isBare: false,
  open: '<|tool_call|>[',
  close: ']',
  isGeneric: false,
};

export const PYTHONIC_FORMAT: PythonicFormat = {
  shape: 'pythonic',
  openings: PYTHON_TAGS,
  isBare: true,
  open: '[',
  callOpen: '',
  callClose: ')',
  separator: ', ',
  close: ']',
  stops: [],
};

const LFM_FORMAT: PythonicFormat = {
  ...PYTHONIC_FORMAT,
  openings: ['<|tool_call_start|>'],
  isBare: false,
  open: '<|tool_call_start|>[',
  close: ']<|tool_call_end|>',
};

export const FUNCTION_GEMMA_FORMAT: GemmaFormat = {
  shape: 'gemma',
  openings: ['<start_function_call>'],
  isBare: false,
  open: '',
  callOpen: '<start_function_call>call:',
  callClose: '}<end_function_call>',
  separator: '',
  close: '',
  stops: ['<start_function_response>'],
  quote: '<escape>',
};

/**
 * Families whose template lists the tools and does not write earlier calls: they are known by what stands beside the list.
 */
const BY_LISTING: readonly (readonly [text: string, format: ToolFormat])[] = [
  ['<|tool_call|>', GRANITE_FORMAT],
  ['<|tool_list_start|>', LFM_FORMAT],
  ['<start_function_declaration>', FUNCTION_GEMMA_FORMAT],
  ['<tool_call>', HERMES_FORMAT],
];

/** @param listing a prompt with tools */
export const formatOfListing = (listing: string): ToolFormat | undefined =>
  BY_LISTING.find(([text]) => listing.includes(text))?.[1];
