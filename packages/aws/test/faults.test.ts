import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { all } from '@fzip/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { awsClients } from '../src/clients.ts';
import { type AwsConfig, tableVariables } from '../src/config.ts';
import { jobLedger } from '../src/ledger.ts';
import { objectStore } from '../src/object-store.ts';
import { profileStore } from '../src/profile-store.ts';
import { sqsQueues } from '../src/queues.ts';
import { type AwsWorld, startAws } from './world.ts';

/** Fails the nth call of a command, as often as it is tried. */
const failing = (client: S3Client, command: string, nth: number): void => {
  let calls = 0;
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (context.commandName !== command) return next(args);
      calls += 1;
      if (calls === nth) throw new Error(`${command} fails`);
      return next(args);
    },
    { step: 'initialize' },
  );
};

describe('an upload whose stream is sound', () => {
  let world: AwsWorld;
  beforeAll(async () => {
    world = await startAws();
  });
  afterAll(() => world.close());

  test.each([
    ['CreateMultipartUploadCommand', 1],
    ['UploadPartCommand', 1],
    ['UploadPartCommand', 3],
    ['CompleteMultipartUploadCommand', 1],
  ])('leaves nothing behind, and lets go of its stream, when %s number %i fails', async (command, nth) => {
    const { config } = world;
    const clients = world.elsewhere();
    failing(clients.s3, command, nth);
    const store = objectStore(clients.s3, config.buckets.packages);
    const body = Readable.from(Array.from({ length: 30 }, () => Buffer.alloc(1024 * 1024)));
    await expect(store.upload('folder/a', body)).rejects.toThrow(`${command} fails`);
    expect(body.destroyed).toBe(true);
    expect(await store.head('folder/a')).toBeUndefined();
    expect(await all(store.unfinished('folder/'))).toEqual([]);
  });
});

type Answer = (
  request: { body: string },
  tries: number,
) => { status: number; headers?: object; body: string; cut?: boolean };

/** A service that answers as it is told. */
const serve = async (answer: Answer): Promise<{ url: string; server: Server }> => {
  let tries = 0;
  const server = createServer(async (request, response) => {
    const body = (await buffer(request)).toString();
    tries += 1;
    const { status, headers = {}, body: text, cut } = answer({ body }, tries);
    response.writeHead(status, { ...headers });
    response.write(text, () => (cut ? response.destroy() : response.end()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
};

const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
const region = 'us-east-1';

describe('what is read', () => {
  test('fails when the connection breaks before all bytes have come', async () => {
    const { url, server } = await serve(() => ({
      status: 200,
      headers: { 'content-length': 100 },
      body: 'half',
      cut: true,
    }));
    const { s3, destroy } = awsClients({ region, credentials, endpoints: { s3: url } });
    const body = await objectStore(s3, 'bucket').read('key');
    await expect(buffer(body)).rejects.toThrow();
    destroy();
    server.close();
  });
});

describe('objects that S3 refuses to delete', () => {
  test('are named, with the reason', async () => {
    const refusal = '<Error><Key>b</Key><Code>AccessDenied</Code><Message>no</Message></Error>';
    const { url, server } = await serve(() => ({
      status: 200,
      headers: { 'content-type': 'application/xml' },
      body: `<DeleteResult>${refusal}</DeleteResult>`,
    }));
    const { s3, destroy } = awsClients({ region, credentials, endpoints: { s3: url } });
    await expect(objectStore(s3, 'bucket').delete(['a', 'b'])).rejects.toThrow(
      '1 of 2 objects stay: b: AccessDenied no',
    );
    destroy();
    server.close();
  });
});

describe('messages that SQS refuses', () => {
  type Entry = { Id: string; MessageBody: string };
  const message = (user: string) => ({
    attempt: 1,
    userId: user,
    parameters: { backupType: 'complete' as const, includeAnalytics: true, expiresInHours: 24 },
  });
  const json = (body: unknown) => ({
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify(body),
  });
  const sending = async (answer: (entries: Entry[], tries: number) => object) => {
    const { url, server } = await serve(({ body }, tries) => json(answer(JSON.parse(body).Entries, tries)));
    // Its own checksums of bodies are not this test's business.
    const sqs = new SQSClient({ region, credentials, endpoint: url, useQueueUrlAsEndpoint: false, md5: false });
    const queues = sqsQueues({ sqs, urls: { 'backup-request': `${url}/queue` } });
    return {
      send: () => queues.send('backup-request', [message('u1'), message('u2')], 'u'),
      close: () => server.close(),
    };
  };
  const taken = (entries: Entry[]) => entries.map(({ Id }) => ({ Id, MessageId: Id, MD5OfMessageBody: '' }));
  const refused = (Id: string, SenderFault: boolean) => ({ Id, SenderFault, Code: 'Busy', Message: 'later' });

  test('are sent again, and only these', async () => {
    const seen: number[] = [];
    const { send, close } = await sending((entries, tries) => {
      seen.push(entries.length);
      return tries === 1
        ? { Successful: taken(entries.slice(0, 1)), Failed: [refused('1', false)] }
        : { Successful: taken(entries), Failed: [] };
    });
    await send();
    expect(seen).toEqual([2, 1]);
    close();
  });

  test('because they are wrong are told at once', async () => {
    let calls = 0;
    const { send, close } = await sending(() => {
      calls += 1;
      return { Successful: [], Failed: [refused('0', true)] };
    });
    await expect(send()).rejects.toThrow('1 of 2 messages were refused');
    expect(calls).toBe(1);
    close();
  });
});

describe('DynamoDB, when it is busy,', () => {
  const tables = Object.fromEntries(Object.keys(tableVariables).map((name) => [name, name])) as AwsConfig['tables'];
  const json = (status: number, body: unknown) => ({
    status,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify(body),
  });
  const busy = json(400, { __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException' });

  test('is asked again for a page', async () => {
    const { url, server } = await serve((_, tries) =>
      tries <= 2 ? busy : json(200, { Items: [{ accountId: { S: 'a' } }], Count: 1 }),
    );
    const { dynamodb, destroy } = awsClients({ region, credentials, endpoints: { dynamodb: url } });
    const page = await profileStore({ dynamodb, tables }).page({ userId: 'u', kind: 'accounts' });
    expect(page).toEqual({ rows: [{ accountId: 'a' }] });
    destroy();
    server.close();
  });

  test('is asked again for the records that it left out', async () => {
    const asked: number[] = [];
    const { url, server } = await serve(({ body }) => {
      const { Keys } = JSON.parse(body).RequestItems.jobs as { Keys: { jobId: { S: string } }[] };
      asked.push(Keys.length);
      const [first, ...rest] = Keys;
      const n = first?.jobId.S.split('#').at(-1) ?? '';
      const item = { ...first, record: { M: { n: { N: n } } } };
      return json(200, {
        Responses: { jobs: [item] },
        UnprocessedKeys: rest.length === 0 ? {} : { jobs: { Keys: rest, ConsistentRead: true } },
      });
    });
    const { documents, destroy } = awsClients({ region, credentials, endpoints: { dynamodb: url } });
    const scope = { jobId: 'j', attempt: 1, step: 'backup-collect', kind: 'accounts' } as const;
    const records = await jobLedger({ documents, table: 'jobs' }).range(scope, 0, 3);
    expect(records).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
    expect(asked).toEqual([3, 2, 1]);
    destroy();
    server.close();
  });

  test('is asked again for the rows that it left out', async () => {
    const asked: number[] = [];
    const { url, server } = await serve(({ body }) => {
      const { Keys, ...rest } = JSON.parse(body).RequestItems.accounts as { Keys: { accountId: { S: string } }[] };
      asked.push(Keys.length);
      expect(rest).toMatchObject({ ConsistentRead: true });
      const [first, ...left] = Keys;
      return json(200, {
        Responses: { accounts: [{ ...first, userId: { S: 'u' } }] },
        UnprocessedKeys: left.length === 0 ? {} : { accounts: { Keys: left } },
      });
    });
    const { dynamodb, destroy } = awsClients({ region, credentials, endpoints: { dynamodb: url } });
    const rows = ['a', 'b', 'c'].map((accountId) => ({ accountId, userId: 'u' }));
    expect(await profileStore({ dynamodb, tables }).get('accounts', rows)).toEqual(rows);
    expect(asked).toEqual([3, 2, 1]);
    destroy();
    server.close();
  });

  test('is sent the rows again that it did not take, and only these', async () => {
    const sent: string[][] = [];
    const { url, server } = await serve(({ body }, tries) => {
      const { RequestItems } = JSON.parse(body) as {
        RequestItems: { accounts: { PutRequest: { Item: { accountId: { S: string } } } }[] };
      };
      sent.push(RequestItems.accounts.map(({ PutRequest }) => PutRequest.Item.accountId.S));
      if (tries === 1) return json(200, { UnprocessedItems: RequestItems });
      return json(200, { UnprocessedItems: tries === 2 ? { accounts: RequestItems.accounts.slice(1) } : {} });
    });
    const { dynamodb, destroy } = awsClients({ region, credentials, endpoints: { dynamodb: url } });
    const rows = ['a', 'b', 'c'].map((accountId) => ({ accountId, userId: 'u' }));
    await profileStore({ dynamodb, tables }).putFresh('accounts', rows);
    expect(sent).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
      ['b', 'c'],
    ]);
    destroy();
    server.close();
  });

  test('is sent a single row again', async () => {
    const { url, server } = await serve((_, tries) => (tries <= 2 ? busy : json(200, {})));
    const { dynamodb, destroy } = awsClients({ region, credentials, endpoints: { dynamodb: url } });
    const rows = [{ accountId: 'a', userId: 'u' }];
    expect(await profileStore({ dynamodb, tables }).putOwn('u', 'accounts', rows)).toEqual({ conflicts: 0 });
    destroy();
    server.close();
  });
});
