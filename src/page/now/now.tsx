import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { apiKey } from '../service/api-key.ts';
import { request, requestJson } from '../service/request.ts';
import type { RequestList, RunningRequest } from '../service/wire.ts';
import { formatBytes } from '../shell/format-bytes.ts';
import { ErrorNote } from '../shell/error-note.tsx';
import { useStore } from '../shell/store.ts';
import { quantileBetween } from './histogram.ts';
import { parseMetrics } from './parse-metrics.ts';
import { Seats, RequestTable } from './running-requests.tsx';
import { Sparkline } from './sparkline.tsx';
import { ratesOf, toSnapshot, type ModelSnapshot, type Rates, type Snapshot } from './snapshot.ts';
import './now.css';

const PERIOD_MS = 1000;
/** Snapshots that are kept: two minutes. */
const MAX_SNAPSHOTS = 120;

/** What the service does at this moment, read from its metrics each second. */
export default function Now(): JSX.Element {
  const { snapshots, error } = useSnapshots();
  const latest = snapshots.at(-1);
  return (
    <>
      <h1>Now</h1>
      <p>
        What the service does at this moment, read each second: requests that run and wait, their seats, the
        pages of the KV cache, tokens per second, the time of a step, memory.
      </p>
      {latest === undefined && error === undefined && <p class="quiet">The first figures are being read …</p>}
      {latest !== undefined && error === undefined && isIdle(snapshots) && (
        <p class="panel">
          Nothing runs. Ask something in the <a href="#/playground">playground</a> of another tab, or start a{' '}
          <a href="#/benchmark">benchmark</a> there, and watch it here.
        </p>
      )}
      {error !== undefined && <ErrorNote error={error} />}
      {error !== undefined && latest !== undefined && (
        <p>The figures below are of {timeOf(latest)}, when the service last answered.</p>
      )}
      {latest !== undefined && (
        <>
          <dl class="facts">
            <dt>Memory of the service</dt>
            <dd>{formatBytes(latest.serviceBytes)}</dd>
            <dt>Delay of its event loop (p99)</dt>
            <dd>{loopDelayOf(snapshots)}</dd>
            <dt>Models loaded</dt>
            <dd>{latest.models.length}</dd>
          </dl>
          {latest.models.map(({ id }) => (
            <ModelNow
              key={id}
              history={historyOf(id, snapshots)}
              requests={latest.requests.filter(({ model }) => model === id)}
            />
          ))}
        </>
      )}
    </>
  );
}

const timeOf = ({ atMs }: Snapshot): string => new Date(performance.timeOrigin + atMs).toLocaleTimeString();

/** No request since the page looks. */
const isIdle = (snapshots: readonly Snapshot[]): boolean =>
  snapshots.every(
    ({ requests, models }) => requests.length === 0 && models.every(({ waiting }) => waiting === 0),
  );

/** Over the time that the page shows; 99 of 100 delays were below. */
function loopDelayOf(snapshots: readonly Snapshot[]): string {
  const [first, latest] = [snapshots[0], snapshots.at(-1)];
  if (first === undefined || latest === undefined) return '';
  const seconds = quantileBetween(first.loopDelays, latest.loopDelays, 0.99);
  return seconds === undefined ? '–' : `${(1000 * seconds).toFixed(1)} ms`;
}

interface Moment {
  atMs: number;
  model: ModelSnapshot;
}

const historyOf = (id: string, snapshots: readonly Snapshot[]): Moment[] =>
  snapshots.flatMap(({ atMs, models }) =>
    models.filter((model) => model.id === id).map((model) => ({ atMs, model })),
  );

function useSnapshots(): { snapshots: readonly Snapshot[]; error: unknown } {
  const key = useStore(apiKey);
  const [snapshots, setSnapshots] = useState<readonly Snapshot[]>([]);
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    const controller = new AbortController();
    void follow(controller.signal, {
      onSnapshot: (snapshot) => {
        setError(undefined);
        setSnapshots((before) => [...before, snapshot].slice(-MAX_SNAPSHOTS));
      },
      onError: setError,
    });
    return () => controller.abort();
  }, [key]);
  return { snapshots, error };
}

interface Follower {
  onSnapshot: (snapshot: Snapshot) => void;
  onError: (error: unknown) => void;
}

/** Asks again a second after each answer, for as long as the page is looked at. */
async function follow(signal: AbortSignal, follower: Follower): Promise<void> {
  while (!signal.aborted) {
    if (!document.hidden) await askOnce(signal, follower);
    await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
  }
}

/** An answer that comes after the reader left the view is dropped. */
async function askOnce(signal: AbortSignal, { onSnapshot, onError }: Follower): Promise<void> {
  try {
    const [metrics, { data: requests }] = await Promise.all([
      request('metrics', { signal }).then((response) => response.text()),
      requestJson<RequestList>('v1/requests', { signal }),
    ]);
    onSnapshot(toSnapshot(parseMetrics(metrics), requests, performance.now()));
  } catch (error) {
    if (!signal.aborted) onError(error);
  }
}

interface ModelNowProps {
  history: readonly Moment[];
  requests: readonly RunningRequest[];
}

function ModelNow({ history, requests }: ModelNowProps): JSX.Element | null {
  const latest = history.at(-1);
  if (latest === undefined) return null;
  const rates = ratesBetween(history);
  const rate = rates.at(-1);
  const { id, running, waiting, seats, seatsUsed, kvUsage, engineBytes } = latest.model;
  const { pages, pagesUsed, pagesShared, pagesKept } = latest.model;
  return (
    <section class="panel model" aria-label={id}>
      <h2>{id}</h2>
      <Seats used={seatsUsed} all={seats} requests={requests} />
      <dl class="facts">
        <dt>Running</dt>
        <dd>{running}</dd>
        <dt>Waiting</dt>
        <dd>{waiting}</dd>
        <dt>KV cache in use</dt>
        <dd>
          <meter min={0} max={1} value={kvUsage} aria-label="KV cache in use" /> {(100 * kvUsage).toFixed(1)}{' '}
          %
        </dd>
        <dt>Its pages</dt>
        <dd>
          {pagesUsed} of {pages} in use, {pagesShared} shared, {pagesKept} kept
        </dd>
        <dt>Memory of its engine</dt>
        <dd>{formatBytes(Math.max(engineBytes, 1))}</dd>
      </dl>
      <div class="lines">
        <Sparkline
          title="Tokens per second"
          values={rates.map(({ generatedPerS }) => generatedPerS)}
          digits={0}
        />
        <Sparkline
          title="Prompt tokens per second"
          values={rates.map(({ promptPerS }) => promptPerS)}
          digits={0}
        />
        <Sparkline title="Step, ms" values={rates.map(({ stepMs }) => stepMs ?? 0)} digits={1} />
        <Sparkline title="Waiting" values={history.map(({ model }) => model.waiting)} digits={0} />
      </div>
      <RequestTable requests={requests} />
      {rate === undefined && <p class="quiet">The first figures come after a second.</p>}
    </section>
  );
}

const ratesBetween = (history: readonly Moment[]): Rates[] =>
  history.slice(1).map(({ atMs, model }, index) => {
    const before = history[index] ?? { atMs, model };
    return ratesOf(before.model, model, atMs - before.atMs);
  });
