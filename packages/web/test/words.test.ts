import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { errorCodes } from '@fzip/api/errors';
import { ShownRestoreStatus } from '@fzip/api/restore-schemas';
import { ShownBackupStatus } from '@fzip/api/schemas';
import { phases as allPhases, backupTypes as allTypes, examinationModes } from '@fzip/core';
import { entityKinds } from '@fzip/format';
import { describe, expect, test } from 'vitest';
import { causeOf, causes } from '../src/words/causes.ts';
import { codeOf, told, words } from '../src/words/errors.ts';
import { backupStatuses, backupTypes, checks, kinds, phases, restoreStatuses } from '../src/words/names.ts';

const sources = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(path.join(folder, name), 'utf8'));

describe('words', () => {
  test('there are some for every code of the API, and for what can fail before it', () => {
    const own = ['UNEXPECTED_ANSWER', 'DOWNLOAD_FAILED', 'UPLOAD_FAILED', 'UNREACHABLE', 'OFFLINE'];
    expect(Object.keys(words).sort()).toEqual([...Object.keys(errorCodes), ...own].sort());
  });

  test.each(Object.entries(words))('%s: what happened, whether anything was changed, what to do', (code, told) => {
    for (const sentence of [told.changed, told.todo]) expect(sentence).toMatch(/^[A-Z“].*\.$/);
    expect(told.title).not.toContain(code);
    expect(told.title.length).toBeGreaterThan(10);
  });

  test('nobody is blamed, and nobody is told that all is well', () => {
    const all = [...Object.values(words), ...Object.values(causes)].flatMap((each) => Object.values(each)).join(' ');
    expect(all).not.toMatch(/\b(invalid|illegal|failed to|you must|oops|sorry|don't worry|do not worry|your fault)\b/i);
  });

  test('there are some for every reason that a job can end for', () => {
    const core = sources(path.resolve(import.meta.dirname, '../../core/src')).join('\n');
    const found = new Set([
      ...[...core.matchAll(/fail(?:Backup|Restore|Clear|Examination)\([^)]*?'([A-Z_]{4,})'/gs)].map(([, code]) => code),
      ...[...core.matchAll(/code: '([A-Z_]{4,})'/g)].map(([, code]) => code),
      ...[...core.matchAll(/\['([A-Z_]+_EXPIRED)'/g)].map(([, code]) => code),
    ]);
    // Of a request for a row that is not there, which ends no job.
    found.delete('NOT_FOUND');
    expect(found.size).toBeGreaterThan(10);
    expect([...found].filter((code) => !Object.hasOwn(causes, code ?? ''))).toEqual([]);
    expect(causeOf('OF_A_LATER_VERSION').title).toBeTruthy();
  });

  test('there are some for every status, phase, kind, type and check', () => {
    expect(Object.keys(backupStatuses)).toEqual(ShownBackupStatus.options);
    expect(Object.keys(restoreStatuses)).toEqual(ShownRestoreStatus.options);
    expect(Object.keys(phases).sort()).toEqual([...allPhases].sort());
    expect(Object.keys(kinds).sort()).toEqual([...entityKinds].sort());
    expect(Object.keys(backupTypes)).toEqual([...allTypes]);
    expect(Object.keys(checks).sort()).toEqual([...examinationModes].sort());
  });
});

describe('a failure', () => {
  test('that is no refusal did not get there', () => {
    expect(codeOf(new TypeError('Failed to fetch'))).toBe('UNREACHABLE');
    expect(told(new TypeError('Failed to fetch')).changed).toContain('not certain');
  });

  test('with a code of a later version is an answer that makes no sense, with its own words kept', () => {
    const later = Object.assign(new Error('of tomorrow'), {
      name: 'FzipApiError',
      code: 'NEW',
      status: 409,
      details: [],
    });
    expect(told(later)).toMatchObject({ code: 'UNEXPECTED_ANSWER', message: 'of tomorrow' });
  });
});
