import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** Weights as a picture of one dot for each: cheap enough for all heads of a model. */
export function Thumbnail({ values }: { values: readonly (readonly number[])[] }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (context === null || context === undefined) return;
    const size = values.length;
    const image = context.createImageData(size, size);
    values.forEach((line, row) =>
      line.forEach((value, column) =>
        image.data.set([194, 65, 12, 255 * Math.sqrt(value)], 4 * (row * size + column)),
      ),
    );
    context.putImageData(image, 0, 0);
  }, [values]);
  return <canvas ref={canvas} class="thumbnail" width={values.length} height={values.length} aria-hidden />;
}
