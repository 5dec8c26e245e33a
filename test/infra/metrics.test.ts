/** What code measures, the dashboard shows, and alarms look at: one set of names. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { metricNames, metrics } from '@fzip/core';
import { expect, test } from 'vitest';
import { alarms } from '../../stacks/alarms.ts';
import { type OwnLine, widgets } from '../../stacks/dashboard.ts';

const packages = join(import.meta.dirname, '../../packages');

/** Names that the code measures: the first argument of every `measure(…)`. */
const measured = async (): Promise<Set<string>> => {
  const found = new Set<string>();
  for (const folder of ['core', 'functions', 'api']) {
    for (const name of await readdir(join(packages, folder, 'src'), { recursive: true })) {
      if (!name.endsWith('.ts')) continue;
      const source = await readFile(join(packages, folder, 'src', name), 'utf8');
      for (const [, metric = ''] of source.matchAll(/\bmeasure\(\s*'(\w+)'/g)) found.add(metric);
    }
  }
  return found;
};

const isOwn = (line: object): line is OwnLine => 'by' in line;
const shown = widgets.flatMap(({ lines }) => lines.filter(isOwn));

test('every metric of the table is measured somewhere, and none beside it', async () => {
  expect([...(await measured())].sort()).toEqual([...metricNames].sort());
});

test('every metric that is measured is on the dashboard, and none that is not', () => {
  expect([...new Set(shown.map(({ metric }) => metric))].sort()).toEqual([...metricNames].sort());
});

test('the dashboard looks for each metric by all of its dimensions: by fewer CloudWatch finds nothing', () => {
  for (const { metric, by } of shown) expect(by, metric).toEqual(metrics[metric].dimensions);
});

test('alarms look at metrics that are measured, by dimensions that they have', () => {
  const looks = alarms(50).map(({ measured: look }) => look);
  for (const look of looks) {
    if ('all' in look) {
      expect(metricNames).toContain(look.all);
      if (look.worstBy) expect(metrics[look.all].dimensions).toEqual([look.worstBy]);
    }
    if ('own' in look) expect(Object.keys(look.dimensions ?? {}), look.own).toEqual(metrics[look.own].dimensions);
  }
});

test('what the specification alarms of has an alarm', () => {
  const named = new Set(alarms(50).map(({ id }) => id));
  const specified = [
    'backups-fail',
    'backups-not-valid',
    'integrity-failure',
    'validation-score',
    'backups-slow',
    'restores-fail',
    'messages-fail',
    'jobs-late',
    'rollback-not-finishing',
    'storage-grows',
    'suspicious-user',
    'security-events',
    'api-errors',
    'backup-collect-dead-letters',
    'backup-collect-oldest-message',
  ];
  expect(specified.filter((id) => !named.has(id))).toEqual([]);
});
