/** Runs a job one step after the other, each step's consumers in a process of their own, so that time and memory are theirs alone. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { AwsClients } from '@fzip/aws';
import { queueVariable, type Step } from '@fzip/core';
import type { Figures } from '../format/figures.ts';
import type { Requests } from './requests.ts';

export type StepFigures = Figures & { step: Step };
export type Stepped = { figures: StepFigures; requests: Requests };

const entry = fileURLToPath(new URL('./consumer.ts', import.meta.url));
const longestMs = 60 * 60_000;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const counts = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const;

type On = { clients: AwsClients; env: Record<string, string> };

/** Messages of a step that wait or are worked on. */
const waiting = async ({ clients, env }: On, step: Step): Promise<number> => {
  const QueueUrl = env[queueVariable(step)] ?? '';
  const { Attributes = {} } = await clients.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...counts] }),
  );
  return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
};

/** Lets the steps run in their order, each until it has no message left. Steps without a message are left out. */
export const runSteps = async (on: On, steps: readonly Step[]): Promise<Stepped[]> => {
  const all: Stepped[] = [];
  for (const step of steps) if ((await waiting(on, step)) > 0) all.push(await runStep(on, step));
  return all;
};

const runStep = async (on: On, step: Step): Promise<Stepped> => {
  const child = fork(entry, [step], {
    env: { ...process.env, ...on.env },
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the consumers of ${step} ended with ${code}`);
  });
  ended.catch(() => {});
  await Promise.race([once(child, 'message'), ended]);
  const started = performance.now();
  while ((await waiting(on, step)) > 0) {
    if (performance.now() - started > longestMs) throw new Error(`${step} does not end`);
    await pause(20);
  }
  const told = once(child, 'message') as Promise<[Stepped]>;
  child.send('end');
  const [stepped] = await Promise.race([told, ended]);
  return stepped;
};
