import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { requestJson } from '../service/request.ts';
import type { GatewayLog, GatewayLogList } from '../service/wire.ts';
import { CopyButton } from '../shell/copy-button.tsx';
import { ErrorNote } from '../shell/error-note.tsx';
import { useAnswer } from '../shell/use-answer.ts';

/** A gateway that is not named is called so. */
const DEFAULT_GATEWAY = 'default';
const MAX_ROWS = 50;

/** The requests that went through an AI gateway, the newest first. */
export default function Gateway(): JSX.Element {
  const [name, setName] = useState(DEFAULT_GATEWAY);
  const [numAsked, setNumAsked] = useState(0);
  const { value, error } = useAnswer(
    (signal) => requestJson<GatewayLogList>(pathOf(name), { signal }),
    [name, numAsked],
  );
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const asked = new FormData(event.currentTarget as HTMLFormElement).get('gateway');
    if (typeof asked === 'string' && asked !== '') setName(asked);
    setNumAsked(numAsked + 1);
  };
  return (
    <>
      <h1>Gateway</h1>
      <p>
        Your requests that went through an AI gateway of this service, by <code>env.AI.gateway</code> of a
        Worker or below <code>/gateway</code>: whom they asked, what came of it, what the cache answered.
      </p>
      <form class="panel" onSubmit={submit}>
        <label>
          Gateway <input name="gateway" defaultValue={name} pattern="[\w\-]{1,64}" required />
        </label>{' '}
        <button type="submit">Show</button>
      </form>
      {error !== undefined && <ErrorNote error={error} />}
      {value !== undefined && <Logs list={value} gateway={name} />}
    </>
  );
}

const pathOf = (gateway: string): string =>
  `ai-gateway/gateways/${encodeURIComponent(gateway)}/logs?per_page=${MAX_ROWS}`;

/** A request through a gateway, which needs no other service than this one. */
const exampleFor = (gateway: string): string =>
  [
    `curl ${document.baseURI}gateway/local/${gateway}/openai/chat/completions \\`,
    '  -H "authorization: Bearer $TOKENFLARE_KEY" \\',
    `  -H 'content-type: application/json' \\`,
    `  -d '{"messages": [{"role": "user", "content": "Hello!"}]}'`,
  ].join('\n');

function NoLogs({ gateway }: { gateway: string }): JSX.Element {
  const example = exampleFor(gateway);
  return (
    <section class="panel" aria-label="To begin with">
      <p>No request of yours went through it. Send one in a shell, then press Show:</p>
      <pre tabIndex={0}>
        <code>{example}</code>
      </pre>
      <p class="buttons">
        <CopyButton text={example} />
      </p>
    </section>
  );
}

function Logs({ list, gateway }: { list: GatewayLogList; gateway: string }): JSX.Element {
  const { result, result_info: info } = list;
  if (result.length === 0) return <NoLogs gateway={gateway} />;
  return (
    <>
      <p class="quiet">
        {result.length} of {info.total_count}
      </p>
      <div class="scroll" tabIndex={0} role="region" aria-label="Logs">
        <table>
          <thead>
            <tr>
              {[
                'Time',
                'Provider',
                'Model',
                'Status',
                'Cache',
                'Tokens in',
                'Tokens out',
                'ms',
                'Metadata',
              ].map((title) => (
                <th key={title}>{title}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {result.map((log) => (
              <Row key={log.id} log={log} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Row({ log }: { log: GatewayLog }): JSX.Element {
  return (
    <tr>
      <td title={log.id}>{new Date(log.created_at).toLocaleTimeString()}</td>
      <td>{log.provider}</td>
      <td>{log.model}</td>
      <td>{log.status_code}</td>
      <td>{log.cached ? 'hit' : 'miss'}</td>
      <td>{log.tokens_in ?? '–'}</td>
      <td>{log.tokens_out ?? '–'}</td>
      <td>{log.duration}</td>
      <td>{log.metadata ?? ''}</td>
    </tr>
  );
}
