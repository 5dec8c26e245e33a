/** Where one is on the way of a restore. */
import { Steps } from '../ui/progress.tsx';

const names = {
  profile: 'Empty profile',
  file: 'File',
  upload: 'Upload',
  check: 'Check',
  confirm: 'Confirm',
  restore: 'Restore',
  result: 'Result',
} as const;
export type WizardStep = keyof typeof names;

const whole = Object.keys(names) as WizardStep[];
const checking: WizardStep[] = ['file', 'upload', 'check', 'result'];

export const WizardSteps = ({ at, checkOnly }: { at: WizardStep; checkOnly: boolean }) => {
  const way = checkOnly ? checking : whole;
  return (
    <nav aria-label="Steps of the restore">
      <Steps names={way.map((step) => names[step])} at={way.indexOf(at)} />
    </nav>
  );
};
