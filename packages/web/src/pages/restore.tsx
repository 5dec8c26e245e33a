/** One restore, at whatever step the server says it is: a reload, or another tab, shows the same. */
import type { RestoreStatus } from '@fzip/api/restore-schemas';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useParams } from 'react-router';
import { restoreCan } from '../jobs.ts';
import { keys, useRestore } from '../queries.ts';
import { CancelButton, ConfirmStep, Rest } from '../restore/acts.tsx';
import { Passed, Refused, Results } from '../restore/outcome.tsx';
import { SummaryCard } from '../restore/summary.tsx';
import { UploadStep } from '../restore/upload-step.tsx';
import { type WizardStep, WizardSteps } from '../restore/wizard-steps.tsx';
import { Ended } from '../ui/ended.tsx';
import { Card, Page } from '../ui/page.tsx';
import { Progress, Steps } from '../ui/progress.tsx';
import { Await } from '../ui/states.tsx';
import { Badge, When } from '../ui/text.tsx';
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
