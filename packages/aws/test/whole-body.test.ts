import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { wholeBody } from '../src/whole-body.ts';

test('a body of as many bytes as were announced is given as it is', async () => {
  expect(await text(wholeBody(Readable.from([Buffer.from('ab'), Buffer.from('c')]), 3, 'key'))).toBe('abc');
  expect(await text(wholeBody(Readable.from([Buffer.from('abc')]), undefined, 'key'))).toBe('abc');
});

test('a body of fewer bytes fails, naming both numbers', async () => {
  const short = wholeBody(Readable.from([Buffer.from('ab')]), 3, 'key');
  await expect(text(short)).rejects.toThrow('key ended after 2 of 3 bytes');
});

test('a body that breaks fails as it broke', async () => {
  const source = new Readable({ read: () => undefined });
  const body = wholeBody(source, 3, 'key');
  source.push('a');
  source.destroy(new Error('the connection broke'));
  await expect(text(body)).rejects.toThrow('the connection broke');
});

test('a reader that stops ends the source', async () => {
  const source = Readable.from([Buffer.from('ab'), Buffer.from('cd')]);
  const body = wholeBody(source, 4, 'key');
  const ended = new Promise((resolve) => source.once('close', resolve));
  body.destroy();
  await ended;
  expect(source.destroyed).toBe(true);
});
