/** One backup: how far it is, what it holds, how good it is, and everything that can be done with it. */
import type { BackupStatus } from '@fzip/api/schemas';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from 'react-router';
import { duration, number, plural, size } from '../format.ts';
import { backupCan, backupMoves } from '../jobs.ts';
import { keys, useBackup, useClient } from '../queries.ts';
import { Button, ButtonLink } from '../ui/button.tsx';
import { Checks } from '../ui/checks.tsx';
import { Confirm } from '../ui/dialog.tsx';
import { Ended } from '../ui/ended.tsx';
import { Card, Page } from '../ui/page.tsx';
import { Progress, Steps } from '../ui/progress.tsx';
import { Await, Problem } from '../ui/states.tsx';
import { Badge, Facts, Untrusted, useNow, When } from '../ui/text.tsx';
import { Volumes } from '../ui/volumes.tsx';
import { urls } from '../urls.ts';
import {
  backupStatuses,
  backupTypes,
  kindNames,
  kinds,
  leftOutName,
  phaseOrder,
  phases,
  qualities,
} from '../words/names.ts';

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

const Quality = ({ backup }: { backup: BackupStatus }) => {
  const { validation, failedFiles, failedFilesCount, notIncluded } = backup;
  if (!validation) return null;
  const named = qualities[validation.overall_quality];
  return (
    <Card title="Quality">
      <p className="lead">
        <Badge tone={named.tone}>{named.name}</Badge> {named.means}
      </p>
      <Facts
        of={[
          ['Integrity', `${number(validation.data_integrity_score)} of 100`],
          ['Completeness', `${number(validation.completeness_score)} of 100`],
          [
            'Files',
            `${number(validation.files_processed)} in it, ${number(validation.files_failed)} could not be read`,
          ],
          ['Made in', duration(validation.processing_time_seconds * 1_000)],
        ]}
      />
      {validation.issues.length > 0 && (
        <>
          <h3>What was found</h3>
          <Texts of={validation.issues} />
        </>
      )}
      {validation.recommendations.length > 0 && (
        <>
          <h3>What to do</h3>
          <Texts of={validation.recommendations} />
        </>
      )}
      {failedFiles.length > 0 && (
        <>
          <h3>Files that are not in it</h3>
          <ul>
            {failedFiles.map(({ fileId, fileName, reason }) => (
              <li key={fileId}>
                <strong>
                  <Untrusted text={fileName} />
                </strong>
                : <Untrusted text={reason} />
              </li>
            ))}
          </ul>
          {failedFilesCount > failedFiles.length && (
            <p className="soft">and {number(failedFilesCount - failedFiles.length)} more</p>
          )}
        </>
      )}
      {notIncluded.length > 0 && (
        <p className="soft">No package holds these of a profile: {notIncluded.map(leftOutName).join(', ')}.</p>
      )}
    </Card>
  );
};

const Texts = ({ of }: { of: readonly string[] }) => (
  <ul>
    {of.map((text) => (
      <li key={text}>
        <Untrusted text={text} />
      </li>
    ))}
  </ul>
);

const Content = ({ counts }: { counts: NonNullable<BackupStatus['counts']> }) => (
  <Card title="What it holds">
    <ul className="tiles">
      {kindNames.map((kind) => (
        <li key={kind}>
          <strong>{number(counts[kind])}</strong> {counts[kind] === 1 ? kinds[kind].one : kinds[kind].many}
        </li>
      ))}
    </ul>
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
