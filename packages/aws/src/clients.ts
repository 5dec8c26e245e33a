/** The SDK's clients, so set that nothing hangs and a throttled call is tried again. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

export type AwsClients = {
  s3: S3Client;
  sqs: SQSClient;
  sns: SNSClient;
  dynamodb: DynamoDBClient;
  /** The same connections as `dynamodb`, for items whose numbers are counts. */
  documents: DynamoDBDocumentClient;
  destroy(): void;
};

export type ClientOptions = {
  region?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  /** For tests in one process; otherwise the SDK reads its own variables (AWS_ENDPOINT_URL_S3, …). */
  endpoints?: { s3?: string; sqs?: string; sns?: string; dynamodb?: string };
  s3ForcePathStyle?: boolean;
  /** Instead of each service's own, for somebody who waits. */
  maxAttempts?: number;
};

/**
 * Tries, and times in ms, by service. `silence` is how long a connection may say nothing, bodies included;
 * `answer` is how long a request may wait for its first answer, S3's for putting a large upload together.
 */
const bounds = {
  s3: { maxAttempts: 5, answer: 120_000, silence: 120_000, maxSockets: 64 },
  dynamodb: { maxAttempts: 10, answer: 15_000, silence: 30_000, maxSockets: 64 },
  sqs: { maxAttempts: 5, answer: 15_000, silence: 30_000, maxSockets: 32 },
  sns: { maxAttempts: 5, answer: 15_000, silence: 30_000, maxSockets: 16 },
} as const;

type Service = keyof typeof bounds;

/** Makes one client per service. Everything not given comes from the SDK's own environment. */
export const awsClients = (options: ClientOptions = {}): AwsClients => {
  const s3 = new S3Client({
    ...settings('s3', options),
    forcePathStyle: options.s3ForcePathStyle ?? hasOwnEndpoint('s3', options),
  });
  // A queue's URL names its host; behind an endpoint of one's own that host need not exist.
  const sqs = new SQSClient({ ...settings('sqs', options), useQueueUrlAsEndpoint: !hasOwnEndpoint('sqs', options) });
  const sns = new SNSClient(settings('sns', options));
  const dynamodb = new DynamoDBClient(settings('dynamodb', options));
  const documents = DynamoDBDocumentClient.from(dynamodb, { marshallOptions: { removeUndefinedValues: true } });
  const all = [s3, sqs, sns, dynamodb];
  // It copies every answer for a log that nobody writes: a seventh of the time that reading a page of rows takes.
  for (const { middlewareStack } of all) middlewareStack.remove('loggerMiddleware');
  return { s3, sqs, sns, dynamodb, documents, destroy: () => all.forEach((client) => void client.destroy()) };
};

const settings = (service: Service, { region, credentials, endpoints, maxAttempts }: ClientOptions) => {
  const { maxAttempts: tries, answer, silence, maxSockets } = bounds[service];
  const agent = { keepAlive: true, maxSockets };
  const endpoint = endpoints?.[service];
  return {
    // The standard mode waits with exponential backoff and full jitter.
    retryMode: 'standard',
    maxAttempts: maxAttempts ?? tries,
    requestHandler: {
      connectionTimeout: 5_000,
      requestTimeout: answer,
      throwOnRequestTimeout: true,
      socketTimeout: silence,
      httpAgent: agent,
      httpsAgent: agent,
    },
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
};

const hasOwnEndpoint = (service: Service, { endpoints }: ClientOptions): boolean =>
  Boolean(
    endpoints?.[service] ?? process.env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ?? process.env.AWS_ENDPOINT_URL,
  );
