/** What can be done with a restore: confirm it, cancel it, run it again, delete it. */
import type { RestoreStatus } from '@fzip/api/restore-schemas';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { restoreCan } from '../jobs.ts';
import { keys, useClient } from '../queries.ts';
import { Button, ButtonLink } from '../ui/button.tsx';
import { Confirm } from '../ui/dialog.tsx';
import { Card } from '../ui/page.tsx';
import { Problem } from '../ui/states.tsx';
import { urls } from '../urls.ts';
import { codeOf } from '../words/errors.ts';
import { SummaryCard } from './summary.tsx';

type Props = { restore: RestoreStatus };

export const ConfirmStep = ({ restore }: Props) => {
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
        {confirm.error && codeOf(confirm.error) === 'PROFILE_NOT_EMPTY' && (
          <p className="notice notice-warn">
            This restore waits on. To clear the profile, cancel the restore first; your own copy of the file stays.
          </p>
        )}
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

export const CancelButton = ({ restore: { restoreId, status } }: Props) => {
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

export const Rest = ({ restore }: Props) => {
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
