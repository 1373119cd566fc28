import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createService, type ChatBody, type TokenflareService } from '../../src/library/index.ts';
import type { ChatMessage, StoryPlan } from './story-plan.ts';
import { followUpRequest, planStory, storyRequest } from './story-plan.ts';
import {
  complaintOf,
  FOLLOW_UP_BOUNDS,
  STORY_BOUNDS,
  tidy,
  type Complaint,
  type TextBounds,
} from './text-quality.ts';

/** A line of stories.jsonl: what became of a plan. */
export interface StoryLine {
  readonly index: number;
  /** Undefined where none of the candidates was taken. */
  readonly story?: KeptText | undefined;
  readonly followUp?: KeptText | undefined;
  /** Of the candidates that were not taken. */
  readonly complaints: readonly Complaint[];
}

export interface KeptText {
  readonly text: string;
  /** How surprising the teacher finds its own text. */
  readonly bitsPerByte: number;
}

export interface GenerateOptions {
  /** The teacher: a GGUF file or a directory. */
  readonly model: string;
  readonly out: string;
  /** Plans from 0 to below it. */
  readonly numPlans: number;
  /** Texts that the teacher writes for each request. */
  readonly numCandidates: number;
  /** Requests at once. */
  readonly concurrency: number;
  readonly threads?: number | undefined;
}

const STORIES = 'stories.jsonl';
/** Room for the longest request and answer. */
const CONTEXT = 768;
const MAX_STORY_TOKENS = 220;
const MAX_FOLLOW_UP_TOKENS = 80;
const REPORT_EVERY = 100;

/** Has the teacher write what plans ask for. It goes on where it was stopped: plans that are in the file are done. */
export async function generate(options: GenerateOptions, signal: AbortSignal): Promise<void> {
  const { model, out, numPlans, numCandidates, concurrency, threads } = options;
  await mkdir(out, { recursive: true });
  const done = new Set((await readStories(out)).map(({ index }) => index));
  const plans = Array.from({ length: numPlans }, (_, index) => index).filter((index) => !done.has(index));
  const service = await createService({
    MODEL: model,
    MAX_NUM_SEQS: concurrency * numCandidates,
    MAX_MODEL_LEN: CONTEXT,
    KV_CACHE_MB: 4096,
    ...(threads === undefined ? {} : { THREADS: threads }),
  });
  const progress = new Progress(plans.length);
  const work = async (): Promise<void> => {
    for (let index = plans.shift(); index !== undefined && !signal.aborted; index = plans.shift()) {
      const line = await writeStory(service, planStory(index), numCandidates, signal);
      await appendFile(join(out, STORIES), `${JSON.stringify(line)}\n`);
      progress.add(line);
    }
  };
  try {
    await Promise.all(Array.from({ length: concurrency }, work));
  } catch (error) {
    // What was begun is done anew the next time.
    if (!signal.aborted) throw error;
  } finally {
    await service.close();
  }
}

export async function readStories(out: string): Promise<StoryLine[]> {
  const text = await readFile(join(out, STORIES), 'utf8').catch(() => '');
  // The last line may be half of one.
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as StoryLine];
    } catch {
      return [];
    }
  });
}

async function writeStory(
  service: TokenflareService,
  plan: StoryPlan,
  numCandidates: number,
  signal: AbortSignal,
): Promise<StoryLine> {
  const ask = (messages: ChatMessage[], maxTokens: number, bounds: TextBounds): Promise<Choice> =>
    bestOf(service, { messages, maxTokens, bounds, numCandidates, seed: plan.index, signal });
  const story = await ask(storyRequest(plan), MAX_STORY_TOKENS, STORY_BOUNDS);
  const { index } = plan;
  if (story.kept === undefined || plan.followUp === undefined)
    return { index, story: story.kept, complaints: story.complaints };
  const messages = followUpRequest(plan, story.kept.text);
  const followUp = await ask(messages, MAX_FOLLOW_UP_TOKENS, FOLLOW_UP_BOUNDS);
  const complaints = [...story.complaints, ...followUp.complaints];
  return { index, story: story.kept, followUp: followUp.kept, complaints };
}

interface Choice {
  readonly kept: KeptText | undefined;
  readonly complaints: readonly Complaint[];
}

interface Ask {
  readonly messages: ChatMessage[];
  readonly maxTokens: number;
  readonly bounds: TextBounds;
  readonly numCandidates: number;
  readonly seed: number;
  readonly signal: AbortSignal;
}

/** Of several texts the one that the teacher finds least surprising, of those that have no fault. */
async function bestOf(service: TokenflareService, ask: Ask): Promise<Choice> {
  const { messages, maxTokens, bounds, numCandidates, seed, signal } = ask;
  const request = { messages, n: numCandidates, seed, max_completion_tokens: maxTokens, logprobs: true };
  const body = await service.chat({ ...request, temperature: 0.7, top_p: 0.92 }, { signal }).whole();
  const complaints: Complaint[] = [];
  let kept: KeptText | undefined;
  for (const choice of body.choices) {
    const candidate = toKeptText(choice);
    const complaint = choice.finish_reason === 'length' ? 'too long' : complaintOf(candidate.text, bounds);
    if (complaint !== undefined) complaints.push(complaint);
    else if (kept === undefined || candidate.bitsPerByte < kept.bitsPerByte) kept = candidate;
  }
  return { kept, complaints };
}

function toKeptText({ message, logprobs }: ChatBody['choices'][number]): KeptText {
  const nats = (logprobs?.content ?? []).reduce((sum, { logprob }) => sum - logprob, 0);
  const raw = message.content ?? '';
  const bits = nats / Math.LN2 / Math.max(Buffer.byteLength(raw), 1);
  return { text: tidy(raw), bitsPerByte: Number(bits.toFixed(4)) };
}

/** Says how far it is, now and then. */
class Progress {
  readonly #numPlans: number;
  readonly #startMs = performance.now();
  #numDone = 0;
  #numKept = 0;
  #numWords = 0;

  constructor(numPlans: number) {
    this.#numPlans = numPlans;
  }

  add({ story, followUp }: StoryLine): void {
    this.#numDone++;
    if (story !== undefined) this.#numKept++;
    for (const kept of [story, followUp]) this.#numWords += kept?.text.split(/\s+/).length ?? 0;
    if (this.#numDone % REPORT_EVERY !== 0) return;
    const seconds = (performance.now() - this.#startMs) / 1000;
    const kept = `${this.#numKept} stories and ${this.#numWords} words kept`;
    process.stderr.write(
      `${this.#numDone} of ${this.#numPlans}, ${kept}, ${(this.#numWords / seconds).toFixed(0)} words/s\n`,
    );
  }
}
