/**
 * OpenAI's own client on the service in the program, with a format that the text keeps to.
 *
 *     npm install CLONE/dist/package openai
 *     npx tsx openai-in-process.mts
 */
import OpenAI from 'openai';
import { createService } from 'tokenflare';

const service = await createService();
const client = new OpenAI({ baseURL: 'http://tokenflare/v1', apiKey: 'none', fetch: service.fetch });

const { choices } = await client.chat.completions.create({
  model: service.model.id,
  messages: [{ role: 'user', content: 'Name a fox.' }],
  response_format: {
    type: 'json_schema',
    json_schema: {
      name: 'fox',
      schema: {
        type: 'object',
        properties: {
          name: { type: 'string', maxLength: 12 },
          age: { type: 'integer', minimum: 0, maximum: 20 },
        },
        required: ['name', 'age'],
        additionalProperties: false,
      },
    },
  },
});
console.log(choices[0]?.message.content);

await service.close();
