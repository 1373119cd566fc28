import { plot, type PlotOptions } from '@observablehq/plot';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useWidth } from '../drawing/use-width.ts';
import { downloadText } from './download.ts';

interface ChartProps {
  title: string;
  /** What it shows, in a sentence: what a screen reader says in place of the drawing. */
  description: string;
  options: PlotOptions;
}

/** A drawing by Observable Plot, and a button that saves it. */
export function Chart({ title, description, options }: ChartProps): JSX.Element {
  const container = useRef<HTMLDivElement>(null);
  const width = useWidth(container, 0);
  useEffect(() => {
    if (width > 0) container.current?.replaceChildren(draw({ width, ...options }));
  }, [options, width]);
  const save = (): void => {
    const svg = container.current?.querySelector('svg');
    if (svg !== null && svg !== undefined)
      downloadText(`${fileName(title)}.svg`, 'image/svg+xml', standalone(svg));
  };
  return (
    <figure class="chart">
      <figcaption>
        <strong>{title}</strong>{' '}
        <button type="button" class="small" onClick={save}>
          SVG<span class="unseen"> of {title}</span>
        </button>
      </figcaption>
      <div ref={container} role="img" aria-label={`${title}: ${description}`} />
    </figure>
  );
}

/** Plot writes a style sheet into its drawing, which the page's policy does not allow; charts.css has what it says. */
function draw(options: PlotOptions): Element {
  const drawing = plot({
    height: 300,
    // Room for labels of 12 pixels; Plot's own are of 10.
    ...{ marginTop: 28, marginBottom: 42, marginLeft: 56 },
    ...options,
    className: 'plot',
  });
  drawing.querySelectorAll('style').forEach((style) => style.remove());
  // The drawing is one picture, which its figure describes.
  drawing.querySelectorAll('[aria-label]').forEach((part) => part.removeAttribute('aria-label'));
  return drawing;
}

/** The drawing as a file: with the colours that it has here, since it leaves the page's style sheet behind. */
function standalone(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const { color, backgroundColor } = getComputedStyle(document.body);
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  // Not as an attribute, which the page's policy does not allow.
  Object.assign(copy.style, { color, background: backgroundColor, font: '12px system-ui, sans-serif' });
  return new XMLSerializer().serializeToString(copy);
}

const fileName = (title: string): string => title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
