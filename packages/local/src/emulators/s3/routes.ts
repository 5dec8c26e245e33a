import * as buckets from './buckets.ts';
import { type Call, headerOf } from './call.ts';
import { copyObject } from './copy.ts';
import { S3Error } from './errors.ts';
import { listObjects, listVersions } from './listing.ts';
import * as multipart from './multipart.ts';
import { listParts, listUploads } from './multipart-lists.ts';
import { deleteObject, getObject, putObject } from './objects.ts';
import type { Operation } from './world.ts';

/** Query names that change what a request means. One that stands in no route below is refused, not overlooked. */
const subresources = new Set(
  (
    'accelerate acl analytics attributes cors delete encryption intelligent-tiering inventory legal-hold lifecycle list-type location logging ' +
    'metrics notification object-lock ownershipControls partNumber policy policyStatus publicAccessBlock renameObject replication requestPayment ' +
    'restore retention select session tagging torrent uploadId uploads versioning versions website'
  ).split(' '),
);

/** Every operation, by method, kind of resource, and subresources in order of their names. */
const routes: Record<string, Operation> = {
  'GET service': buckets.listBuckets,
  'PUT bucket': buckets.createBucket,
  'HEAD bucket': buckets.headBucket,
  'DELETE bucket': buckets.deleteBucket,
  'GET bucket list-type': listObjects,
  'GET bucket versions': listVersions,
  'GET bucket uploads': listUploads,
  'GET bucket location': buckets.getLocation,
  'GET bucket versioning': buckets.getVersioning,
  'PUT bucket versioning': buckets.putVersioning,
  'GET bucket notification': buckets.getNotifications,
  'PUT bucket notification': buckets.putNotifications,
  'POST bucket delete': buckets.deleteObjects,
  'GET object': getObject,
  'HEAD object': getObject,
  'PUT object': putObject,
  'PUT object copy': copyObject,
  'DELETE object': deleteObject,
  'POST object uploads': multipart.createUpload,
  'PUT object partNumber uploadId': multipart.uploadPart,
  'PUT object partNumber uploadId copy': multipart.uploadPartCopy,
  'GET object uploadId': listParts,
  'POST object uploadId': multipart.completeUpload,
  'DELETE object uploadId': multipart.abortUpload,
};

/** The operation that a request means. Throws NotImplemented. */
export const routeOf = (call: Call): Operation => {
  const resource = call.bucket === '' ? 'service' : call.key === '' ? 'bucket' : 'object';
  const named = [...call.query.keys()].filter((name) => subresources.has(name)).sort();
  const copy = call.method === 'PUT' && resource === 'object' && headerOf(call, 'x-amz-copy-source') !== undefined;
  const route = [call.method, resource, ...named, ...(copy ? ['copy'] : [])].join(' ');
  const operation = Object.hasOwn(routes, route) ? routes[route] : undefined;
  if (operation) return operation;
  throw new S3Error('NotImplemented', `A request you provided implies functionality that is not implemented: ${route}`);
};
