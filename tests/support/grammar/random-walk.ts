import type { ByteAutomaton } from '../../../src/grammar/grammar.ts';

export function acceptsBytes(automaton: ByteAutomaton, bytes: Uint8Array): boolean {
  let state = 0;
  for (const byte of bytes) {
    state = automaton.next[state * automaton.numClasses + automaton.classOf[byte]!]!;
    if (state < 0) return false;
  }
  return automaton.accepts[state] === 1;
}

/** Random bytes of the automaton, which tend to an end after a while. `random` gives numbers from 0 to 1. */
export function randomBytes(automaton: ByteAutomaton, random: () => number): number[] {
  const distances = distancesToEnd(automaton);
  const bytes: number[] = [];
  for (let state = 0; ;) {
    const hurries = bytes.length > 24;
    if (automaton.accepts[state] === 1 && (hurries || random() < 0.25)) return bytes;
    let targets = targetsOf(automaton, state);
    if (targets.length === 0) return bytes;
    const nearest = Math.min(...targets.map(([, target]) => distances[target]!));
    if (hurries) targets = targets.filter(([, target]) => distances[target] === nearest);
    // A class first, then a byte of it, so that rare bytes come too.
    const classes = [...new Set(targets.map(([byte]) => automaton.classOf[byte]!))];
    const chosen = classes[Math.floor(random() * classes.length)];
    const members = targets.filter(([byte]) => automaton.classOf[byte] === chosen);
    const [byte, target] = members[Math.floor(random() * members.length)]!;
    bytes.push(byte);
    state = target;
  }
}

export const randomText = (automaton: ByteAutomaton, random: () => number): string =>
  new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
    Uint8Array.from(randomBytes(automaton, random)),
  );

function targetsOf(automaton: ByteAutomaton, state: number): [number, number][] {
  const targets: [number, number][] = [];
  for (let byte = 0; byte < 256; byte++) {
    const target = automaton.next[state * automaton.numClasses + automaton.classOf[byte]!]!;
    if (target >= 0) targets.push([byte, target]);
  }
  return targets;
}

const known = new WeakMap<ByteAutomaton, number[]>();

/** Bytes from each state to the nearest end. */
function distancesToEnd(automaton: ByteAutomaton): number[] {
  const kept = known.get(automaton);
  if (kept !== undefined) return kept;
  const distances = Array.from({ length: automaton.numStates }, (_, s) =>
    automaton.accepts[s] === 1 ? 0 : Infinity,
  );
  for (let changes = true; changes;) {
    changes = false;
    for (let state = automaton.numStates - 1; state >= 0; state--)
      for (let c = 0; c < automaton.numClasses; c++) {
        const target = automaton.next[state * automaton.numClasses + c]!;
        const distance = target < 0 ? Infinity : distances[target]! + 1;
        changes ||= distance < distances[state]!;
        distances[state] = Math.min(distances[state]!, distance);
      }
  }
  known.set(automaton, distances);
  return distances;
}
