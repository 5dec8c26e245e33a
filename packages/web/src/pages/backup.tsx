/** One backup: how far it is, what it holds, how good it is, and everything that can be done with it. */
import type { BackupStatus } from '@fzip/api/schemas';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from 'react-router';
import { duration, plural, size } from '../format.ts';
import { backupCan, backupMoves } from '../jobs.ts';
import { keys, useBackup, useClient } from '../queries.ts';
import { Button, ButtonLink } from '../ui/button.tsx';
import { Checks } from '../ui/checks.tsx';
import { Confirm } from '../ui/dialog.tsx';
import { Ended } from '../ui/ended.tsx';
import { Card, Page } from '../ui/page.tsx';
import { Progress, Steps } from '../ui/progress.tsx';
import { Quality } from '../ui/quality.tsx';
import { Await, Problem } from '../ui/states.tsx';
import { Badge, Facts, Untrusted, useNow, When } from '../ui/text.tsx';
import { Tiles } from '../ui/tiles.tsx';
import { Volumes } from '../ui/volumes.tsx';
import { urls } from '../urls.ts';
import { backupStatuses, backupTypes, phaseOrder, phases } from '../words/names.ts';

const Live = ({ backup }: { backup: BackupStatus }) => {
  const now = useNow(1_000);
  const { progress, currentPhase, estimatedSize, estimatedCompletion } = backup;
  const phase = currentPhase ?? 'collecting_data';
  const done = estimatedSize === undefined ? undefined : Math.round((estimatedSize * progress) / 100);
  return (
    <Card title="Being made">
      <Progress label={phases[phase]} value={progress}>
        {done !== undefined && estimatedSize !== undefined && (
          <>
            about {size(done)} of {size(estimatedSize)}
          </>
        )}
        {estimatedCompletion !== undefined && <>, {duration(estimatedCompletion - now)} left</>}
      </Progress>
      <Steps
        names={phaseOrder.backup.map((each) => phases[each])}
        at={(phaseOrder.backup as readonly string[]).indexOf(phase)}
      />
      <p className="soft">You can leave this page. The backup goes on, and shows here when it is done.</p>
    </Card>
  );
};

const Content = ({ counts }: { counts: NonNullable<BackupStatus['counts']> }) => (
  <Card title="What it holds">
    <Tiles of={counts} />
  </Card>
);

const Keep = ({ backup: { backupId } }: { backup: BackupStatus }) => {
  const client = useClient();
  const queries = useQueryClient();
  const keep = useMutation({
    mutationFn: (expiresInHours: number) => client.amendBackup(backupId, { expiresInHours }),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.backup(backupId) }),
  });
  return (
    <>
      <div className="actions">
        <Button isPending={keep.isPending} onPress={() => keep.mutate(30 * 24)}>
          Keep it for a month from now
        </Button>
        <Button isPending={keep.isPending} onPress={() => keep.mutate(365 * 24)}>
          Keep it for a year
        </Button>
      </div>
      <div role="status" className="visually-hidden">
        {keep.isSuccess && 'It is kept longer now.'}
      </div>
      {keep.error && <Problem error={keep.error} />}
    </>
  );
};

const Actions = ({ backup }: { backup: BackupStatus }) => {
  const { backupId, status } = backup;
  const client = useClient();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const looked = () => queries.invalidateQueries({ queryKey: keys.backup(backupId) });
  const cancel = useMutation({ mutationFn: () => client.cancelBackup(backupId), onSettled: looked });
  const remove = useMutation({
    mutationFn: () => client.deleteBackup(backupId),
    onSuccess: () => {
      queries.removeQueries({ queryKey: keys.backup(backupId) });
      void queries.invalidateQueries({ queryKey: keys.backups });
      void navigate(urls.backups, { replace: true });
    },
  });
  return (
    <>
      {backupCan.cancel(backup) && (
        <Confirm
          trigger={<Button>Cancel the backup</Button>}
          title="Cancel this backup?"
          yes="Cancel the backup"
          mutation={cancel}
        >
          <p>What was made of it so far is thrown away. Your profile was only read.</p>
        </Confirm>
      )}
      <Confirm
        trigger={<Button kind="danger">Delete</Button>}
        title="Delete this backup?"
        yes="Delete the backup"
        mutation={remove}
      >
        <p>
          {status === 'completed'
            ? 'Its package is deleted for good. A copy that you downloaded stays yours and can be restored.'
            : 'It disappears from the list, with all that is stored of it.'}{' '}
          Your profile is not touched.
        </p>
      </Confirm>
    </>
  );
};

const Backup = () => {
  const { backupId = '' } = useParams();
  const query = useBackup(backupId);
  const title = query.data ? `Backup: ${backupTypes[query.data.backupType].name}` : 'Backup';
  return (
    <Page
      title={title}
      back={{ to: urls.backups, name: 'Backups' }}
      actions={query.data && <Actions backup={query.data} />}
    >
      <Await query={query} what="the backup">
        {(backup) => (
          <>
            <p className="lead" role="status">
              <Badge tone={backupStatuses[backup.status].tone}>{backupStatuses[backup.status].name}</Badge>
              {backup.damaged && <Badge tone="bad">Damaged</Badge>}
              {backup.description && (
                <>
                  {' '}
                  <Untrusted text={backup.description} />
                </>
              )}
            </p>
            {backupMoves[backup.status] && <Live backup={backup} />}
            {backup.error && <Ended error={backup.error} />}
            {backup.status === 'expired' && (
              <Card
                title="It has expired"
                tone="warn"
                actions={
                  <ButtonLink kind="main" to={urls.newBackup}>
                    Make a new backup
                  </ButtonLink>
                }
              >
                <p>Its package is gone from here. A copy that you downloaded stays good, and can be restored.</p>
              </Card>
            )}
            <div className="columns">
              <div>
                {backupCan.download(backup) && <Volumes backup={backup} />}
                <Quality backup={backup} />
              </div>
              <div>
                {backup.counts && <Content counts={backup.counts} />}
                {backupCan.check(backup) && <Checks backup={backup} />}
                <Card title="About it">
                  <Facts
                    of={[
                      ['Requested', <When key="asked" at={backup.requestedAt} />],
                      ['Completed', backup.completedAt !== undefined && <When key="done" at={backup.completedAt} />],
                      [
                        backup.status === 'expired' ? 'Expired' : 'Kept until',
                        backup.expiresAt !== undefined && <When key="until" at={backup.expiresAt} />,
                      ],
                      ['Size', backup.packageSize !== undefined && size(backup.packageSize)],
                      ['Volumes', backup.volumes.length > 1 && plural(backup.volumes.length, 'file', 'files')],
                      ['Id', <code key="id">{backup.backupId}</code>],
                    ]}
                  />
                  {backupCan.keep(backup) && !backupMoves[backup.status] && <Keep backup={backup} />}
                </Card>
              </div>
            </div>
          </>
        )}
      </Await>
    </Page>
  );
};
export default Backup;
