/**
 * Traps of SST 4.17.1, mended before any resource is made. Each says what SST does by itself and why that will not do.
 */
import { account, isProduction, policyJson } from './names.ts';

export const defaults = (): void => {
  $transform(sst.aws.Function, (args) => {
    args.runtime ??= 'nodejs22.x';
    args.transform = {
      ...args.transform,
      role: {
        // The managed policy lets a function write to every log group of the account; each names its own.
        managedPolicyArns: [],
        // SST asks an Output whether it is true (`!dev`), which it always is: roles trust the whole account outside of `sst dev` as
        // well. Only the bridge of `sst dev` needs that.
        ...($dev ? {} : { assumeRolePolicy: trustOf('lambda.amazonaws.com') }),
      },
    };
  });

  $transform(sst.aws.Bucket, (args, _opts, name) => {
    if (args === undefined) throw new Error(`the bucket ${name} has no settings to mend; give it some`);
    // Buckets let every origin in unless told otherwise.
    args.cors ??= false;
    args.enforceHttps ??= true;
    // And every bucket could be deleted with all that is in it.
    args.transform = {
      ...args.transform,
      bucket: { forceDestroy: !isProduction(), ...(args.transform?.bucket as object | undefined) },
    };
  });

  // `notify` and `subscribeQueue` let S3, SNS and EventBridge of any account send; and `notify` works once a bucket, a second one taking
  // the place of the first. Here a queue's policy is made by `messaging.ts`, and a bucket has one notification that names all.
  $transform(aws.sqs.QueuePolicy, (args, _opts, name) => {
    args.policy = $output(args.policy).apply((policy) => {
      const { Statement }: { Statement: { Effect: string; Condition?: unknown }[] } =
        typeof policy === 'string' ? JSON.parse(policy) : policy;
      if (Statement.every(({ Condition }) => Condition !== undefined)) return policy;
      throw new Error(`the policy ${name} lets a service of any account send; name its source`);
    });
  });
};

/** A role that one service may take, and for this account alone. */
export const trustOf = (service: string) =>
  policyJson([
    {
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      Principal: { Service: service },
      Condition: { StringEquals: { 'aws:SourceAccount': account() } },
    },
  ]);
