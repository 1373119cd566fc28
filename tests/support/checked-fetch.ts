import { checkAgainstOpenApi } from './openapi-validator.ts';

/** `fetch` for clients that bring their own; every answer is checked against openapi.yaml once its body is whole. */
export class CheckedFetch {
  readonly #checks: Promise<void>[] = [];
  numChecked = 0;

  readonly fetch: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const answer = {
      method: init?.method ?? 'GET',
      path: pathname,
      status: response.status,
      contentType: response.headers.get('content-type') ?? '',
    };
    const body = response.clone().text();
    // A body that the test itself broke off is not there to be checked.
    this.#checks.push(
      body.then(
        (text) => this.#check({ ...answer, body: text }),
        () => undefined,
      ),
    );
    return response;
  };

  /** Throws what was wrong with any answer so far. */
  async settled(): Promise<void> {
    await Promise.all(this.#checks.splice(0));
  }

  #check(answer: Parameters<typeof checkAgainstOpenApi>[0]): void {
    checkAgainstOpenApi(answer);
    this.numChecked++;
  }
}
