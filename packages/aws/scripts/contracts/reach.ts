/** Whether the services that the suites need are there at all, said before a hundred tests say it each in its own way. */
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Asked } from './arguments.ts';

export type Unanswering = { service: string; address: string; why: string };

const atOnce = { connectionTimeout: 5_000, requestTimeout: 10_000, throwOnRequestTimeout: true };

/** The services that do not answer a simple question as AWS does, each with why. */
export const unanswering = async (region: string): Promise<Unanswering[]> => {
  const settings = { region, maxAttempts: 1, requestHandler: atOnce };
  const questions = {
    DynamoDB: () => new DynamoDBClient(settings).send(new ListTablesCommand({ Limit: 1 })),
    S3: () => new S3Client({ ...settings, forcePathStyle: true }).send(new ListBucketsCommand({})),
    SQS: () => new SQSClient(settings).send(new ListQueuesCommand({ MaxResults: 1 })),
    SNS: () => new SNSClient(settings).send(new ListTopicsCommand({})),
  };
  const asked = Object.entries(questions).map(async ([service, ask]) => {
    try {
      await ask();
      return [];
    } catch (error) {
      return [{ service, address: addressOf({ endpoint: 'aws' }, service), why: reasonOf(error) }];
    }
  });
  return (await Promise.all(asked)).flat();
};

/** Where a service is looked for, as far as the environment tells. */
export const addressOf = ({ endpoint }: Pick<Asked, 'endpoint'>, service = 'S3'): string => {
  const own = process.env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`];
  return own ?? process.env.AWS_ENDPOINT_URL ?? (endpoint === 'aws' ? 'AWS' : (endpoint ?? ''));
};

/** A refused connection has no message of its own, but a code. */
const reasonOf = (error: unknown): string => {
  const { name, message, code } = error as NodeJS.ErrnoException;
  return [code ?? name, message].filter(Boolean).join(': ');
};
