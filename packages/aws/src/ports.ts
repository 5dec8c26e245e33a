/** The domain's ports on AWS, all together. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AuditLine, defaultLimits, type Limits, type Ports } from '@fzip/core';
import type { AwsClients } from './clients.ts';
import { type AwsConfig, scratchTables } from './config.ts';
import { snsEvents } from './events.ts';
import { jobStore } from './job-store.ts';
import { jobLedger } from './ledger.ts';
import { objectStore } from './object-store.ts';
import { profileStore } from './profile-store.ts';
import { sqsQueues } from './queues.ts';

export type AwsPortsOptions = {
  limits?: Partial<Limits>;
  /** Where audit lines go; one line of JSON on standard output unless given. */
  audit?: (line: AuditLine) => void;
  /** See `sqsQueues`. */
  fairQueues?: boolean;
};

/** Everything but the invocation, which each run of a function adds. */
export const awsPorts = (
  config: AwsConfig,
  clients: AwsClients,
  { limits, audit = auditLine, fairQueues = true }: AwsPortsOptions = {},
): Omit<Ports, 'invocation'> => ({
  jobs: jobStore({ documents: clients.documents, table: config.tables.jobs }),
  ledger: jobLedger({ documents: clients.documents, table: config.tables.jobs }),
  profiles: profileStore({ dynamodb: clients.dynamodb, tables: config.tables }),
  packages: objectStore(clients.s3, config.buckets.packages),
  files: objectStore(clients.s3, config.buckets.files),
  scratch: profileStore({ dynamodb: clients.dynamodb, tables: { ...config.tables, ...scratchNames(config) } }),
  queues: sqsQueues({ sqs: clients.sqs, urls: config.queues, fairQueues }),
  events: snsEvents(clients.sns, config.eventsTopicArn),
  audit,
  // Whoever runs the function knows where measurements go.
  measure: () => undefined,
  clock: Date.now,
  newId: randomUUID,
  sleep: async (ms) => {
    await sleep(ms);
  },
  limits: { ...defaultLimits, ...config.limits, ...limits },
});

/** The names of the scratch tables, each in the place of the table it stands for. */
const scratchNames = ({ tables }: AwsConfig): Partial<AwsConfig['tables']> =>
  Object.fromEntries(Object.entries(scratchTables).map(([table, scratch]) => [table, tables[scratch]]));

const auditLine = (line: AuditLine): void => console.log(JSON.stringify({ audit: line }));
