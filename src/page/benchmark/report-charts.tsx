import type { PlotOptions } from '@observablehq/plot';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { Chart } from '../charts/chart.tsx';
import { downloadText } from '../charts/download.ts';
import {
  firstTokenChart,
  paddingChart,
  prefillChart,
  requestChart,
  stepChart,
  throughputChart,
  type NamedReport,
} from './chart-options.ts';
import { reportCsv } from './report-csv.ts';
import '../charts/charts.css';

interface ChartKind {
  title: string;
  of: 'loads' | 'sweep';
  options: (reports: readonly NamedReport[]) => PlotOptions;
}

const CHARTS: readonly ChartKind[] = [
  { title: 'Throughput', of: 'loads', options: throughputChart },
  { title: 'Time to the first token', of: 'loads', options: firstTokenChart },
  { title: 'Time of a whole request', of: 'loads', options: requestChart },
  { title: 'Padding', of: 'loads', options: paddingChart },
  { title: 'Prefill against context', of: 'sweep', options: prefillChart },
  { title: 'A cached step against context', of: 'sweep', options: stepChart },
];

/** Reports as charts, as a table, and as files. The first is the one that was just measured, if there is one. */
export function ReportCharts({ reports }: { reports: readonly NamedReport[] }): JSX.Element {
  const hasSweep = reports.some(({ report }) => report.context_sweep !== undefined);
  const hasLoads = reports.some(({ report }) => report.loads.length > 0);
  const shown = CHARTS.filter(({ of }) => (of === 'sweep' ? hasSweep : hasLoads));
  return (
    <>
      <div class="charts">
        {shown.map((kind) => (
          <KindChart key={kind.title} {...{ kind, reports }} />
        ))}
      </div>
      {reports.map((named) => (
        <Numbers key={named.name} named={named} />
      ))}
    </>
  );
}

function KindChart({ kind, reports }: { kind: ChartKind; reports: readonly NamedReport[] }): JSX.Element {
  const key = reports.map(({ name }) => name).join('|');
  const options = useMemo(() => kind.options(reports), [kind, key, reports.length]);
  return (
    <Chart title={kind.title} description={`of ${key}; the table below has the numbers`} options={options} />
  );
}

/** Times are milliseconds. */
const HEADINGS = [
  'Mode',
  'At once',
  'Tokens/s',
  'First token p50, ms',
  'First token p99, ms',
  'Request p50, ms',
  'Request p99, ms',
];

function Numbers({ named: { name, report } }: { named: NamedReport }): JSX.Element {
  const file = `benchmark-${report.started_at.slice(0, 19).replaceAll(':', '-')}`;
  return (
    <section aria-label={`Numbers of ${name}`}>
      <h2>Numbers of {name}</h2>
      <p class="quiet">
        {report.model.id} on {report.runtime}; {report.machine.cpu}, {report.machine.num_cores} cores
      </p>
      <p class="buttons">
        <button
          type="button"
          onClick={() => downloadText(`${file}.json`, 'application/json', JSON.stringify(report, null, 2))}
        >
          JSON<span class="unseen"> of {name}</span>
        </button>
        <button type="button" onClick={() => downloadText(`${file}.csv`, 'text/csv', reportCsv(report))}>
          CSV<span class="unseen"> of {name}</span>
        </button>
      </p>
      <div class="scroll" tabIndex={0} role="group" aria-label={`Table of ${name}`}>
        <table class="report">
          <thead>
            <tr>
              {HEADINGS.map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {report.loads.map(
              ({ mode, concurrency, generated_tokens_per_s: rate, ttft_ms: ttft, e2el_ms: e2el }) => (
                <tr key={`${mode}${concurrency}`}>
                  <td>{mode}</td>
                  <td>{concurrency}</td>
                  <td>{rate.toFixed(1)}</td>
                  {[ttft?.p50, ttft?.p99, e2el?.p50, e2el?.p99].map((value, index) => (
                    <td key={index}>{value?.toFixed(1) ?? '–'}</td>
                  ))}
                </tr>
              ),
            )}
          </tbody>
        </table>
      </div>
    </section>
  );
}
