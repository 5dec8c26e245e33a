/** A part of a bucket as an object store of its own. */
import type { ObjectStore } from './ports.ts';

/** The objects below a prefix, under keys that lack it. */
export const prefixed = (store: ObjectStore, prefix: string): ObjectStore => {
  const inner = (key: string): string => key.slice(prefix.length);
  return {
    put: (key, ...rest) => store.put(prefix + key, ...rest),
    upload: (key, ...rest) => store.upload(prefix + key, ...rest),
    head: (key) => store.head(prefix + key),
    read: (key, ...rest) => store.read(prefix + key, ...rest),
    copy: (from, to, ...rest) => store.copy(prefix + from, prefix + to, ...rest),
    versions: (key) => store.versions(prefix + key),
    async *everyVersion(below) {
      for await (const version of store.everyVersion(prefix + below)) yield { ...version, key: inner(version.key) };
    },
    deleteVersion: (key, ...rest) => store.deleteVersion(prefix + key, ...rest),
    async *list(below) {
      for await (const object of store.list(prefix + below)) yield { ...object, key: inner(object.key) };
    },
    async *folders(below) {
      for await (const folder of store.folders(prefix + below)) yield inner(folder);
    },
    delete: (keys) => store.delete(keys.map((key) => prefix + key)),
    async *unfinished(below) {
      for await (const upload of store.unfinished(prefix + below)) yield { ...upload, key: inner(upload.key) };
    },
    abort: (key, ...rest) => store.abort(prefix + key, ...rest),
    presignGet: (key, ...rest) => store.presignGet(prefix + key, ...rest),
    presignPost: (key, ...rest) => store.presignPost(prefix + key, ...rest),
  };
};
