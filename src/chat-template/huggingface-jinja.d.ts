/**
 * The part of @huggingface/jinja 0.5 that is used here. Its own declarations import each other without file
 * extensions, which Node's module resolution does not follow, so that every type in them is an error.
 */
declare module '@huggingface/jinja' {
  interface Token {
    value: string;
    type: string;
  }

  interface Program {
    type: string;
  }

  export function tokenize(
    source: string,
    options: { lstrip_blocks: boolean; trim_blocks: boolean },
  ): Token[];
  export function parse(tokens: Token[]): Program;

  export class Environment {
    constructor(parent?: Environment);
    /** Plain data, or a function of plain values; gives the library's own value of it. */
    set(name: string, value: unknown): RuntimeValue;
    setVariable(name: string, value: RuntimeValue): void;
  }

  /** A value while a template runs: text, a number, a list of such values, a map of them. */
  export interface RuntimeValue {
    type: string;
    value: unknown;
    toString(): string;
  }

  /** A part of a parsed template. */
  export interface Expression {
    type: string;
    value?: unknown;
    operator?: { value: string };
    left?: Expression;
    right?: Expression;
    operand?: Expression;
    filter?: Expression;
    test?: Expression;
    negate?: boolean;
    callee?: Expression;
    args?: readonly Expression[];
    object?: Expression;
    property?: Expression;
    computed?: boolean;
    iterable?: Expression;
    loopvar?: Expression;
    body?: readonly Expression[];
    defaultBlock?: readonly Expression[];
    assignee?: Expression;
    lhs?: Expression;
  }

  export class Interpreter {
    constructor(environment: Environment);
    run(program: Program): { value: string };
    evaluate(statement: Expression, environment: Environment): RuntimeValue;
    /** The text that statements write, one after the other. */
    evaluateBlock(statements: readonly Expression[], environment: Environment): RuntimeValue;
    evaluateBinaryExpression(node: Expression, environment: Environment): RuntimeValue;
    evaluateFilterExpression(node: Expression, environment: Environment): RuntimeValue;
    applyFilter(operand: RuntimeValue, filter: Expression, environment: Environment): RuntimeValue;
    evaluateTestExpression(node: Expression, environment: Environment): RuntimeValue;
    evaluateCallExpression(node: Expression, environment: Environment): RuntimeValue;
    evaluateFor(node: Expression, environment: Environment): RuntimeValue;
    evaluateSet(node: Expression, environment: Environment): RuntimeValue;
    evaluateArguments(
      args: readonly Expression[],
      environment: Environment,
    ): [args: RuntimeValue[], named: Map<string, RuntimeValue>];
  }
}
