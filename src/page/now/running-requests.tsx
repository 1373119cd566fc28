import type { JSX } from 'preact';
import type { RunningRequest } from '../service/wire.ts';

/** Rows of the table; the seats above it have all that run. */
const MAX_ROWS = 16;

interface SeatsProps {
  used: number;
  all: number;
  requests: readonly RunningRequest[];
}

/** A square for each sequence that may run. Those of one request have one colour. */
export function Seats({ used, all, requests }: SeatsProps): JSX.Element {
  const requestOf = new Map(requests.flatMap((request, index) => request.seats.map((seat) => [seat, index])));
  return (
    <div class="seats" role="img" aria-label={`${used} of ${all} seats in use`}>
      {Array.from({ length: all }, (_, seat) => (
        <Seat
          key={seat}
          seat={seat}
          request={requestOf.get(seat)}
          name={nameOf(requests[requestOf.get(seat) ?? -1])}
        />
      ))}
    </div>
  );
}

interface SeatProps {
  seat: number;
  /** Its position in the table. */
  request: number | undefined;
  name: string;
}

function Seat({ seat, request, name }: SeatProps): JSX.Element {
  if (request === undefined) return <span class="seat" title={`seat ${seat}`} />;
  return <span class={`seat used hue-${request % 6}`} title={`seat ${seat}: ${name}`} />;
}

const nameOf = (request: RunningRequest | undefined): string => request?.id ?? "another client's";

/** The requests that run and wait, with the seats of their sequences. */
export function RequestTable({ requests }: { requests: readonly RunningRequest[] }): JSX.Element | null {
  if (requests.length === 0) return null;
  return (
    <div class="requests" tabIndex={0} role="region" aria-label="Requests">
      <table>
        <thead>
          <tr>
            <th>Request</th>
            <th>Seats</th>
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
  const { seats, queue_position: position, usage, max_tokens: maxTokens, timings } = request;
  return (
    <tr>
      <td>{nameOf(request)}</td>
      <td>
        {seats.length > 0 ? seats.join(', ') : position === null ? 'waits' : `waits, position ${position}`}
      </td>
      <td>{usage.prompt_tokens}</td>
      <td>
        {usage.completion_tokens} of {maxTokens}
      </td>
      <td>{(timings.total_ms / 1000).toFixed(1)}</td>
    </tr>
  );
}
