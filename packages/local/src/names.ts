/** How the embedded runtime names what it makes. The account and the region are those that fauxqs answers with. */
export const region = 'us-east-1';
export const accountId = '000000000000';

export const queueArn = (queue: string): string => `arn:aws:sqs:${region}:${accountId}:${queue}`;

/** A queue URL ends with the queue's name. */
export const queueOfUrl = (url: string): string => url.slice(url.lastIndexOf('/') + 1);
