import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ErrorNote } from './error-note.tsx';
import { KeyPrompt } from './key-prompt.tsx';

/** The page: the navigation, a prompt for a key where one is wanted, and the view that the address names. */
export function App(): JSX.Element {
  const view = useCurrentView();
  return (
    <>
      <a class="skip" href="#view" onClick={focusView}>
        Skip to the content
      </a>
      <header class="top">
        <span class="brand">Tokenflare</span>
        <nav aria-label="Views">
          {VIEWS.map(({ name, title }) => (
            <a key={name} href={`#/${name}`} aria-current={name === view.name ? 'page' : undefined}>
              {title}
            </a>
          ))}
          <a href="docs">API</a>
        </nav>
      </header>
      <KeyPrompt />
      <main id="view" tabIndex={-1}>
        <LoadedView key={view.name} view={view} />
      </main>
    </>
  );
}

/** A link to `#view` would be taken for the address of a view. */
function focusView(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById('view')?.focus();
}

function useCurrentView(): View {
  const [view, setView] = useState(viewOf(location.hash));
  useEffect(() => {
    const follow = (): void => setView(viewOf(location.hash));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  useEffect(() => {
    document.title = `${view.title} · Tokenflare`;
  }, [view]);
  return view;
}

function LoadedView({ view }: { view: View }): JSX.Element {
  const [Content, setContent] = useState<ComponentType>();
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    view.load().then(({ default: loaded }) => setContent(() => loaded), setError);
  }, [view]);
  if (error !== undefined) return <ErrorNote error={error} />;
  return Content === undefined ? <p class="quiet">Loading …</p> : <Content />;
}

/** A part of the page with an address of its own, `#/NAME`. Its code is fetched when it is first shown. */
interface View {
  name: string;
  title: string;
  load: () => Promise<{ default: ComponentType }>;
}

/** In the order of the navigation; the first is shown where the address names none. */
const VIEWS: readonly [View, ...View[]] = [
  { name: 'playground', title: 'Playground', load: () => import('../playground/playground.tsx') },
  { name: 'attention', title: 'Attention', load: () => import('../attention/attention.tsx') },
  { name: 'benchmark', title: 'Benchmark', load: () => import('../benchmark/benchmark.tsx') },
  { name: 'gateway', title: 'Gateway', load: () => import('../gateway/gateway.tsx') },
  { name: 'now', title: 'Now', load: () => import('../now/now.tsx') },
];

/** @param hash of the address, like `#/attention/series`: what follows the name is the view's own */
function viewOf(hash: string): View {
  const [, name] = /^#\/([^/?]+)/.exec(hash) ?? [];
  return VIEWS.find((view) => view.name === name) ?? VIEWS[0];
}
