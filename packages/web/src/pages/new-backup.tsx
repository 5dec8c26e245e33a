/** What to back up, for how long, and what it will come to, before it begins. */
import type { CreateBackupRequest } from '@fzip/api/schemas';
import type { DateValue } from '@internationalized/date';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import {
  Checkbox,
  CheckboxGroup,
  DateInput,
  DateRangePicker,
  DateSegment,
  FieldError,
  Group,
  Label,
  Radio,
  RadioGroup,
  TextArea,
  TextField,
} from 'react-aria-components';
import { useNavigate } from 'react-router';
import { duration, size } from '../format.ts';
import { keys, useChoices, useClient, useProfile } from '../queries.ts';
import { Button, ButtonLink } from '../ui/button.tsx';
import { Calendars } from '../ui/calendars.tsx';
import { Card, Page } from '../ui/page.tsx';
import { Await, Problem } from '../ui/states.tsx';
import { Untrusted } from '../ui/text.tsx';
import { urls } from '../urls.ts';
import { isPassing } from '../words/errors.ts';
import { backupTypes } from '../words/names.ts';

type Type = keyof typeof backupTypes;
type Range = { start: DateValue; end: DateValue } | null;

const hoursPerDay = 24;
const kept = {
  '24': 'One day',
  [7 * hoursPerDay]: 'A week',
  [30 * hoursPerDay]: 'A month',
  [365 * hoursPerDay]: 'A year',
};
const longestDescription = 500;

const Choose = ({ onChange }: { onChange(chosen: { accountIds: string[]; categoryIds: string[] }): void }) => {
  const choices = useChoices(true);
  const [accountIds, setAccounts] = useState<string[]>([]);
  const [categoryIds, setCategories] = useState<string[]>([]);
  return (
    <Await query={choices} what="accounts and categories">
      {({ accounts, categories, more }) => (
        <>
          <Boxes
            label="Accounts"
            of={accounts}
            value={accountIds}
            onChange={(ids) => {
              setAccounts(ids);
              onChange({ accountIds: ids, categoryIds });
            }}
          />
          <Boxes
            label="Categories"
            of={categories}
            value={categoryIds}
            onChange={(ids) => {
              setCategories(ids);
              onChange({ accountIds, categoryIds: ids });
            }}
          />
          {more && <p className="soft">These are the first 500; the API takes any of the others by its id.</p>}
        </>
      )}
    </Await>
  );
};

const Boxes = (props: {
  label: string;
  of: { id: string; name: string }[];
  value: string[];
  onChange(ids: string[]): void;
}) => (
  <CheckboxGroup className="boxes" value={props.value} onChange={props.onChange}>
    <Label>{props.label}</Label>
    {props.of.length === 0 && <p className="soft">There are none.</p>}
    <div className="boxes-in">
      {props.of.map(({ id, name }) => (
        <Checkbox key={id} value={id} className="check">
          <span className="box" aria-hidden="true" />
          <Untrusted text={name || 'without a name'} />
        </Checkbox>
      ))}
    </div>
  </CheckboxGroup>
);

const Estimate = ({ isPart }: { isPart: boolean }) => {
  const profile = useProfile();
  return (
    <Await query={profile} what="an estimate">
      {({ estimate, exact }) => (
        <p className="estimate" role="status">
          {isPart ? 'At most ' : exact ? '' : 'At least '}
          {isPart ? '' : 'About '}
          {size(estimate.size)}, and {duration(estimate.seconds * 1_000)}.{' '}
          <span className="soft">
            {isPart ? 'This is what everything would come to; a part is smaller. ' : ''}A guess from the number of rows:
            large files make it larger. It only reads your profile.
          </span>
        </p>
      )}
    </Await>
  );
};

const NewBackup = () => {
  const client = useClient();
  const queries = useQueryClient();
  const navigate = useNavigate();
  // The same key for every repetition of this request, so that a lost answer does not make two backups.
  const idempotencyKey = useRef(crypto.randomUUID());
  const [type, setType] = useState<Type>('complete');
  const [chosen, setChosen] = useState({ accountIds: [] as string[], categoryIds: [] as string[] });
  const [range, setRange] = useState<Range>(null);
  const [analytics, setAnalytics] = useState(true);
  const [description, setDescription] = useState('');
  const [hours, setHours] = useState('168');
  const [missing, setMissing] = useState<string>();

  const create = useMutation({
    mutationFn: (request: CreateBackupRequest) =>
      client.createBackup(request, { idempotencyKey: idempotencyKey.current }),
    onSuccess: ({ backupId }) => {
      void queries.invalidateQueries({ queryKey: keys.backups });
      void navigate(urls.backup(backupId));
    },
    onError: (error) => {
      // Of what got no answer it is not known whether it was done: then the key stays, and asking again is the same request.
      if (!isPassing(error)) idempotencyKey.current = crypto.randomUUID();
    },
  });

  const hasRange = type === 'date_range' || type === 'selective';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const { accountIds, categoryIds } = chosen;
    const isNothing = type === 'selective' && accountIds.length === 0 && categoryIds.length === 0 && !range;
    if ((type === 'date_range' && !range) || isNothing) {
      setMissing(
        type === 'selective' ? 'Choose an account, a category or a time span.' : 'Choose a first and a last day.',
      );
      return;
    }
    setMissing(undefined);
    create.mutate({
      backupType: type,
      includeAnalytics: analytics,
      expiresInHours: Number(hours),
      ...(description === '' ? {} : { description }),
      ...(type === 'selective' && accountIds.length > 0 ? { accountIds } : {}),
      ...(type === 'selective' && categoryIds.length > 0 ? { categoryIds } : {}),
      ...(hasRange && range ? { dateRangeStart: range.start.toString(), dateRangeEnd: range.end.toString() } : {}),
    });
  };

  return (
    <Page title="New backup" back={{ to: urls.backups, name: 'Backups' }}>
      <form onSubmit={submit} className="form">
        <Card>
          <RadioGroup
            value={type}
            onChange={(value) => {
              setType(value as Type);
              setMissing(undefined);
            }}
            className="radios"
          >
            <Label>What to back up</Label>
            {Object.entries(backupTypes).map(([value, { name, means }]) => (
              <Radio key={value} value={value} className="radio">
                <span className="dot" aria-hidden="true" />
                <span>
                  <strong>{name}</strong> <span className="soft">{means}</span>
                </span>
              </Radio>
            ))}
          </RadioGroup>
          {type === 'selective' && <Choose onChange={setChosen} />}
          {hasRange && (
            <DateRangePicker value={range} onChange={setRange} className="dates">
              <Label>{type === 'selective' ? 'Time span (optional)' : 'Time span'}</Label>
              <Group className="dates-in">
                <DateInput slot="start">{(segment) => <DateSegment segment={segment} />}</DateInput>
                <span aria-hidden="true">–</span>
                <DateInput slot="end">{(segment) => <DateSegment segment={segment} />}</DateInput>
                <Calendars />
              </Group>
              <FieldError />
            </DateRangePicker>
          )}
          <Checkbox isSelected={analytics} onChange={setAnalytics} className="check">
            <span className="box" aria-hidden="true" />
            Include analytics (HouseF3 can also compute them anew)
          </Checkbox>
        </Card>
        <Card>
          <TextField value={description} onChange={setDescription} maxLength={longestDescription}>
            <Label>Description (optional)</Label>
            <TextArea rows={2} />
          </TextField>
          <RadioGroup value={hours} onChange={setHours} className="radios radios-row">
            <Label>Keep it for</Label>
            {Object.entries(kept).map(([value, name]) => (
              <Radio key={value} value={value} className="radio">
                <span className="dot" aria-hidden="true" />
                {name}
              </Radio>
            ))}
          </RadioGroup>
          <p className="soft">A file that you downloaded stays yours for ever.</p>
        </Card>
        <Card title="What it comes to">
          <Estimate isPart={type !== 'complete'} />
        </Card>
        {missing && (
          <p className="notice notice-bad" role="alert">
            {missing}
          </p>
        )}
        {create.error && <Problem error={create.error} />}
        <div className="actions">
          <Button kind="main" type="submit" isPending={create.isPending}>
            Start the backup
          </Button>
          <ButtonLink to={urls.backups}>Back to the list</ButtonLink>
        </div>
      </form>
    </Page>
  );
};
export default NewBackup;
