/** A prompt in two lists: a beginning that others have as well, and what is its own. */
interface PrefixedPrompt {
  readonly prefixTokenIds?: readonly number[];
  readonly promptTokenIds: readonly number[];
}

/** Tokens of both. */
export const promptLength = ({ prefixTokenIds = [], promptTokenIds }: PrefixedPrompt): number =>
  prefixTokenIds.length + promptTokenIds.length;

/** A request with its prefix and prompt in one list. */
export function withWholePrompt<Prompt extends PrefixedPrompt>(
  prompt: Prompt,
): Omit<Prompt, 'prefixTokenIds'> {
  const { prefixTokenIds, ...others } = prompt;
  if (prefixTokenIds === undefined) return others;
  return { ...others, promptTokenIds: prefixTokenIds.concat(prompt.promptTokenIds) };
}
