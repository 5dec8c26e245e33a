/** What every consumer owes its queue. */
import type { Ports } from '@fzip/core';
import { memoryPorts } from '@fzip/testing/memory/ports';
import type { Context, SQSEvent, SQSRecord } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import { consumers, deadLetterConsumer, telemetry } from '../src/index.ts';

const context = { awsRequestId: 'request-1', getRemainingTimeInMillis: () => 60_000 } as Context;

const batch = (...bodies: unknown[]): SQSEvent => ({
  Records: bodies.map(
    (body, n) =>
      ({
        messageId: `message-${n}`,
        body: typeof body === 'string' ? body : JSON.stringify(body),
        attributes: {},
        eventSource: 'aws:sqs',
        eventSourceARN: 'arn:aws:sqs:eu-west-1:000000000000:backup-request',
      }) as unknown as SQSRecord,
  ),
});

const bound = (ports: Ports) => ({
  ports: (invocation: Ports['invocation']) => ({ ...ports, invocation }),
  telemetry: telemetry('test', { silent: true }),
});

describe('a consumer', () => {
  test('answers for each message of a batch apart from the others', async () => {
    const ports = memoryPorts();
    const answer = await consumers['backup-request'](bound(ports))(
      batch('no JSON', { userId: 'alice' }, { userId: '../etc' }, { userId: 'bob' }),
      context,
    );
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-0' }, { itemIdentifier: 'message-2' }] });
    expect(
      ports.jobs
        .all()
        .map(({ userId }) => userId)
        .sort(),
    ).toEqual(['alice', 'bob']);
  });

  test('names every message when all fail', async () => {
    const answer = await consumers['backup-collect'](bound(memoryPorts()))(batch('', '{}'), context);
    expect(answer.batchItemFailures).toHaveLength(2);
  });

  test('sends a message on for later while another consumer holds its piece', async () => {
    const ports = memoryPorts();
    await consumers['backup-request'](bound(ports))(batch({ userId: 'alice' }), context);
    let sent = ports.queues.sent.splice(0);
    while (sent[0]?.step === 'backup-collect') {
      await consumers['backup-collect'](bound(ports))(batch(...sent.map(({ message }) => message)), context);
      sent = ports.queues.sent.splice(0);
    }
    const [packaging] = sent;
    const [job] = ports.jobs.all();
    const scope = { jobId: job?.jobId ?? '', attempt: 1, step: 'backup-package', kind: 'volume' } as const;
    await ports.ledger.lease(scope, 0, { owner: 'another', until: ports.clock() + 30_000, now: ports.clock() });

    const answer = await consumers['backup-package'](bound(ports))(batch(packaging?.message), context);
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(ports.queues.sent).toMatchObject([{ step: 'backup-package', message: packaging?.message }]);
  });

  test("takes S3's test of a notification without effect", async () => {
    const answer = await consumers['restore-start'](bound(memoryPorts()))(
      batch(
        { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'packages' },
        { Records: [{ s3: { object: { key: 'uploads/a+b/x%2F1.fzip' } } }] },
      ),
      context,
    );
    expect(answer).toEqual({ batchItemFailures: [] });
  });
});

test('a dead letter is kept, whatever it is', async () => {
  const ports = memoryPorts();
  const answer = await deadLetterConsumer('backup-collect')(bound(ports))(batch('no JSON'), context);
  expect(answer).toEqual({ batchItemFailures: [] });
  expect(ports.ledger.letters()).toMatchObject([{ step: 'backup-collect', body: 'no JSON' }]);
});
