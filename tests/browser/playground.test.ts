import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { describePage, expectAccessible, expectNoSidewaysScroll, picture } from '../support/page.ts';
import { metric, until } from '../support/service.ts';

const PROMPT = 'One morning a little fox';

describePage('the playground', {}, (open, service) => {
  const complete = async (fields: object): Promise<string> => {
    const answer = await fetch(`${service().url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: PROMPT, ...fields }),
    });
    const { choices } = (await answer.json()) as {
      choices: { text: string; logprobs?: { token_logprobs: number[] } }[];
    };
    return choices[0]!.text;
  };

  it('streams what the service says, with the probability of each token', async () => {
    const { page, complaints } = await open();
    await page.getByLabel('Text to go on with').fill(PROMPT);
    await page.getByLabel('Temperature').fill('0');
    await page.getByLabel('Most tokens').fill('24');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('length', { exact: true }).waitFor();
    const shown = await page.locator('.answer').textContent();
    expect(shown).toBe(await complete({ temperature: 0, max_tokens: 24 }));

    const last = page.locator('.token').last();
    await last.hover();
    const drawn = page.locator('.alternatives .drawn');
    expect(await page.locator('.alternatives tbody tr').count()).toBeGreaterThan(4);
    expect(await drawn.locator('code').textContent()).toBe(JSON.stringify(await last.textContent()));
    await expectAccessible(page);
    await picture(page, 'playground', { fullPage: true });
    await page.setViewportSize({ width: 360, height: 740 });
    await expectNoSidewaysScroll(page);
    await picture(page, 'playground-narrow');
    expect(complaints).toEqual([]);
  });

  it('chats in turns, and forgets when told to', async () => {
    const { page, complaints } = await open();
    await page.getByLabel('Chat').check();
    await page.getByLabel('Most tokens').fill('8');
    for (const text of ['Hello!', 'And then?']) {
      await page.getByLabel('Your message').fill(text);
      await page.getByRole('button', { name: 'Send' }).click();
      await page.getByRole('button', { name: 'New conversation' }).isEnabled();
      await until(() => page.getByRole('button', { name: 'Send' }).isEnabled());
    }
    const turns = await page
      .getByRole('list', { name: 'Conversation' })
      .getByRole('listitem')
      .allTextContents();
    expect(turns.map((turn) => turn.split(' ')[0])).toEqual(['You', 'Model', 'You', 'Model']);
    await expectAccessible(page);
    await page.getByRole('button', { name: 'New conversation' }).click();
    expect(await page.getByRole('listitem').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('says in sentences what went wrong, and what to do', async () => {
    const { page } = await open();
    await page.getByLabel('Text to go on with').fill('word '.repeat(3000));
    await page.getByRole('button', { name: 'Send' }).click();
    const alert = page.getByRole('alert');
    await alert.waitFor();
    const text = (await alert.textContent()) ?? '';
    expect(text).toContain('Shorten the prompt');
    expect(text).not.toContain('{');
    await expectAccessible(page);
  });

  it('gives the request as other clients make it: curl does it, too', async () => {
    const { page } = await open();
    await page.getByLabel('Text to go on with').fill('It\'s a "test" of $HOME');
    await page.getByText('This request from elsewhere').click();
    const code = await page.getByRole('region', { name: 'curl' }).locator('code').textContent();
    // Not spawnSync: the service runs in this process.
    const run = async (command: string | null): Promise<string> =>
      (await promisify(execFile)('sh', ['-c', `${command ?? ''} -s`])).stdout;
    expect(await run(code)).toContain('data: [DONE]');
    const workersAi = await page.getByRole('region', { name: 'Workers AI' }).locator('code').textContent();
    expect(JSON.parse(await run(workersAi))).toMatchObject({ success: true });
    expect(await page.getByRole('region', { name: 'OpenAI' }).locator('code').textContent()).toContain(
      `baseURL: "${service().url}/v1"`,
    );
  });
});

// On a slow runtime: on others the text may be whole before the button is pressed.
describePage('the playground while a text comes', { RUNTIME: 'cpu' }, (open, service) => {
  it('stops: the service computes no further', async () => {
    const { page } = await open();
    await page.getByLabel('Text to go on with').fill(PROMPT);
    await page.getByLabel('Most tokens').fill('400');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('.token').nth(2).waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('stopped', { exact: true }).waitFor();
    await until(async () => (await metric(service().url, 'tokenflare_num_requests_running')) === 0);
    expect(await page.locator('.token').count()).toBeLessThan(400);
    expect(await page.getByRole('button', { name: 'Send' }).isEnabled()).toBe(true);
  });
});
