/** How resources are called: `fzip-production-backup-collect` in AWS, `BackupCollect` in the state of the deployment. */

/** Names that a person looks for, and that ARNs are known by before there is a resource. */
export const nameOf = (what: string): string => `${$app.name}-${$app.stage}-${what}`;

export const idOf = (what: string): string =>
  what.replace(/(^|-)([a-z])/g, (_, _dash, letter: string) => letter.toUpperCase());

/** Bucket names are everybody's, so an account's number makes them its own. */
export const bucketNameOf = (what: string) => $interpolate`${nameOf(what)}-${account()}`;

export const account = () => aws.getCallerIdentityOutput().accountId;
export const region = () => aws.getRegionOutput().region;

export const arnOf = (service: string, rest: string) =>
  $interpolate`arn:aws:${service}:${region()}:${account()}:${rest}`;

export const isProduction = (): boolean => $app.stage === 'production';

/**
 * SST retains tables and buckets of a production that is removed, and nothing else: without its key what is retained could not be read,
 * and without its user pool nobody could sign in to it.
 */
export const retained = () => ({ retainOnDelete: isProduction() });

type Json = string | boolean | $util.Output<string> | Json[] | { [name: string]: Json };
export type PolicyStatement = { [element: string]: Json };

export const policyJson = (Statement: readonly PolicyStatement[]) =>
  $jsonStringify({ Version: '2012-10-17', Statement });
