import type { JSX } from 'preact';
import type { RunningRequest } from '../service/wire.ts';

/** Rows of the table; the lanes above it have all that run. */
const MAX_ROWS = 16;

interface LanesProps {
  used: number;
  all: number;
  requests: readonly RunningRequest[];
}

/** A square for each lane of the cache. Those of one request have one colour. */
export function Lanes({ used, all, requests }: LanesProps): JSX.Element {
  const requestOf = new Map(requests.flatMap((request, index) => request.lanes.map((lane) => [lane, index])));
  return (
    <div class="lanes" role="img" aria-label={`${used} of ${all} lanes in use`}>
      {Array.from({ length: all }, (_, lane) => (
        <Lane
          key={lane}
          lane={lane}
          request={requestOf.get(lane)}
          name={nameOf(requests[requestOf.get(lane) ?? -1])}
        />
      ))}
    </div>
  );
}

interface LaneProps {
  lane: number;
  /** Its position in the table. */
  request: number | undefined;
  name: string;
}

function Lane({ lane, request, name }: LaneProps): JSX.Element {
  if (request === undefined) return <span class="lane" title={`lane ${lane}`} />;
  return <span class={`lane used hue-${request % 6}`} title={`lane ${lane}: ${name}`} />;
}

const nameOf = (request: RunningRequest | undefined): string => request?.id ?? "another client's";

/** The requests that run and wait, with the lanes of their sequences. */
export function RequestTable({ requests }: { requests: readonly RunningRequest[] }): JSX.Element | null {
  if (requests.length === 0) return null;
  return (
    <div class="requests" tabIndex={0} role="region" aria-label="Requests">
      <table>
        <thead>
          <tr>
            <th>Request</th>
            <th>Lanes</th>
            <th>Prompt</th>
            <th>Tokens</th>
            <th>Seconds</th>
          </tr>
        </thead>
        <tbody>
          {requests.slice(0, MAX_ROWS).map((request, index) => (
            <Row key={request.id ?? `other-${index}`} request={request} />
          ))}
        </tbody>
      </table>
      {requests.length > MAX_ROWS && <p class="quiet">and {requests.length - MAX_ROWS} more</p>}
    </div>
  );
}

function Row({ request }: { request: RunningRequest }): JSX.Element {
  const { lanes, queue_position: position, usage, max_tokens: maxTokens, timings } = request;
  return (
    <tr>
      <td>{nameOf(request)}</td>
      <td>
        {lanes.length > 0 ? lanes.join(', ') : position === null ? 'waits' : `waits, position ${position}`}
      </td>
      <td>{usage.prompt_tokens}</td>
      <td>
        {usage.completion_tokens} of {maxTokens}
      </td>
      <td>{(timings.total_ms / 1000).toFixed(1)}</td>
    </tr>
  );
}
