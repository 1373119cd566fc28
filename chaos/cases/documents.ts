import type { ChaosCase } from '../chaos-case.ts';
import type { Scene } from '../scene.ts';
import { expectStatus, times } from '../support/attack.ts';
import { HARD_FILES, type HardFile } from '../support/hard-files.ts';

const PATH = '/workers-binding/to-everything/markdown/transformer';
/** In the short form: an archive that lies about its size, a stream that fills the memory, cells without end. */
const SHORT = ['lying.ods', 'bomb.pdf', 'far.xlsx', 'deep.html'];
/** Each may take the deadline of a large file, one after the other. */
const LIMIT_MS = 600_000;
/** One client's two processes may have 736 MiB together (src/markdown/markdown-converter.ts). */
const MORE_BYTES = 384 * 2 ** 20;
const OTHER = '127.0.0.3';
const SMALL_FILES = 5;

const bodyOf = ({ name, make }: HardFile): object => ({
  files: [{ name, mimeType: '', data: Buffer.from(make()).toString('base64') }],
});

/** Others' small files are converted meanwhile: the clients take turns. */
async function hardFiles(scene: Scene): Promise<void> {
  const files = HARD_FILES.filter(({ name }) => scene.scale > 1 || SHORT.includes(name));
  const attacks = times(files.length, async (index) => {
    const file = files[index];
    return file === undefined ? undefined : scene.client().post(PATH, bodyOf(file), { limitMs: LIMIT_MS });
  });
  const small = { name: 'a.html', make: () => Buffer.from('<p>small</p>') };
  for (let index = 0; index < SMALL_FILES; index++) {
    const answer = await scene.client(OTHER).post(PATH, bodyOf(small), { limitMs: LIMIT_MS });
    expectStatus(scene, [answer], [200], "another client's file");
    scene.expect(answer.text.includes('"data":"small"'), `another's file: ${answer.text.slice(0, 200)}`);
  }
  const answers = (await attacks).flatMap((answer) => answer ?? []);
  expectStatus(scene, answers, [200], 'hard files');
}

export const DOCUMENT_CASES: readonly ChaosCase[] = [
  {
    name: 'hard-files',
    shows: ['documents'],
    attack: 'files to be Markdown that loop, nest, repeat cells or unpack to a thousand times their size',
    moreBytes: MORE_BYTES,
    run: hardFiles,
  },
];
