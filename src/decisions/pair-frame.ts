import { randomUUID } from 'node:crypto';
import type { Engine } from '../engine/engine.ts';
import type { TextCaller } from '../chat-template/chat-template.ts';

/** What a model that was trained to compare a query and a document reads around the two. */
export interface PairFrame {
  readonly before: string;
  readonly between: string;
  readonly after: string;
}

/** As published with Qwen3-Reranker (arXiv:2506.05176, and its model card). */
const QWEN3: PairFrame = {
  before:
    '<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct ' +
    'provided. Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n' +
    '<Instruct>: Given a web search query, retrieve relevant passages that answer the query\n<Query>: ',
  between: '\n<Document>: ',
  after: '<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n',
};

/** A role that a template looks for, in quotation marks of either kind. */
const namesRole = (template: string, role: string): boolean => new RegExp(`(['"])${role}\\1`).test(template);

/**
 * How a model wants a query and a document written; undefined of a model that was not trained to compare them. Such a
 * model is known by its chat template, if that reads messages of the roles `query` and `document` (as vLLM and Sentence
 * Transformers write them), or by its id, if that names Qwen3-Reranker.
 *
 * @throws EngineError what the template throws
 */
export async function pairFrameOf(
  { model, tokenizer: { chatTemplate } }: Engine,
  caller: TextCaller,
): Promise<PairFrame | undefined> {
  const template = chatTemplate?.template ?? '';
  if (chatTemplate !== undefined && namesRole(template, 'query') && namesRole(template, 'document')) {
    const [query, document] = [randomUUID(), randomUUID()];
    const messages = [
      { role: 'query', content: query },
      { role: 'document', content: document },
    ];
    const [before, rest = ''] = (await chatTemplate.render({ messages }, caller)).split(query);
    const [between, after] = rest.split(document);
    if (before !== undefined && between !== undefined && after !== undefined)
      return { before, between, after };
  }
  return model.architecture === 'qwen3' && /qwen3[-_.]?reranker/i.test(model.id) ? QWEN3 : undefined;
}
