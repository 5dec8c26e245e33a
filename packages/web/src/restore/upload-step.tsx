/** A restore that waits for its file: sends it, or asks for it again. */
import type { RestoreStatus } from '@fzip/api/restore-schemas';
import { useState, useSyncExternalStore } from 'react';
import { duration, number, plural, size } from '../format.ts';
import type { Chosen } from '../preview/preview.ts';
import { useClient } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Card } from '../ui/page.tsx';
import { Progress } from '../ui/progress.tsx';
import { Problem } from '../ui/states.tsx';
import { useNow } from '../ui/text.tsx';
import { Pick } from './pick.tsx';
import { type Upload, uploads } from './uploads.ts';

const useUpload = (id: string): Upload | undefined => useSyncExternalStore(uploads.subscribe, () => uploads.of(id));

const Sending = ({ restoreId, upload }: { restoreId: string; upload: Upload }) => {
  const now = useNow(1_000);
  const { sent, total, since } = upload;
  const left = sent > 0 ? ((now - since) * (total - sent)) / sent : undefined;
  return (
    <Card title="Uploading">
      <Progress label="Sending the file" value={total === 0 ? 0 : (100 * sent) / total}>
        {size(sent)} of {size(total)}
        {left !== undefined && sent < total && <>, {duration(left)} left</>}
      </Progress>
      <p className="soft">
        Stay on these pages until it is sent. Other pages of FZIP are fine; closing the tab or loading it again is not.
      </p>
      <div className="actions">
        <Button onPress={() => uploads.stop(restoreId)}>Stop the upload</Button>
      </div>
    </Card>
  );
};

/** What a reload makes the browser forget, said as that. */
const ChooseAgain = ({ restore: { restoreId, uploads: arrived } }: { restore: RestoreStatus }) => {
  const client = useClient();
  const [chosen, setChosen] = useState<Chosen>();
  const expected = arrived?.expected ?? 1;
  const fits = chosen === undefined || chosen.volumes.length === expected;
  const got = arrived?.received.length ?? 0;
  return (
    <Card title="Choose the file again">
      <p>
        The restore waits for {expected === 1 ? 'its file' : `its ${number(expected)} volumes`}. After a reload the
        browser no longer knows which file you had chosen, so please choose it once more. Nothing is lost, and nothing
        was written.
      </p>
      {expected > 1 && (
        <p>
          {got === 0
            ? 'None of them has arrived yet.'
            : `${plural(got, 'volume has', 'volumes have')} arrived and will not be sent again. Choose all of them anyway.`}
        </p>
      )}
      <Pick onChosen={setChosen} />
      {!fits && (
        <p className="notice notice-bad" role="alert">
          This restore was begun for {plural(expected, 'file', 'files')}; {number(chosen?.volumes.length ?? 0)} were
          chosen. Choose the same ones, or cancel this restore and begin another.
        </p>
      )}
      <div className="actions">
        <Button
          kind="main"
          isDisabled={!chosen || !fits}
          onPress={() =>
            chosen &&
            uploads.start(
              client,
              restoreId,
              chosen.volumes.map(({ file }) => file),
            )
          }
        >
          Upload and check
        </Button>
      </div>
    </Card>
  );
};

export const UploadStep = ({ restore }: { restore: RestoreStatus }) => {
  const { restoreId } = restore;
  const client = useClient();
  const upload = useUpload(restoreId);
  if (!upload) return <ChooseAgain restore={restore} />;
  if (upload.is === 'sending') return <Sending restoreId={restoreId} upload={upload} />;
  if (upload.is === 'sent')
    return (
      <Card title="It is sent">
        <p role="status">All of it has arrived. The check begins in a moment.</p>
      </Card>
    );
  const again = (
    <Button kind="main" onPress={() => uploads.again(client, restoreId)}>
      Send it again
    </Button>
  );
  if (upload.is === 'failed') return <Problem error={upload.error}>{again}</Problem>;
  return (
    <Card title="The upload was stopped" tone="warn" actions={again}>
      <p>Nothing was written. You can send the file again, or cancel the restore.</p>
    </Card>
  );
};
