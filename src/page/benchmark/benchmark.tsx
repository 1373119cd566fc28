import type { JSX } from 'preact';

export default function Benchmark(): JSX.Element {
  return <h1>Benchmark</h1>;
}
