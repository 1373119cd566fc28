/** openapi.yaml, drawn by Swagger UI, which the page loads as a script of its own. */
interface SwaggerOptions {
  url: string;
  dom_id: string;
  deepLinking: boolean;
  /** None: by default the document's address is sent to another host to be validated. */
  validatorUrl: null;
}

declare global {
  interface Window {
    SwaggerUIBundle?: (options: SwaggerOptions) => unknown;
  }
}

window.SwaggerUIBundle?.({ url: 'openapi.yaml', dom_id: '#docs', deepLinking: true, validatorUrl: null });

export {};
