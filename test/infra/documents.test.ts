/** The documents say what the tables say. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { documents, withParts } from '../../scripts/cloud-docs.ts';

test.each(documents.map((file) => [basename(file), file]))(
  '%s is current: node scripts/cloud-docs.ts',
  async (_, file) => {
    const found = await readFile(file, 'utf8');
    expect(found).toContain('<!-- made: ');
    expect(found).toBe(withParts(found));
  },
);
