/** `npm run test:contracts` against an endpoint that is not this process: one address for all services, as other emulators have it. */
import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { ListQueuesCommand } from '@aws-sdk/client-sqs';
import { awsClients } from '@fzip/aws';
import { type Emulators, startEmulators } from '@fzip/local/emulators/index';
import { afterAll, beforeAll, expect, test } from 'vitest';

const isLong = process.env.FZIP_LONG === '1';
let emulators: Emulators;
const servers: Server[] = [];

beforeAll(async () => {
  emulators = await startEmulators();
});
afterAll(async () => {
  for (const server of servers) server.closeAllConnections();
  await emulators.close();
});

/** By the service that a request is signed for; a presigned link or form is S3's. */
const emulatorOf = ({ headers }: IncomingMessage): string => {
  const service = /Credential=[^/]+\/\d+\/[^/]+\/([a-z0-9]+)\//.exec(headers.authorization ?? '')?.[1] ?? 's3';
  return service === 'dynamodb' ? emulators.dynamodb : service === 's3' ? emulators.s3 : emulators.messaging;
};

type Tamper = (body: string, answer: ServerResponse) => boolean;

/** One address that passes everything on, save what `tamper` has answered itself of what is no object. */
const switchboard = async (tamper: Tamper = () => false): Promise<string> => {
  const server = createServer(async (incoming, answer) => {
    const { method, headers, url = '/' } = incoming;
    const emulator = emulatorOf(incoming);
    const body = emulator === emulators.s3 ? undefined : await text(incoming);
    if (body !== undefined && tamper(body, answer)) return;
    const onward = request(new URL(url, emulator), { method, headers }, (answered) => {
      answer.writeHead(answered.statusCode ?? 500, answered.headers);
      answered.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    if (body === undefined) incoming.pipe(onward);
    else onward.end(body);
  });
  servers.push(server);
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
};

const contracts = async (...args: string[]): Promise<{ code: number | null; said: string }> => {
  const { accessKeyId, secretAccessKey } = emulators.credentials;
  const child = spawn(process.execPath, ['packages/aws/scripts/contracts.ts', ...args], {
    env: { PATH: process.env.PATH, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, said: out + err };
};

/** Everything that is there, by name. */
const everything = async (): Promise<(string | undefined)[]> => {
  const { credentials, s3, messaging, dynamodb } = emulators;
  const clients = awsClients({
    region: 'us-east-1',
    credentials,
    endpoints: { s3, sqs: messaging, sns: messaging, dynamodb },
  });
  const [tables, buckets, queues] = await Promise.all([
    clients.dynamodb.send(new ListTablesCommand({})),
    clients.s3.send(new ListBucketsCommand({})),
    clients.sqs.send(new ListQueuesCommand({})),
  ]);
  clients.destroy();
  return [tables.TableNames ?? [], buckets.Buckets?.map(({ Name }) => Name) ?? [], queues.QueueUrls ?? []].flat();
};

const suites = isLong ? ['dynamodb', 'delivery', 'messaging', 'object-store'] : ['messaging'];

test('the suites pass at any address that keeps the promises, and nothing is left there', async () => {
  const only = suites.flatMap((suite) => ['--only', suite]);
  const { code, said } = await contracts('--endpoint', await switchboard(), '--prefix', 'mine', ...only);
  expect(said).toMatch(/every name begins with mine-[0-9a-f]{8}-/);
  expect(said).toMatch(/removed .*queues/);
  expect(code, said).toBe(0);
  expect(await everything()).toEqual([]);
}, 300_000);

test('a service that breaks a promise is found out, and nothing is left there either', async () => {
  const forgetful = await switchboard((body, answer) => {
    if (!body.includes('Action=Publish&')) return false;
    const result = '<PublishResult><MessageId>1</MessageId></PublishResult>';
    answer.writeHead(200, { 'content-type': 'text/xml' }).end(`<PublishResponse>${result}</PublishResponse>`);
    return true;
  });
  const { code, said } = await contracts('--endpoint', forgetful, '--only', 'messaging');
  expect(said).toContain('publish: subscribers are told the event');
  expect(said).toMatch(/1 failed.*\d+ passed/);
  expect(code).toBe(1);
  expect(await everything()).toEqual([]);
}, 300_000);

test('an address where nobody answers, and what is not understood, is said in a line', async () => {
  const silent = await contracts('--endpoint', 'http://127.0.0.1:9');
  expect(silent.said).toContain('S3 at http://127.0.0.1:9 does not answer: ECONNREFUSED');
  expect(silent.said).not.toContain('    at ');
  expect(silent.code).toBe(1);
  expect(await contracts('--endpoint', 'nowhere')).toEqual({
    code: 2,
    said: 'test:contracts: --endpoint is "nowhere"; allowed are a URL as http://127.0.0.1:4566, and aws\n',
  });
  expect((await contracts('--only', 'sqs')).said).toContain('allowed are dynamodb, delivery, messaging, object-store');
}, 60_000);
