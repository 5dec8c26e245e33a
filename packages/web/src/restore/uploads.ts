/** Uploads that run in this page, whichever of its pages is shown. A reload ends them; what had arrived stays. */
import type { FzipClient } from '@fzip/api/client';
import { formDataOf } from '@fzip/api/client-upload';
import type { UploadForm } from '@fzip/api/restore-schemas';

export type Upload = {
  is: 'sending' | 'sent' | 'failed' | 'stopped';
  /** Bytes of the files that were sent, and of all. */
  sent: number;
  total: number;
  /** ms since epoch */
  since: number;
  error?: unknown;
};

export class StorageRefused extends Error {
  override readonly name = 'FzipApiError';
  readonly code = 'UPLOAD_FAILED';
  readonly status: number;
  readonly details = [];
  constructor(status: number, reason: string) {
    super(`the storage answered ${status} ${reason}`.trim());
    this.status = status;
  }
}

/** Only a request of this old kind tells how much was sent. */
const send = (form: UploadForm, file: Blob, onSent: (bytes: number) => void, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    // The form's own fields are sent too; of the whole only the file's share counts.
    request.upload.onprogress = ({ loaded, total }) => onSent(total > 0 ? Math.floor((file.size * loaded) / total) : 0);
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) return resolve();
      reject(new StorageRefused(request.status, /<Code>([A-Za-z]+)<\/Code>/.exec(request.responseText)?.[1] ?? ''));
    };
    request.onerror = () => reject(new StorageRefused(0, 'nothing; the connection was cut'));
    request.onabort = () => reject(signal.reason);
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.open('POST', form.url);
    request.send(formDataOf(form, file));
  });

export const makeUploads = () => {
  const running = new Map<string, { upload: Upload; files: readonly File[]; stop: AbortController }>();
  const listeners = new Set<() => void>();
  const change = (id: string, upload: Upload): void => {
    const entry = running.get(id);
    if (entry) entry.upload = upload;
    for (const listener of listeners) listener();
  };
  const isSending = () => [...running.values()].some(({ upload }) => upload.is === 'sending');
  const warn = (event: BeforeUnloadEvent) => {
    if (isSending()) event.preventDefault();
  };

  /** Sends the volumes that have not arrived, each by a form that is still good. */
  const run = async (client: FzipClient, id: string, files: readonly File[], signal: AbortSignal): Promise<void> => {
    const total = files.reduce((sum, { size }) => sum + size, 0);
    const since = Date.now();
    const { uploads } = await client.restoreStatus(id, { signal });
    const missing = uploads?.missing ?? [];
    const isMissing = (index: number) => missing.includes(index + 1);
    let before = files.reduce((sum, { size }, index) => sum + (isMissing(index) ? 0 : size), 0);
    for (const [index, file] of files.entries()) {
      if (!isMissing(index)) continue;
      const form = (await client.uploadForms(id, { signal }))[index];
      if (!form) throw new TypeError(`the restore takes fewer than ${index + 1} volumes`);
      await send(form, file, (bytes) => change(id, { is: 'sending', sent: before + bytes, total, since }), signal);
      before += file.size;
      change(id, { is: 'sending', sent: before, total, since });
    }
    await client.notifyUploaded(id, { signal });
    change(id, { is: 'sent', sent: total, total, since });
  };

  return {
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    of: (id: string): Upload | undefined => running.get(id)?.upload,
    /** Files of a volume each, in the order of the volumes. */
    start: (client: FzipClient, id: string, files: readonly File[]): void => {
      const total = files.reduce((sum, { size }) => sum + size, 0);
      const [stop, since] = [new AbortController(), Date.now()];
      running.get(id)?.stop.abort();
      running.set(id, { files, stop, upload: { is: 'sending', sent: 0, total, since } });
      addEventListener('beforeunload', warn);
      change(id, { is: 'sending', sent: 0, total, since });
      run(client, id, files, stop.signal)
        .catch((error: unknown) => {
          const { sent } = running.get(id)?.upload ?? { sent: 0 };
          change(id, { is: stop.signal.aborted ? 'stopped' : 'failed', sent, total, since, error });
        })
        .finally(() => {
          if (!isSending()) removeEventListener('beforeunload', warn);
        });
    },
    /** The same files once more: what has arrived is not sent again. */
    again(client: FzipClient, id: string): void {
      const files = running.get(id)?.files;
      if (files) this.start(client, id, files);
    },
    stop: (id: string): void => running.get(id)?.stop.abort(),
  };
};

export const uploads = makeUploads();
