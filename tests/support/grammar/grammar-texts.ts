import type { Expression, Grammar, Terminal } from '../../../src/grammar/grammar.ts';
import { acceptsBytes, randomBytes } from './random-walk.ts';
import { isSizedText, randomSizedBytes } from './sized-texts.ts';

type Random = () => number;

/** A random text of a grammar, which tends to an end once it is long. Special tokens are written as `<|name|>`. */
export function randomTextOf(grammar: Grammar, random: Random): string {
  const bytes: number[] = [];
  new Walker(grammar, random, bytes).walk(grammar.rules[0]!, 0);
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
}

const HURRY_LENGTH = 400;
const HURRY_DEPTH = 24;

class Walker {
  readonly #grammar: Grammar;
  readonly #random: Random;
  readonly #bytes: number[];
  /** How deep rules nest at least until each rule has ended. */
  readonly #heights: number[];

  constructor(grammar: Grammar, random: Random, bytes: number[]) {
    this.#grammar = grammar;
    this.#random = random;
    this.#bytes = bytes;
    this.#heights = heightsOf(grammar);
  }

  walk(expression: Expression, depth: number): void {
    const hurries = this.#bytes.length > HURRY_LENGTH || depth > HURRY_DEPTH;
    switch (expression.type) {
      case 'terminal':
        this.#write(this.#grammar.terminals[expression.index]!);
        return;
      case 'specialToken':
        this.#bytes.push(...Buffer.from(expression.name));
        return;
      case 'sequence':
        for (const item of expression.items) this.walk(item, depth);
        return;
      case 'choice': {
        const heights = expression.items.map((item) => heightOf(item, this.#heights));
        const least = Math.min(...heights);
        const items = expression.items.filter((_, i) => !hurries || heights[i] === least);
        this.walk(items[Math.floor(this.#random() * items.length)]!, depth);
        return;
      }
      case 'repeat': {
        const most = Math.min(expression.max ?? Infinity, expression.min + 4);
        const count = hurries
          ? expression.min
          : expression.min + Math.floor(this.#random() * (most - expression.min + 1));
        for (let i = 0; i < count; i++) this.walk(expression.item, depth);
        return;
      }
      case 'rule':
        this.walk(this.#grammar.rules[expression.index]!, depth + 1);
    }
  }

  #write(terminal: Terminal): void {
    if (terminal.type === 'literal') this.#bytes.push(...terminal.bytes);
    else if (terminal.type === 'automaton')
      this.#bytes.push(...randomBytes(terminal.automaton, this.#random));
    else if (terminal.type === 'sized') this.#bytes.push(...randomSizedBytes(terminal, this.#random));
    else {
      const most = Math.min(terminal.max ?? Infinity, terminal.min + 5);
      // The greatest count itself now and then: it is where a bound is off by one.
      const wants = this.#random() < 0.1 && (terminal.max ?? Infinity) <= 200 ? terminal.max! : most;
      const count = terminal.min + Math.floor(this.#random() * (wants - terminal.min + 1));
      for (let i = 0; i < count; i++) this.#bytes.push(...randomBytes(terminal.word, this.#random));
    }
  }
}

function heightsOf({ rules }: Grammar): number[] {
  const heights = rules.map(() => Infinity);
  for (let changes = true; changes;) {
    changes = false;
    rules.forEach((rule, i) => {
      const height = 1 + heightOf(rule, heights);
      if (height < heights[i]!) {
        heights[i] = height;
        changes = true;
      }
    });
  }
  return heights;
}

function heightOf(expression: Expression, heights: readonly number[]): number {
  switch (expression.type) {
    case 'rule':
      return heights[expression.index]!;
    case 'sequence':
      return Math.max(0, ...expression.items.map((item) => heightOf(item, heights)));
    case 'choice':
      return Math.min(...expression.items.map((item) => heightOf(item, heights)));
    case 'repeat':
      return expression.min === 0 ? 0 : heightOf(expression.item, heights);
    default:
      return 0;
  }
}

/** Whether a text is one of a grammar: tries every way, for short texts. */
export function isTextOf(grammar: Grammar, text: string): boolean {
  const bytes = Buffer.from(text);
  const known = new Map<string, ReadonlySet<number>>();

  const endsOfTerminal = (terminal: Terminal, start: number): number[] => {
    if (terminal.type === 'literal') {
      const end = start + terminal.bytes.length;
      return Buffer.from(terminal.bytes).equals(bytes.subarray(start, end)) ? [end] : [];
    }
    const ends = Array.from({ length: bytes.length - start + 1 }, (_, i) => start + i);
    if (terminal.type === 'automaton')
      return ends.filter((end) => acceptsBytes(terminal.automaton, bytes.subarray(start, end)));
    if (terminal.type === 'sized')
      return ends.filter((end) => isSizedText(terminal, bytes.subarray(start, end)));
    const found: number[] = [];
    let position = start;
    for (let count = 0; ; count++) {
      if (count >= terminal.min && count <= (terminal.max ?? Infinity)) found.push(position);
      const end = ends.find(
        (it) => it > position && acceptsBytes(terminal.word, bytes.subarray(position, it)),
      );
      if (end === undefined) return found;
      position = end;
    }
  };

  const endsOf = (expression: Expression, start: number): ReadonlySet<number> => {
    switch (expression.type) {
      case 'terminal':
        return new Set(endsOfTerminal(grammar.terminals[expression.index]!, start));
      case 'specialToken':
        return new Set(endsOfTerminal({ type: 'literal', bytes: Buffer.from(expression.name) }, start));
      case 'sequence':
        return expression.items.reduce<ReadonlySet<number>>(
          (starts, item) => new Set([...starts].flatMap((it) => [...endsOf(item, it)])),
          new Set([start]),
        );
      case 'choice':
        return new Set(expression.items.flatMap((item) => [...endsOf(item, start)]));
      case 'repeat': {
        const found = new Set<number>();
        let starts: ReadonlySet<number> = new Set([start]);
        for (let count = 0; starts.size > 0 && count <= (expression.max ?? Infinity); count++) {
          if (count >= expression.min) starts.forEach((it) => found.add(it));
          starts = new Set([...starts].flatMap((it) => [...endsOf(expression.item, it)]));
          if (count > bytes.length + expression.min) break;
        }
        return found;
      }
      case 'rule': {
        const key = `${expression.index} ${start}`;
        const ends = known.get(key) ?? endsOf(grammar.rules[expression.index]!, start);
        known.set(key, ends);
        return ends;
      }
    }
  };
  return endsOf(grammar.rules[0]!, 0).has(bytes.length);
}
