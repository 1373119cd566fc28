import type { Cell } from './measure-cell.ts';

/** What a cell measures, in words: for the heading of a column or a row. */
export function cellTitle(cell: Cell): string {
  switch (cell.kind) {
    case 'decode':
      return `decode tokens/s, prompts cached, ${cell.streams} ${cell.streams === 1 ? 'stream' : 'streams'}`;
    case 'requests':
      return `new tokens/s of whole requests, ${cell.streams} at once`;
    case 'ttft':
      return `TTFT, ${cell.promptTokens} tokens`;
  }
}
