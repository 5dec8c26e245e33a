/** The documents that are made from the schemas are those that are checked in. */
import { readFile } from 'node:fs/promises';
import { asyncApi, eventsMarkdown, metricsMarkdown } from '@fzip/core';
import { expect, test } from 'vitest';

const docs = new URL('../../../docs/', import.meta.url);

test('docs/events.md is current', async () => {
  expect(await readFile(new URL('events.md', docs), 'utf8')).toBe(eventsMarkdown());
});

test('docs/metrics.md is current', async () => {
  expect(await readFile(new URL('metrics.md', docs), 'utf8')).toBe(metricsMarkdown());
});

test('docs/asyncapi.json is current', async () => {
  expect(JSON.parse(await readFile(new URL('asyncapi.json', docs), 'utf8'))).toEqual(asyncApi());
});
