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
    /** Plain data, or a function of plain values. */
    set(name: string, value: unknown): void;
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
  }

  export class Interpreter {
    constructor(environment: Environment);
    run(program: Program): { value: string };
    evaluate(statement: Expression, environment: object): RuntimeValue;
    /** The text that statements write, one after the other. */
    evaluateBlock(statements: readonly Expression[], environment: object): RuntimeValue;
    evaluateBinaryExpression(node: Expression, environment: object): RuntimeValue;
  }
}
