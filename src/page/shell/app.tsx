import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { KeyPrompt } from './key-prompt.tsx';
import { ErrorNote } from './error-note.tsx';
import { VIEWS, viewOf, type View } from './views.ts';

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
