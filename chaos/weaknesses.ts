/** A way in which inference servers have been broken: a row of SECURITY.md. */
interface Weakness {
  readonly name: string;
  /** Where it was published; empty for a class of many. */
  readonly published: string;
  readonly answer: string;
  /** Files of tests. Cases name what they show themselves. */
  readonly tests: readonly string[];
}

/** Published classes of weaknesses, and what is done about each. */
export const WEAKNESSES = {
  'engine-ends': {
    name: 'one request ends the engine for all',
    published: 'CVE-2026-105757, PYSEC-2026-2303 (vLLM)',
    answer:
      'bounds at the edge; a step that throws ends its own sequences; a NaN ends its own sequence; ' +
      'restarts back off',
    tests: ['tests/unit/engine/worker/sequence-faults.test.ts'],
  },
  'template-wedges': {
    name: 'a template wedges all chats',
    published: 'CVE-2026-115911 (vLLM)',
    answer:
      "clients send no templates; the model's runs in a worker that is killed by time; chats wait in " +
      'fair shares with their own deadline',
    tests: [],
  },
  'thread-blocked': {
    name: 'the thread that answers is blocked',
    published: 'CVE-2025-62426 (vLLM)',
    answer:
      'texts are tokenised and rendered elsewhere; validation stops at the first fault; a body of ' +
      'megabytes is read in steps',
    tests: [],
  },
  'ids-collide': {
    name: 'ids of requests collide',
    published: 'CVE-2026-105755 (vLLM)',
    answer:
      'a record belongs to the client that made it; two clients may run requests under one id, and ' +
      'neither learns of the other',
    tests: ['tests/http/clients-apart.test.ts'],
  },
  'prefix-tells': {
    name: 'the prefix cache tells what others sent',
    published: 'CVE-2025-46570 (vLLM)',
    answer: "the cache is one client's own, unless `PREFIX_CACHE_SCOPE=all`",
    tests: [],
  },
  'no-bound': {
    name: 'a count without a bound',
    published: 'CVE-2026-34756 (vLLM)',
    answer: 'every list and number has a bound in `openapi.yaml`',
    tests: [],
  },
  'endless-expression': {
    name: 'an expression or a grammar that does not end',
    published: 'CVE-2026-55574',
    answer:
      "a tokenizer's expressions and the compiler of formats run in workers that are killed by time; " +
      'grammars and expressions become automata of our own, with bounds on their size and on the work ' +
      'for a token',
    tests: [
      'tests/unit/grammar/grammar-bounds.test.ts',
      'tests/unit/grammar/regular-languages.test.ts',
      'tests/unit/scheduler/guide-budget.test.ts',
    ],
  },
  pickle: {
    name: 'pickle, code of a model',
    published: 'CVE-2025-30165, CVE-2026-26220',
    answer: 'safetensors and GGUF alone are read; processes exchange plain data',
    tests: ['tests/e2e/bad-models.test.ts'],
  },
  'template-code': {
    name: 'a template runs code',
    published: 'CVE-2024-34359 (llama-cpp-python)',
    answer: 'values in a template are plain maps without prototypes, in a process without keys',
    tests: ['tests/unit/chat-template/renderer.test.ts'],
  },
  paths: {
    name: 'paths out of a directory, archives, requests',
    published: 'CVE-2024-37032, CVE-2024-45436, CVE-2026-5530 (Ollama)',
    answer:
      "a client names no path: a model's name is looked up in a list, an index of vectors is a folder " +
      "of the service's own; files to become Markdown are unpacked in memory, within bounds; what a " +
      'gateway fetches is from a host of `GATEWAY_HOSTS` alone',
    tests: ['tests/unit/catalog/select-files.test.ts', 'tests/unit/model-files.test.ts'],
  },
  'dns-rebinding': {
    name: 'DNS rebinding',
    published: 'CVE-2024-28224 (Ollama)',
    answer: 'a `Host` that is not an address, `localhost` or in `ALLOWED_HOSTS` gets 421',
    tests: ['tests/e2e/browser.test.ts'],
  },
  'prompts-in-logs': {
    name: 'prompts in logs (OWASP LLM 02)',
    published: '',
    answer: "an error's message is for its client; the log has its code and place",
    tests: ['tests/http/log-texts.test.ts'],
  },
  management: {
    name: 'management without a key',
    published: 'CVE-2025-63389 (Ollama)',
    answer:
      'of models there is none over HTTP; what is for admins is for their keys and this machine; loads ' +
      'are bounded in time and number',
    tests: [],
  },
  gguf: {
    name: 'GGUF beyond its bounds',
    published: 'CVE-2026-7482 (Ollama), CVE-2024-32878 (llama.cpp)',
    answer: 'every offset and count is checked against the file before a byte is read',
    tests: ['tests/unit/model/mutated-files.test.ts'],
  },
  'paths-in-messages': {
    name: 'paths of the server in messages',
    published: 'ollama#13223',
    answer: 'clients are told names, not paths; values are echoed up to 200 characters',
    tests: [],
  },
  smuggling: {
    name: 'request smuggling',
    published: 'CVE-2024-27982, CVE-2025-23167 (Node)',
    answer: "Node's own parser in strict mode; a release with known faults is named at start",
    tests: [],
  },
  consumption: {
    name: 'unbounded consumption (OWASP API 4, LLM 10)',
    published: '',
    answer: 'places, seats, pages, memory, connections and bodies are bounded, and shared',
    tests: ['tests/unit/kept-memory.test.ts'],
  },
  authorisation: {
    name: 'broken object authorisation (OWASP API 1)',
    published: '',
    answer: 'as ids above',
    tests: [],
  },
  misconfiguration: {
    name: 'misconfiguration (OWASP API 8)',
    published: '',
    answer: 'off the loopback address the service starts with keys or not at all, unless told otherwise',
    tests: [],
  },
} as const satisfies Readonly<Record<string, Weakness>>;
