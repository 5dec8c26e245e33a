/** What the events and messages are, told to people (Markdown) and to programs (AsyncAPI 3). Made from the schemas. */
import * as z from 'zod';
import { type EventType, eventData, eventTypes, FzipEvent } from './events.ts';
import { messageSchemas } from './messages.ts';
import { deadLetterQueueName, steps, topology } from './topology.ts';

/** When each event is published. */
const when: Readonly<Record<EventType, string>> = {
  'backup.initiated': 'a backup began; once per job',
  'backup.completed': 'a backup was read back and found whole',
  'backup.failed': 'a backup ended without a package, with the cause',
  'backup.canceled': 'a backup was stopped by its user',
  'backup.expired': "a backup's time was over and its objects were removed",
  'backup.expiring':
    'a backup that was kept for longer than two hours is in its last two; again when its end was put off',
  'restore.initiated': 'a restore began',
  'restore.validated': 'a package was checked, as asked, and nothing more is to be done',
  'restore.validation_failed': 'a package was refused; nothing was written',
  'restore.awaiting_confirmation': 'a checked package waits for its user',
  'restore.completed': 'a profile was restored and verified',
  'restore.failed': 'a restore failed and left the profile empty',
  'restore.canceled': 'a restore was stopped and left the profile empty',
  'profile.cleared': 'a profile was cleared at the wish of its user; `counts` is what it held when that began',
};

const jsonSchema = (schema: z.ZodType) => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
};

const envelope = (type: EventType) =>
  jsonSchema(FzipEvent.extend({ type: z.literal(type), data: eventData[type] as z.ZodObject }));

/** `backup.completed` as an AsyncAPI key. */
const key = (type: string): string => type.replaceAll(/[.-]/g, '_');

export const asyncApi = () => ({
  asyncapi: '3.0.0',
  info: {
    title: 'FZIP events and messages',
    version: '1.0.0',
    description:
      'Domain events on one SNS topic, as CloudEvents 1.0, and the one message by which anybody may start a backup.',
  },
  defaultContentType: 'application/json',
  channels: {
    events: {
      address: 'fzip-events',
      description: 'SNS topic. Filter policies may name the attributes eventType, userId and jobType.',
      messages: Object.fromEntries(
        eventTypes.map((type) => [key(type), { $ref: `#/components/messages/${key(type)}` }]),
      ),
    },
    backupRequest: {
      address: 'backup-request',
      description: 'SQS queue. A message here starts a backup.',
      messages: { backup_request: { $ref: '#/components/messages/backup_request' } },
    },
  },
  operations: {
    publishEvent: { action: 'send', channel: { $ref: '#/channels/events' } },
    receiveBackupRequest: { action: 'receive', channel: { $ref: '#/channels/backupRequest' } },
  },
  components: {
    messages: {
      ...Object.fromEntries(
        eventTypes.map((type) => [key(type), { name: type, summary: when[type], payload: envelope(type) }]),
      ),
      backup_request: {
        name: 'backup-request',
        summary: 'asks for a backup of a profile',
        // The mark of a round trip is FZIP's own.
        payload: jsonSchema(messageSchemas['backup-request'].omit({ roundTrip: true })),
      },
    },
  },
});

const dataFields = (type: EventType): string =>
  Object.keys((eventData[type] as z.ZodObject).shape)
    .map((field) => `\`${field}\``)
    .join(' ');

export const eventsMarkdown = (): string => `# Events and messages

Made from the schemas in \`packages/core/src/events.ts\` and \`messages.ts\` by \`node packages/core/scripts/events.ts\`.
The same for programs: [asyncapi.json](asyncapi.json).

## Events

What happened is published to one SNS topic (\`FZIP_EVENTS_TOPIC_ARN\`) as CloudEvents 1.0 JSON:
\`specversion\`, \`id\`, \`source\` (\`housef3.fzip\`), \`type\`, \`subject\` (the job's id), \`time\`, \`datacontenttype\`, \`data\`.

Delivery is at least once. The \`id\` follows from job, attempt and type: the same thing told twice has the same id, and
that is how a subscriber recognises a repeat. There is one \`initiated\` per job and one ending per attempt.

Message attributes for filter policies: \`eventType\`, \`userId\`, \`jobType\`.

| type | when | data |
|---|---|---|
${eventTypes.map((type) => `| \`${type}\` | ${when[type]} | ${dataFields(type)} |`).join('\n')}

## Starting a backup by a message

A message on the queue \`backup-request\` starts a backup, without the API:

\`\`\`json
{ "userId": "alice", "parameters": { "backupType": "complete", "includeAnalytics": true } }
\`\`\`

\`parameters\` may be left out. Without \`jobId\` (a UUID) the job's id follows from the message's own id, so that a
redelivery is no second backup. Whoever may send to this queue speaks for every user: its policy is the door.

## Queues

Work passes from step to step on one queue a step; a message that fails ${topology['backup-request'].maxReceiveCount} times goes to its dead-letter
queue, whose consumer keeps it and fails the job with the cause.

| step and queue | dead letters | timeout | visibility | batch |
|---|---|---|---|---|
${steps
  .map((step) => {
    const { timeoutSeconds, visibilitySeconds, batchSize } = topology[step];
    return `| \`${step}\` | \`${deadLetterQueueName(step)}\` | ${timeoutSeconds} s | ${visibilitySeconds} s | ${batchSize} |`;
  })
  .join('\n')}
`;
