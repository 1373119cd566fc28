import { readFinding } from './fuzz/findings.ts';
import { fillIn } from './fuzz/fuzz-script.ts';
import { faultOfScript } from './fuzz/judge-script.ts';
import { TOOL_FAMILIES } from './fuzz/tools.ts';
import { withModel } from './scene.ts';
import { Client, type Answer } from './support/client.ts';
import { Fixtures } from './support/fixtures.ts';
import { ServiceUnderTest } from './support/service.ts';

const LIMIT_MS = 30_000;

/** Sends what a fuzzer kept, one script after the other, to a service of its own. Returns how many are answered badly. */
export async function replay(file: string): Promise<number> {
  const { kind, seed, fault, scripts } = readFinding(file);
  process.stdout.write(`${kind}, seed ${seed}: ${fault}\n`);
  const fixtures = new Fixtures();
  const settings = kind === 'tools' ? { MODELS_DIR: await fixtures.familyModels(TOOL_FAMILIES) } : {};
  let numBad = 0;
  for (const script of scripts) {
    const service = await ServiceUnderTest.launch(withModel({ settings }, fixtures));
    const client = new Client(service.url);
    const answers: Answer[] = [];
    for (const step of script) {
      const { method, path, headers, body } = fillIn(
        step,
        answers.map(({ text }) => text),
      );
      const options = { headers, limitMs: LIMIT_MS, ...(body === undefined ? {} : { body }) };
      const answer = await client.call(method, path, options);
      answers.push(answer);
      const said = faultOfScript(script, answers);
      if (said !== undefined) numBad++;
      const verdict = said === undefined ? 'good' : `BAD: ${said}`;
      process.stdout.write(`${method} ${path} ${answer.status}, ${Math.round(answer.ms)} ms, ${verdict}\n`);
    }
    client.close();
    await service.stop();
  }
  await fixtures.remove();
  return numBad;
}
