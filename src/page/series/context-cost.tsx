import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { request } from '../service/request.ts';
import { readEvents } from '../service/read-events.ts';
import type { BenchmarkEvent, ContextSweep } from '../service/wire.ts';
import { ErrorNote } from '../shell/error-note.tsx';
import { Part } from './attention-parts.tsx';
import { formatBytes } from '../shell/format-bytes.ts';
import { scoreBytes } from './steps.ts';

const LENGTHS = [6, 1024, 2048, 131_072, 1_047_576];

/** What a longer context costs: in theory, and measured on the model that runs here. */
export function ContextCost(): JSX.Element {
  return (
    <Part
      title="What context length costs"
      words={
        <>
          <p>
            Every token looks at every one before it: twice the text makes four times the scores. A service
            that keeps keys and values computes one row of scores for each new token, which grows only as the
            text does.
          </p>
          <p>
            So theory has prefill's attention grow with the square of the tokens, and a cached step with their
            number. The button measures both here: a fit through the times of growing contexts.
          </p>
        </>
      }
    >
      <table class="numbers">
        <caption>Scores of one head of one layer, in float32</caption>
        <thead>
          <tr>
            <th scope="col">Tokens</th>
            <th scope="col">Scores</th>
            <th scope="col">Memory</th>
          </tr>
        </thead>
        <tbody>
          {LENGTHS.map((length) => (
            <tr key={length}>
              <th scope="row">{length.toLocaleString('en')}</th>
              <td>{(length ** 2).toLocaleString('en')}</td>
              <td>{formatBytes(scoreBytes(length))}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <MeasuredCost />
    </Part>
  );
}

type Measurement = 'none' | 'running' | { sweep: ContextSweep } | { error: unknown };

function MeasuredCost(): JSX.Element {
  const [measured, setMeasured] = useState<Measurement>('none');
  const measure = async (): Promise<void> => {
    setMeasured('running');
    try {
      const sweep = await measureSweep();
      setMeasured(sweep === undefined ? 'none' : { sweep });
    } catch (error) {
      setMeasured({ error });
    }
  };
  const isRunning = measured === 'running';
  return (
    <>
      <p>
        <button type="button" disabled={isRunning} onClick={() => void measure()}>
          {isRunning ? 'Measuring …' : 'Measure it here'}
        </button>
      </p>
      {typeof measured === 'object' && 'error' in measured && <ErrorNote error={measured.error} />}
      {typeof measured === 'object' && 'sweep' in measured && <Exponents sweep={measured.sweep} />}
    </>
  );
}

async function measureSweep(): Promise<ContextSweep | undefined> {
  const response = await request('benchmark', {
    body: { concurrency: [], context_sweep: true, modes: ['engine'], stream: true },
  });
  for await (const event of readEvents<BenchmarkEvent>(response)) {
    if ('report' in event) return event.report.context_sweep;
  }
  return undefined;
}

function Exponents({ sweep }: { sweep: ContextSweep }): JSX.Element {
  const lines = [
    ['Prefill', sweep.prefill],
    ["Prefill's attention alone", sweep.prefill_attention],
    ['A cached step', sweep.cached_step],
  ] as const;
  return (
    <table class="numbers">
      <caption>Exponents: time grows with tokens to the power of …</caption>
      <thead>
        <tr>
          <th scope="col">What</th>
          <th scope="col">Measured</th>
          <th scope="col">Theory</th>
        </tr>
      </thead>
      <tbody>
        {lines.map(([name, fit]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{fit.exponent?.toFixed(2) ?? 'no fit'}</td>
            <td>{fit.theory}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
