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
  return <span class={`seat used ${hueOf(request)}`} title={`seat ${seat}: ${name}`} />;
}

/** @param request its position in the table */
const hueOf = (request: number): string => `hue-${request % 6}`;

const nameOf = (request: RunningRequest | undefined): string => request?.id ?? "another client's";

/** The requests that run and wait, with the seats of their sequences. */
export function RequestTable({ requests }: { requests: readonly RunningRequest[] }): JSX.Element | null {
  if (requests.length === 0) return null;
  return (
    <div class="scroll requests" tabIndex={0} role="region" aria-label="Requests">
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
            <Row key={request.id ?? `other-${index}`} request={request} index={index} />
          ))}
        </tbody>
      </table>
      {requests.length > MAX_ROWS && <p class="quiet">and {requests.length - MAX_ROWS} more</p>}
    </div>
  );
}

/** Enough to tell ids apart, and to find one in a log. */
const NUM_ID_LETTERS = 8;

function Row({ request, index }: { request: RunningRequest; index: number }): JSX.Element {
  const { seats, queue_position: position, usage, max_tokens: maxTokens, timings } = request;
  return (
    <tr>
      <td title={request.id ?? undefined}>
        {request.id === null ? nameOf(request) : `…${request.id.slice(-NUM_ID_LETTERS)}`}
      </td>
      <td>
        {seats.length > 0 && <span class={`seat used ${hueOf(index)}`} />}
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
