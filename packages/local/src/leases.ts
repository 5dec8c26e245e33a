/** Leases of consumers that are gone. */
import { DeleteCommand, paginateScan } from '@aws-sdk/lib-dynamodb';
import type { AwsClients, AwsConfig } from '@fzip/aws';

/**
 * Ends every lease. Only for the start of the consumers: the home belongs to one process at a time, so whoever held a
 * lease before is dead, and waiting for the lease's end, a quarter of an hour, would wait for nobody.
 */
export const endLeases = async ({ documents }: AwsClients, { tables }: AwsConfig): Promise<number> => {
  let ended = 0;
  const pages = paginateScan(
    { client: documents },
    {
      TableName: tables.jobs,
      FilterExpression: 'begins_with(jobId, :lease)',
      ExpressionAttributeValues: { ':lease': 'lease#' },
      ProjectionExpression: 'jobId',
    },
  );
  for await (const { Items = [] } of pages) {
    for (const { jobId } of Items) {
      await documents.send(new DeleteCommand({ TableName: tables.jobs, Key: { jobId } }));
      ended += 1;
    }
  }
  return ended;
};
