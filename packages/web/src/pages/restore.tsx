/** One restore, at whatever step the server says it is: a reload, or another tab, shows the same. */
import type { RestoreStatus } from '@fzip/api/restore-schemas';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useNavigate, useParams } from 'react-router';
import { number, plural, upperFirst } from '../format.ts';
import { restoreCan } from '../jobs.ts';
import { keys, useClient, useRestore } from '../queries.ts';
import { SummaryCard } from '../restore/summary.tsx';
import { UploadStep } from '../restore/upload-step.tsx';
import { type WizardStep, WizardSteps } from '../restore/wizard-steps.tsx';
import { Button, ButtonLink } from '../ui/button.tsx';
import { Confirm } from '../ui/dialog.tsx';
import { Ended } from '../ui/ended.tsx';
import { Card, Page } from '../ui/page.tsx';
import { Progress, Steps } from '../ui/progress.tsx';
import { Await, Problem } from '../ui/states.tsx';
import { Badge, Facts, Said, Untrusted, When } from '../ui/text.tsx';
import { urls } from '../urls.ts';
import { phaseOrder, phases, restoreStatuses } from '../words/names.ts';

type Props = { restore: RestoreStatus };

const stepOf: Readonly<Record<RestoreStatus['status'], WizardStep>> = {
  uploaded: 'upload',
  validating: 'check',
  validation_passed: 'result',
  validation_failed: 'check',
  awaiting_confirmation: 'confirm',
  processing: 'restore',
  rolling_back: 'restore',
  completed: 'result',
  failed: 'result',
  canceled: 'result',
};

const Working = ({ restore: { status, progress, currentPhase } }: Props) => {
  const order: readonly string[] = status === 'validating' ? phaseOrder.check : phaseOrder.restore;
  const label = currentPhase ? phases[currentPhase] : restoreStatuses[status].name;
  return (
    <Card title={restoreStatuses[status].name}>
      <Progress label={label} value={progress} />
      {status !== 'rolling_back' && (
        <Steps
          names={order.map((phase) => phases[phase as keyof typeof phases])}
          at={currentPhase ? order.indexOf(currentPhase) : -1}
        />
      )}
      <p className="soft">
        {status === 'validating' && 'Every byte and every row is checked. Nothing is written to your profile. '}
        {status === 'rolling_back' && 'What was written is being removed, so that the profile is as empty as before. '}
        You can leave this page; it goes on.
      </p>
    </Card>
  );
};

const ConfirmStep = ({ restore }: Props) => {
  const client = useClient();
  const queries = useQueryClient();
  const { restoreId, summary, validationResults } = restore;
  const looked = () => queries.invalidateQueries({ queryKey: keys.restore(restoreId) });
  const confirm = useMutation({ mutationFn: () => client.confirmRestore(restoreId), onSettled: looked });
  const isFull = validationResults?.profileEmpty === false;
  return (
    <>
      <Card title="The package is good. Restore it?" tone="good">
        <p>
          Every byte and row was checked. Read below what it holds. <strong>Nothing has been written yet</strong>; it is
          written when you confirm, and either all of it or nothing.
        </p>
        {isFull && (
          <p className="notice notice-warn">
            Your profile was not empty when this was checked. It must be before you confirm.
          </p>
        )}
        {confirm.error && <Problem error={confirm.error} />}
        <div className="actions">
          <Button kind="main" isPending={confirm.isPending} onPress={() => confirm.mutate()}>
            Restore it now
          </Button>
          <CancelButton restore={restore} />
        </div>
        <p className="soft">It waits for you for a day.</p>
      </Card>
      {summary && <SummaryCard summary={summary} warnings={validationResults?.warnings ?? []} />}
    </>
  );
};

const CancelButton = ({ restore: { restoreId, status } }: Props) => {
  const client = useClient();
  const queries = useQueryClient();
  const looked = () => queries.invalidateQueries({ queryKey: keys.restore(restoreId) });
  const cancel = useMutation({ mutationFn: () => client.cancelRestore(restoreId), onSettled: looked });
  return (
    <Confirm
      trigger={<Button>Cancel the restore</Button>}
      title="Cancel this restore?"
      yes="Cancel the restore"
      mutation={cancel}
    >
      <p>
        {status === 'processing'
          ? 'What was written so far is removed again. Your profile will be empty, as before.'
          : 'Nothing was written to your profile. The uploaded file is thrown away; your own copy stays.'}
      </p>
    </Confirm>
  );
};

const Refused = ({ restore }: Props) => {
  const { validationResults } = restore;
  if (!validationResults) return null;
  const { errors, errorCount, guidance } = validationResults;
  return (
    <Card title="What was found" tone="bad">
      <p role="status">
        The package cannot be restored: {plural(errorCount, 'error', 'errors')}. Nothing was written to your profile.
      </p>
      {guidance.length > 0 && (
        <ul className="guidance">
          {guidance.map(({ code, count, meaning, advice }) => (
            <li key={code}>
              <strong>{upperFirst(meaning)}</strong> ({number(count)} ×). <Said text={advice} />
            </li>
          ))}
        </ul>
      )}
      <details>
        <summary>Every error that is kept ({number(errors.length)})</summary>
        <ul>
          {errors.map((text) => (
            <li key={text}>
              <Untrusted text={text} />
            </li>
          ))}
        </ul>
      </details>
    </Card>
  );
};

const Results = ({ restore: { restoreResults, validationResults, completedAt } }: Props) => (
  <Card
    title="Your profile is restored"
    tone="good"
    actions={
      <ButtonLink kind="main" to={urls.overview}>
        To the overview
      </ButtonLink>
    }
  >
    <p role="status">
      Everything was written, read back and compared
      {completedAt !== undefined && (
        <>
          : <When at={completedAt} />
        </>
      )}
      . HouseF3 computes its analytics anew when you open it.
    </p>
    {restoreResults && (
      <Facts
        of={[
          ['Accounts', number(restoreResults.accounts_restored)],
          ['Transactions', number(restoreResults.transactions_restored)],
          ['Categories', number(restoreResults.categories_restored)],
          ['Files', number(restoreResults.files_restored)],
          ['File maps', number(restoreResults.file_maps_restored)],
          ['Analytics', number(restoreResults.analytics_restored)],
        ]}
      />
    )}
    {(validationResults?.warnings.length ?? 0) > 0 && (
      <>
        <h3>Warnings</h3>
        <ul>
          {validationResults?.warnings.map((text) => (
            <li key={text}>
              <Untrusted text={text} />
            </li>
          ))}
        </ul>
      </>
    )}
  </Card>
);

const Passed = ({ restore: { validationResults } }: Props) => (
  <Card title="The package is good" tone="good">
    <p role="status">Every byte and row was checked, and it can be restored. Nothing was written, as you asked.</p>
    {validationResults?.profileEmpty === false && <p>Your profile is not empty now; it has to be for a restore.</p>}
    <div className="actions">
      <ButtonLink kind="main" to={urls.newRestore()}>
        Restore a backup
      </ButtonLink>
    </div>
  </Card>
);

const Rest = ({ restore }: Props) => {
  const { restoreId } = restore;
  const client = useClient();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const retry = useMutation({
    mutationFn: () => client.retryRestore(restoreId),
    onSettled: () => queries.invalidateQueries({ queryKey: keys.restore(restoreId) }),
  });
  const remove = useMutation({
    mutationFn: () => client.deleteRestore(restoreId),
    onSuccess: () => {
      queries.removeQueries({ queryKey: keys.restore(restoreId) });
      void queries.invalidateQueries({ queryKey: keys.restores });
      void navigate(urls.restores, { replace: true });
    },
  });
  return (
    <>
      {retry.error && <Problem error={retry.error} />}
      <div className="actions">
        {restoreCan.retry(restore) && (
          <Button kind="main" isPending={retry.isPending} onPress={() => retry.mutate()}>
            Run it again
          </Button>
        )}
        {restore.error?.code === 'PROFILE_NOT_EMPTY' && (
          <ButtonLink kind="danger" to={urls.clear()}>
            Clear the profile…
          </ButtonLink>
        )}
        {restore.status !== 'completed' && restore.status !== 'validation_passed' && (
          <ButtonLink to={urls.newRestore()}>Begin another restore</ButtonLink>
        )}
        {restoreCan.remove(restore) && (
          <Confirm
            trigger={<Button kind="danger">Delete this entry</Button>}
            title="Delete this entry?"
            yes="Delete the entry"
            mutation={remove}
          >
            <p>The uploaded file and this report are deleted. Your profile and your own copy of the file stay.</p>
          </Confirm>
        )}
      </div>
    </>
  );
};

const Content = ({ restore }: Props) => {
  const { status, error, summary, validationResults } = restore;
  const isWorking = status === 'validating' || status === 'processing' || status === 'rolling_back';
  return (
    <>
      {status === 'uploaded' && <UploadStep restore={restore} />}
      {isWorking && <Working restore={restore} />}
      {status === 'awaiting_confirmation' && <ConfirmStep restore={restore} />}
      {status === 'completed' && <Results restore={restore} />}
      {status === 'validation_passed' && <Passed restore={restore} />}
      {status === 'validation_failed' && <Refused restore={restore} />}
      {error && status !== 'validation_failed' && status !== 'rolling_back' && <Ended error={error} />}
      {restoreCan.cancel(restore) && status !== 'awaiting_confirmation' && (
        <div className="actions">
          <CancelButton restore={restore} />
        </div>
      )}
      {restoreCan.remove(restore) && <Rest restore={restore} />}
      {status === 'validation_passed' && summary && (
        <SummaryCard summary={summary} warnings={validationResults?.warnings ?? []} />
      )}
    </>
  );
};

const Restore = () => {
  const { restoreId = '' } = useParams();
  const query = useRestore(restoreId);
  const queries = useQueryClient();
  const status = query.data?.status;
  useEffect(() => {
    // What it wrote, or removed, shows elsewhere.
    if (status === 'completed' || status === 'failed' || status === 'canceled')
      void queries.invalidateQueries({ queryKey: keys.profile });
  }, [status, queries]);
  return (
    <Page
      title={query.data?.validateOnly ? 'Check a package' : 'Restore a backup'}
      back={{ to: urls.restores, name: 'Restores' }}
    >
      <Await query={query} what="the restore">
        {(restore) => (
          <>
            {/* What ended early did not go the whole way, so no way is shown. */}
            {restore.status !== 'failed' && restore.status !== 'canceled' && (
              <WizardSteps at={stepOf[restore.status]} checkOnly={restore.validateOnly} />
            )}
            <p className="lead" role="status">
              <Badge tone={restoreStatuses[restore.status].tone}>{restoreStatuses[restore.status].name}</Badge>{' '}
              <span className="soft">
                begun <When at={restore.createdAt} short />
              </span>
            </p>
            <Content restore={restore} />
          </>
        )}
      </Await>
    </Page>
  );
};
export default Restore;
