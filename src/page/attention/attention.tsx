import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Series } from '../series/series.tsx';
import { readAttentionQuery } from './address.ts';
import { Heads } from './heads.tsx';
import './attention.css';

/** What a model's heads look at, and the steps by which attention is built. */
export default function Attention(): JSX.Element {
  const hash = useHash();
  const isSeries = hash === '#/attention/series';
  return (
    <>
      <h1>Attention</h1>
      <nav class="parts" aria-label="Parts of this view">
        <a href="#/attention" aria-current={isSeries ? undefined : 'page'}>
          A model's heads
        </a>
        <a href="#/attention/series" aria-current={isSeries ? 'page' : undefined}>
          Step by step
        </a>
      </nav>
      {isSeries ? <Series /> : <Heads key={hash} query={readAttentionQuery(hash)} />}
    </>
  );
}

function useHash(): string {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const follow = (): void => setHash(location.hash);
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return hash;
}
