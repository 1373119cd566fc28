import './docs.css';
import { servedFrom } from './served-from.ts';

interface SwaggerResponse {
  url: string;
  text?: string;
}

/** openapi.yaml, drawn by Swagger UI, which the page loads as a script of its own. */
interface SwaggerOptions {
  url: string;
  dom_id: string;
  deepLinking: boolean;
  /** None: by default the document's address is sent to another host to be validated. */
  validatorUrl: null;
  /** Sees the document, and the answers to what the reader tries. */
  responseInterceptor: (response: SwaggerResponse) => SwaggerResponse;
}

declare global {
  interface Window {
    SwaggerUIBundle?: (options: SwaggerOptions) => unknown;
  }
}

/** Swagger UI has a dark form, which a class of the document chooses. */
const dark = matchMedia('(prefers-color-scheme: dark)');
const followScheme = (): void => {
  document.documentElement.classList.toggle('dark-mode', dark.matches);
};
followScheme();
dark.addEventListener('change', followScheme);

const url = new URL('openapi.yaml', document.baseURI).href;
let isRead = false;

window.SwaggerUIBundle?.({
  url,
  dom_id: '#docs',
  deepLinking: true,
  validatorUrl: null,
  responseInterceptor: (response) => {
    // Only the first: a reader may ask for the document, too, and is shown it as it is.
    if (isRead || response.url !== url || response.text === undefined) return response;
    isRead = true;
    return Object.assign(response, { text: servedFrom(document.baseURI, response.text) });
  },
});
