import { useEffect, useRef, useState } from 'preact/hooks';
import { readEvents } from '../service/read-events.ts';
import { request } from '../service/request.ts';
import type { BenchmarkEvent, BenchmarkProgress, BenchmarkReport } from '../service/wire.ts';

/** What `POST /benchmark` is asked for. */
export interface Workload {
  prompt_tokens: number;
  max_tokens: number;
  concurrency: readonly number[];
  repeats: number;
  context_sweep: boolean;
  modes: readonly ('engine' | 'http')[];
}

export interface BenchmarkState {
  isRunning: boolean;
  progress: BenchmarkProgress | undefined;
  report: BenchmarkReport | undefined;
  error: unknown;
}

const NOTHING: BenchmarkState = {
  isRunning: false,
  progress: undefined,
  report: undefined,
  error: undefined,
};

/** One benchmark at a time; it ends with its view, since the service stops one whose client is gone. */
export function useBenchmark(onDone: () => void): {
  state: BenchmarkState;
  run: (workload: Workload) => Promise<void>;
  stop: () => void;
} {
  const [state, setState] = useState(NOTHING);
  const running = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const run = async (workload: Workload): Promise<void> => {
    const controller = new AbortController();
    running.current = controller;
    setState({ ...NOTHING, isRunning: true });
    try {
      const body = { ...workload, stream: true };
      const response = await request('benchmark', { body, signal: controller.signal });
      for await (const event of readEvents<BenchmarkEvent>(response)) {
        setState((before) => ({ ...before, ...event }));
      }
      onDone();
    } catch (error) {
      if (!controller.signal.aborted) setState((before) => ({ ...before, error }));
    }
    setState((before) => ({ ...before, isRunning: false, progress: undefined }));
  };
  return { state, run, stop: () => running.current?.abort() };
}
