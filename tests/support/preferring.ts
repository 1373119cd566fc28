import type { ScriptedEngine } from './scripted-engine.ts';

/** Has an engine say yes with the probability 0.75 where a prompt holds the word, else with 0.25. */
export function preferring(engine: ScriptedEngine, word: string): void {
  const { ownTokenizer } = engine;
  const numBefore = ownTokenizer.encode('Answer:').length;
  // The words that the service takes are one token each.
  const label = [' yes', 'Yes'].find((one) => ownTokenizer.encode(`Answer:${one}`).length === numBefore + 1);
  const yes = ownTokenizer.encode(`Answer:${label ?? ''}`).at(-1);
  engine.reset({
    scoreOf: (tokenId, prompt) => {
      const holds = engine.tokenizer.decode(prompt).includes(word);
      return Math.log((tokenId === yes) === holds ? 0.06 : 0.02);
    },
  });
}
