import { assertInvariant } from '../../errors.ts';
import type { ByteAutomaton, Expression, Grammar, Terminal } from '../grammar.ts';

/** An expression with its parts by index: rules are resolved, so that a frame of a stack is two numbers. */
export type Node =
  | { readonly type: 'terminal'; readonly terminal: Terminal; readonly suffix: Uint8Array }
  | { readonly type: 'specialToken'; readonly name: string }
  | { readonly type: 'sequence'; readonly items: readonly number[] }
  | { readonly type: 'choice'; readonly items: readonly number[] }
  | { readonly type: 'repeat'; readonly item: number; readonly min: number; readonly max: number };

export interface Program {
  readonly nodes: readonly Node[];
  /** The node of the whole text. */
  readonly start: number;
}

export type TerminalNode = Extract<Node, { type: 'terminal' }>;

const NO_SUFFIX = new Uint8Array();

/**
 * A grammar's expressions as a list of nodes. A counted or sized terminal takes the literal behind it in, see
 * CountedStates.
 */
export function toProgram({ rules, terminals }: Grammar): Program {
  const nodes: Node[] = [];
  const add = (node: Node): number => nodes.push(node) - 1;
  // Each rule has a node from the beginning, since rules refer to those behind them.
  const nodeOfRule = rules.map(() => add({ type: 'sequence', items: [] }));

  const terminalAt = (index: number): Terminal => {
    const terminal = terminals[index];
    assertInvariant(terminal !== undefined, `a grammar has its terminal ${index}`);
    return terminal;
  };
  const ruleAt = (index: number): number => {
    const node = nodeOfRule[index];
    assertInvariant(node !== undefined, `a grammar has its rule ${index}`);
    return node;
  };
  const addAll = (items: readonly Expression[]): number[] => items.map(addExpression);

  function addSequence(items: readonly Expression[]): number[] {
    const added: number[] = [];
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      const behind = items[i + 1];
      const terminal = item?.type === 'terminal' ? terminalAt(item.index) : undefined;
      const literal = behind?.type === 'terminal' ? terminalAt(behind.index) : undefined;
      if (terminal !== undefined && literal?.type === 'literal' && mayEndBy(terminal, literal.bytes)) {
        added.push(add({ type: 'terminal', terminal, suffix: literal.bytes }));
        i++;
      } else if (item !== undefined) added.push(addExpression(item));
    }
    return added;
  }

  function addExpression(expression: Expression): number {
    switch (expression.type) {
      case 'terminal':
        return add({ type: 'terminal', terminal: terminalAt(expression.index), suffix: NO_SUFFIX });
      case 'specialToken':
        return add({ type: 'specialToken', name: expression.name });
      case 'sequence':
        return add({ type: 'sequence', items: addSequence(expression.items) });
      case 'choice':
        return add({ type: 'choice', items: addAll(expression.items) });
      case 'repeat': {
        const { min, max = Infinity } = expression;
        return add({ type: 'repeat', item: addExpression(expression.item), min, max });
      }
      case 'rule':
        return ruleAt(expression.index);
    }
  }

  for (const [index, rule] of rules.entries()) {
    nodes[ruleAt(index)] = { type: 'sequence', items: addSequence([rule]) };
  }
  return { nodes, start: ruleAt(0) };
}

/** Whether each byte still has one meaning: where a terminal that counts may end, none goes on as the literal begins. */
function mayEndBy(terminal: Terminal, literal: Uint8Array): boolean {
  const [first] = literal;
  if (first === undefined) return false;
  if (terminal.type === 'counted') return !reads(terminal.word, 0, first);
  if (terminal.type !== 'sized') return false;
  const { automaton } = terminal;
  return automaton.accepts.every((accepts, state) => accepts === 0 || !reads(automaton, state, first));
}

const reads = ({ next, classOf, numClasses }: ByteAutomaton, state: number, byte: number): boolean =>
  next[state * numClasses + (classOf[byte] ?? 0)] !== -1;
