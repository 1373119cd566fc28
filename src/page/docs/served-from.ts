/** The service's address in openapi.yaml: the document is the same wherever the service is. */
const ADDRESS = 'http://127.0.0.1:8787';

/**
 * The document with the address at which this service was found. The page's policy allows requests to it alone, and
 * the commands that the page shows are for it.
 *
 * @param base address of the service, with a slash at its end
 */
export const servedFrom = (base: string, document: string): string =>
  document.replaceAll(`"${ADDRESS}`, () => `"${base.replace(/\/$/, '')}`);
