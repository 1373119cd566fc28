import type { SamplingParams } from './sampling-params.ts';

export interface SamplerStateOptions {
  params: SamplingParams;
  promptTokenIds: readonly number[];
  /** The seed in force: `params.seed`, or one picked at random where that is undefined. */
  seed: number;
  /** Tells the choices of one request apart, which share a seed. */
  stream: number;
}

/** What sampling remembers of one sequence. */
export class SamplerState {
  readonly params: SamplingParams;
  readonly seed: number;
  readonly stream: number;
  /** How often each token was generated. */
  readonly outputCounts = new Map<number, number>();
  /** Tokens of prompt and completion; left empty while there is no repetition penalty to need them. */
  readonly seenTokenIds = new Set<number>();
  numSampled = 0;

  constructor(options: SamplerStateOptions) {
    this.params = options.params;
    this.seed = options.seed;
    this.stream = options.stream;
    if (this.#needsSeen) for (const tokenId of options.promptTokenIds) this.seenTokenIds.add(tokenId);
  }

  /** Notes a token of the completion, which `Sampler.sampleToken` drew, or which came without a draw. */
  record(tokenId: number): void {
    this.numSampled++;
    this.outputCounts.set(tokenId, (this.outputCounts.get(tokenId) ?? 0) + 1);
    if (this.#needsSeen) this.seenTokenIds.add(tokenId);
  }

  get #needsSeen(): boolean {
    return this.params.repetitionPenalty !== 1;
  }
}
