/** Compiles the sources of a checkout to its dist/. */
export function compile(root: string): Promise<number>;
/** Ends the process that compiles. */
export function stopCompiler(): Promise<void>;
/** The code with names of compiled modules, and the paths of their sources. */
export function withCompiledImports(code: string, path: string): { code: string; imports: string[] };
