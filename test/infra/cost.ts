/**
 * What one backup costs in AWS: `node test/infra/cost.ts TRANSACTIONS FILES`. Makes one verified backup on the embedded runtime, counts
 * every call that functions make and how much time they take, and multiplies by prices. Writes a table.
 */
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { fzipClient } from '@fzip/api/client';
import { type FunctionName, otherFunctions, type Step, topology } from '@fzip/core';
import { startRuntime } from '@fzip/local/runtime';
import { recorder } from './recorder.ts';

/** List prices of eu-west-1 in dollars. Put in your own: they change, and commitments lower them. */
const prices = {
  /** A million invocations, and a GB-second on arm64. */
  invocation: 0.2 / 1e6,
  gbSecond: 0.0000133334,
  sqsRequest: 0.4 / 1e6,
  snsPublish: 0.5 / 1e6,
  s3Write: 0.005 / 1e3,
  s3Read: 0.0004 / 1e3,
  s3GibMonth: 0.023,
  dynamoRead: 0.1415 / 1e6,
  dynamoWrite: 0.705 / 1e6,
  apiRequest: 1.11 / 1e6,
  kmsRequest: 0.03 / 1e4,
};

/** DynamoDB reads 8 KB for a unit, eventually consistent; writes 1 KB. */
const readUnitBytes = 8 * 1024;
/** A transaction of HouseF3 as the table stores it, about. It is read twice: to be collected, and to see whether it moved. */
const rowBytes = 700;
const looks = 2;
/** What this machine's loopback does not show: the way to a service and back, of calls one behind the other. */
const perCallMs = 5;

const [transactions = 10_000, files = 20] = process.argv.slice(2).map(Number);
if (!Number.isSafeInteger(transactions) || !Number.isSafeInteger(files) || transactions < 0 || files < 0) {
  console.error('usage: node test/infra/cost.ts TRANSACTIONS FILES, both whole numbers');
  process.exit(1);
}

const record = recorder(() => on);
const runs: { name: FunctionName; id: string }[] = [];
const on = await startRuntime({
  silent: true,
  prefix: `cost-${randomUUID().slice(0, 8)}-`,
  wrapPorts: (ports, name) => {
    runs.push({ name, id: ports.invocation.id });
    return record.wrapPorts(ports, name);
  },
});
try {
  await on.fillProfile({ user: 'alice', transactions, files, seed: 1 });
  const events = await on.subscribe({ eventType: ['backup.completed', 'backup.failed'] });
  const began = performance.now();
  const cpu = process.cpuUsage();
  const { backupId } = await fzipClient({ baseUrl: on.url, token: () => on.token('alice') }).createBackup();
  const ended = await events.next((event) => event.subject === backupId, 600_000);
  if (ended.type !== 'backup.completed') throw new Error(`the backup ended as ${ended.type}`);
  const wall = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  const job = await on.ports.jobs.find(backupId);
  print({ wall, cpu: (user + system) / 1e6, packageBytes: job?.packageSize ?? 0 });
} finally {
  await on.close();
  record.close();
}

function print({ wall, cpu, packageBytes }: { wall: number; cpu: number; packageBytes: number }): void {
  const counts = record.counts();
  const count = (pattern: RegExp): number =>
    Object.entries(counts).reduce((sum, [action, times]) => sum + (pattern.test(action) ? times : 0), 0);
  const invoked = new Map<FunctionName, number>();
  for (const { name } of runs) invoked.set(name, (invoked.get(name) ?? 0) + 1);
  const calls = count(/./);
  const memoryGb = Math.max(...[...invoked.keys()].map((name) => memoryOf(name))) / 1024;
  // Everything in one process: emulators as well, so that this is more than functions take.
  const seconds = cpu + (calls * perCallMs) / 1000;
  const sends = count(/^sqs:/);
  const rowReads = (looks * transactions * rowBytes) / readUnitBytes;
  const lines: [what: string, amount: number, price: number][] = [
    ['Lambda invocations', runs.length, prices.invocation],
    [`Lambda GB-seconds (${memoryGb.toFixed(2)} GB)`, seconds * memoryGb, prices.gbSecond],
    // A message is sent, received and deleted.
    ['SQS requests', sends * 3, prices.sqsRequest],
    ['SNS publishes', count(/^sns:/), prices.snsPublish],
    ['S3 writes and lists', count(/^s3:(PutObject|List|AbortMultipart)/), prices.s3Write],
    ['S3 reads', count(/^s3:GetObject/), prices.s3Read],
    ['DynamoDB read units', rowReads + count(/^dynamodb:(GetItem|Query|BatchGetItem)/), prices.dynamoRead],
    // An item of a job, and of its indexes where they change.
    ['DynamoDB write units', count(/^dynamodb:(PutItem|UpdateItem|DeleteItem)/) * 4, prices.dynamoWrite],
    ['API requests (polled every 2 s)', 1 + Math.ceil(wall / 2_000), prices.apiRequest],
    ['KMS requests, at most', count(/^(s3:PutObject|s3:GetObject)/) / 10 + sends / 10, prices.kmsRequest],
    ['S3 storage, GiB-months (24 h)', packageBytes / 2 ** 30 / 30, prices.s3GibMonth],
  ];
  console.log(
    `${transactions} transactions, ${files} files: a package of ${packageBytes} bytes, ${calls} calls, ${cpu.toFixed(1)} s of processor`,
  );
  console.log('| what | amount | dollars |\n|---|---|---|');
  let total = 0;
  for (const [what, amount, price] of lines) {
    total += amount * price;
    console.log(
      `| ${what} | ${amount < 10 ? amount.toPrecision(2) : Math.round(amount)} | ${(amount * price).toFixed(7)} |`,
    );
  }
  console.log(`| **together** | | **${total.toFixed(5)}** |`);
}

function memoryOf(name: FunctionName): number {
  return (name in topology ? topology[name as Step] : otherFunctions[name as keyof typeof otherFunctions]).memoryMb;
}
