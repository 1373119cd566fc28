import type { JSX } from 'preact';

export default function Attention(): JSX.Element {
  return <h1>Attention</h1>;
}
