import './docs.css';

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

/** Swagger UI has a dark form, which a class of the document chooses. */
const dark = matchMedia('(prefers-color-scheme: dark)');
const followScheme = (): void => {
  document.documentElement.classList.toggle('dark-mode', dark.matches);
};
followScheme();
dark.addEventListener('change', followScheme);

window.SwaggerUIBundle?.({ url: 'openapi.yaml', dom_id: '#docs', deepLinking: true, validatorUrl: null });
