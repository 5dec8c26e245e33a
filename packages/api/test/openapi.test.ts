import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openapiDocument } from '../src/openapi.ts';
import { makeWorld } from './world.ts';

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;
const operations = Object.entries(openapiDocument().paths ?? {}).flatMap(([path, item]) =>
  methods.flatMap((method) => {
    const operation = item[method];
    return operation ? [{ name: `${method} ${path}`, path, operation }] : [];
  }),
);

describe('the OpenAPI document', () => {
  it('that is checked in is what the routes say', () => {
    const file: unknown = JSON.parse(readFileSync(new URL('../openapi.json', import.meta.url), 'utf8'));
    expect(file).toEqual(JSON.parse(JSON.stringify(openapiDocument())));
  });

  it('is what the API serves', async () => {
    const response = await makeWorld().app.request('/fzip/openapi.json');
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(openapiDocument())));
  });

  it('has every route once, under /fzip', () => {
    expect(operations.map(({ name }) => name).sort()).toEqual([
      'delete /fzip/backup/{id}',
      'delete /fzip/profile',
      'delete /fzip/restore/{id}',
      'get /fzip/backup',
      'get /fzip/backup/{id}/download',
      'get /fzip/backup/{id}/status',
      'get /fzip/backup/{id}/validate/{validationId}',
      'get /fzip/openapi.json',
      'get /fzip/profile',
      'get /fzip/profile/choices',
      'get /fzip/profile/clear/{id}',
      'get /fzip/restore',
      'get /fzip/restore/{id}/status',
      'patch /fzip/backup/{id}',
      'post /fzip/backup',
      'post /fzip/backup/{id}/cancel',
      'post /fzip/backup/{id}/validate',
      'post /fzip/restore',
      'post /fzip/restore/{id}/cancel',
      'post /fzip/restore/{id}/retry',
      'post /fzip/restore/{id}/start',
      'post /fzip/restore/{id}/upload',
      'post /fzip/restore/{id}/upload-url',
    ]);
  });

  it.each(operations)('describes $name, its errors by example, and who may call it', ({ path, operation }) => {
    expect(operation.description).toBeTruthy();
    expect(operation.summary).toBeTruthy();
    const open = path === '/fzip/openapi.json';
    expect(operation.security).toEqual(open ? [] : [{ bearer: [] }]);
    const responses = operation.responses as Record<string, { content?: Record<string, { examples?: object }> }>;
    expect(Object.keys(responses)).toContain('500');
    expect(Object.keys(responses).includes('401')).toBe(!open);
    for (const [status, { content }] of Object.entries(responses)) {
      if (Number(status) >= 400) expect(Object.keys(content?.['application/json']?.examples ?? {})).not.toEqual([]);
    }
  });
});
