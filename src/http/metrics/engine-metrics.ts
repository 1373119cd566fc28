import type { EngineStats } from '../../engine/engine.ts';
import { PAGE_TOKENS } from '../../pages.ts';

type EngineMetric = readonly [name: string, help: string, read: (stats: EngineStats) => number];

/** Gauges that are read from the engine when Prometheus asks. */
export const ENGINE_GAUGES: readonly EngineMetric[] = [
  [
    'num_requests_running',
    'Sequences that have started and not ended; more than seats while some are preempted.',
    (s) => s.numSequencesRunning,
  ],
  ['num_requests_waiting', 'Requests that wait for a seat.', (s) => s.numSequencesWaiting],
  ['num_tokens_waiting', 'Prompt tokens that wait for a seat.', (s) => s.numTokensWaiting],
  [
    'kv_cache_usage_perc',
    'KV cache usage, 1 means 100 percent.',
    (s) => ratio(s.numPagesUsed * PAGE_TOKENS, s.kvCacheTokens),
  ],
  ['kv_cache_tokens', 'Tokens that the KV cache holds.', (s) => s.kvCacheTokens],
  ['kv_cache_pages', 'Pages of the KV cache, of 64 tokens each.', (s) => s.kvCacheTokens / PAGE_TOKENS],
  ['kv_cache_pages_used', 'Pages that running sequences hold, each once.', (s) => s.numPagesUsed],
  ['kv_cache_pages_shared', 'Pages that more than one sequence holds.', (s) => s.numPagesShared],
  ['kv_cache_pages_kept', 'Pages that no sequence holds and that keep their tokens.', (s) => s.numPagesKept],
  [
    'kv_cache_window_pages_used',
    'Pages that running sequences hold in layers that see no more than a window.',
    (s) => s.numWindowPagesUsed,
  ],
  ['prefix_disk_bytes', "Bytes of the model's pages in PREFIX_CACHE_DIR.", (s) => s.numDiskBytes],
  ['seats', 'Sequences that may run at once.', (s) => s.maxNumSeqs],
  ['seats_used', 'Sequences that run now.', (s) => s.numSeatsUsed],
  ['tensors', 'Tensors alive in tfjs.', (s) => s.numTensors],
  ['runtime_bytes', 'Bytes behind tensors and own buffers.', (s) => s.runtimeBytes],
  ['engine_resident_memory_bytes', 'Resident memory of the engine process.', (s) => s.engineResidentBytes],
];

/** Counters that the engine keeps. */
export const ENGINE_COUNTERS: readonly EngineMetric[] = [
  ['prompt_tokens_total', 'Prompt tokens computed, each counted once.', (s) => s.numComputedPromptTokens],
  ['preemptions_total', 'Times a sequence was stopped for another, to go on later.', (s) => s.numPreemptions],
  [
    'recomputed_tokens_total',
    'Tokens computed once more after a sequence was stopped.',
    (s) => s.numRecomputedTokens,
  ],
  ['kv_cache_evicted_pages_total', 'Pages of the KV cache whose tokens had to go.', (s) => s.numEvictedPages],
  [
    'prefix_cache_queries_total',
    'Prompt tokens looked for in the prefix cache.',
    (s) => s.numPrefixCacheQueries,
  ],
  ['prefix_cache_hits_total', 'Prompt tokens found in the prefix cache.', (s) => s.numPrefixCacheHits],
  ['prefix_disk_hit_pages_total', 'Pages that prompts got from PREFIX_CACHE_DIR.', (s) => s.numHitPages],
  [
    'prefix_disk_missed_pages_total',
    'Pages of long prompts that were neither in memory nor read from PREFIX_CACHE_DIR.',
    (s) => s.numMissedPages,
  ],
  ['prefix_disk_written_pages_total', 'Pages written to PREFIX_CACHE_DIR.', (s) => s.numWrittenPages],
  [
    'prefix_disk_dropped_pages_total',
    'Pages not written to PREFIX_CACHE_DIR, since it was slow, full or not to be written to.',
    (s) => s.numDroppedPages,
  ],
  [
    'prefix_disk_damaged_files_total',
    'Files in PREFIX_CACHE_DIR that were not what was written.',
    (s) => s.numDamagedFiles,
  ],
  ['spec_decode_num_draft_tokens_total', 'Tokens of drafts computed.', (s) => s.numDraftTokens],
  [
    'spec_decode_num_accepted_tokens_total',
    'Tokens of drafts that their sequences drew as well.',
    (s) => s.numAcceptedDraftTokens,
  ],
  ['generation_tokens_total', 'Tokens generated.', (s) => s.numGeneratedTokens],
  ['wasted_tokens_total', 'Tokens computed for clients that were gone already.', (s) => s.numWastedTokens],
  ['steps_total', 'Engine steps run.', (s) => s.numSteps],
  ['step_rows_total', 'Rows computed in steps, padding left out.', (s) => s.numRows],
  [
    'step_padded_rows_total',
    'Rows of padding computed in steps: 0 on a runtime that computes rows of tokens alone.',
    (s) => s.numPaddedRows,
  ],
  ['step_model_seconds_total', "Time of steps in the model's forward pass.", (s) => s.modelMs / 1000],
  [
    'step_format_seconds_total',
    'Time of the step loop for formats: masks, and tokens without alternative.',
    (s) => s.formatMs / 1000,
  ],
  ['engine_restarts_total', 'Times the engine process was replaced.', (s) => s.numRestarts],
];

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
