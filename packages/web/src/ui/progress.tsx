/** Progress that is seen and heard. */
import { type ReactNode, useRef } from 'react';
import { Label, ProgressBar } from 'react-aria-components';
import { percent } from '../format.ts';

/** Spoken at every new text and at every tenth percent; more would be noise. */
const useSpoken = (text: string, value: number): string => {
  const last = useRef({ text: '', tenth: -1, spoken: '' });
  const tenth = Math.floor(value / 10);
  if (last.current.text !== text || last.current.tenth !== tenth) {
    last.current = { text, tenth, spoken: `${text}, ${percent(tenth * 10)}` };
  }
  return last.current.spoken;
};

export const Progress = ({ label, value, children }: { label: string; value: number; children?: ReactNode }) => {
  const shown = Math.min(100, Math.max(0, value));
  const spoken = useSpoken(label, shown);
  return (
    <div className="progress">
      <ProgressBar value={shown} valueLabel={percent(shown)}>
        {({ valueText }) => (
          <>
            <div className="progress-head">
              <Label>{label}</Label>
              <span>{valueText}</span>
            </div>
            {/* An element of its own kind: its width needs no style attribute. */}
            <progress aria-hidden="true" max={100} value={shown} />
          </>
        )}
      </ProgressBar>
      {children && <div className="soft">{children}</div>}
      <div className="visually-hidden" role="status">
        {spoken}
      </div>
    </div>
  );
};

/** Where a job is among its phases. */
export const Steps = ({ names, at }: { names: readonly string[]; at: number }) => (
  <ol className="steps">
    {names.map((name, index) => (
      <li
        key={name}
        className={index < at ? 'step-done' : index === at ? 'step-now' : ''}
        aria-current={index === at ? 'step' : undefined}
      >
        {name}
        {index < at && <span className="visually-hidden"> (done)</span>}
      </li>
    ))}
  </ol>
);
