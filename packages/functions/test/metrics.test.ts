/** What a function measures leaves it as CloudWatch reads it: by name, unit and dimensions of the table. */
import { metricNamespace, metrics, type Ports } from '@fzip/core';
import { memoryPorts } from '@fzip/testing/memory/ports';
import type { Context, SQSEvent, SQSRecord } from 'aws-lambda';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { consumers, deadLetterConsumer, sweep as sweepConsumer, telemetry } from '../src/index.ts';
import { measureWith, publishMetrics } from '../src/telemetry.ts';

const context = { awsRequestId: 'request-1', getRemainingTimeInMillis: () => 60_000 } as Context;
const batch = (body: string): SQSEvent => ({
  Records: [{ messageId: 'message-1', body, attributes: {} } as unknown as SQSRecord],
});

type Emf = {
  _aws: {
    CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string; Unit: string }[] }[];
  };
} & Record<string, unknown>;

let written: string[];
beforeEach(() => {
  written = [];
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  vi.stubEnv('POWERTOOLS_DEV', 'false');
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** Every measurement that left, with its unit and the dimensions besides the service. */
const emitted = () =>
  written
    .flatMap((text) => text.split('\n'))
    .filter((line) => line.includes('CloudWatchMetrics'))
    .map((line) => JSON.parse(line) as Emf)
    .flatMap((emf) =>
      emf._aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
        Metrics.map(({ Name, Unit }) => {
          const names = Dimensions.flat().filter((name) => name !== 'service');
          return {
            Namespace,
            Name,
            Unit,
            value: [emf[Name]].flat()[0],
            ...Object.fromEntries(names.map((name) => [name, emf[name]])),
          };
        }),
      ),
    );

const bound = (ports: Ports, service: string) => ({
  ports: (invocation: Ports['invocation']) => ({ ...ports, invocation }),
  telemetry: telemetry(service, { silent: true }),
});

test.each(Object.entries(metrics))('%s', (name, { unit, dimensions }) => {
  const measured = telemetry('backup-validate', { silent: true });
  const given = Object.fromEntries(dimensions.map((dimension) => [dimension, `a ${dimension}`]));
  measureWith(measured)(name as 'DeadLetters', 7, given as { step: string });
  publishMetrics(measured);
  expect(emitted()).toEqual([{ Namespace: metricNamespace, Name: name, Unit: unit, value: 7, ...given }]);
});

test('a deployment may have a namespace of its own', () => {
  const measured = telemetry('sweep', { silent: true, namespace: 'HouseF3/FZIP/dev' });
  measureWith(measured)('JobsRedriven', 1, {});
  measureWith(measured)('DeadLetters', 1, { step: 'backup-collect' });
  publishMetrics(measured);
  expect(emitted().map(({ Namespace }) => Namespace)).toEqual(['HouseF3/FZIP/dev', 'HouseF3/FZIP/dev']);
});

test('a message that is done counts as none that failed', async () => {
  const ports = memoryPorts();
  const work = { jobId: '018f0000-0000-7000-8000-000000000000', attempt: 1 };
  await consumers['backup-package'](bound(ports, 'backup-package'))(
    batch(JSON.stringify({ ...work, volume: 1 })),
    context,
  );
  expect(emitted()).toMatchObject([{ Name: 'MessageFailures', value: 0 }]);
});

test('a failed message, a dead letter and a sweep are measured', async () => {
  const ports = memoryPorts();
  await consumers['backup-collect'](bound(ports, 'backup-collect'))(batch('{}'), context);
  await deadLetterConsumer('backup-collect')(bound(ports, 'dead-letter'))(batch('{}'), context);
  await sweepConsumer(bound(ports, 'sweep'))({} as Parameters<ReturnType<typeof sweepConsumer>>[0], context);
  expect(emitted()).toMatchObject([
    { Name: 'StepErrors', step: 'backup-collect', type: 'MalformedMessage', value: 1 },
    { Name: 'MessageFailures', value: 1 },
    { Name: 'DeadLetters', step: 'backup-collect', value: 1 },
    { Name: 'JobsRedriven', value: 0 },
    { Name: 'JobsFailedBySweep', value: 0 },
    { Name: 'JobsBeyondPromise', value: 0 },
  ]);
});
