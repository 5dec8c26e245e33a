import type { ReactNode } from 'react';
import { Dialog as AriaDialog, DialogTrigger, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { Button } from './button.tsx';
import { Problem } from './states.tsx';

/** Asks before something that cannot be taken back. `act` closes it when it resolves; its rejection is shown within. */
export const Confirm = ({
  trigger,
  title,
  children,
  yes,
  mutation,
}: {
  trigger: ReactNode;
  title: string;
  children: ReactNode;
  yes: string;
  mutation: { mutateAsync: () => Promise<unknown>; isPending: boolean; error: unknown; reset: () => void };
}) => (
  <DialogTrigger onOpenChange={() => mutation.reset()}>
    {trigger}
    <ModalOverlay className="overlay" isDismissable>
      <Modal className="modal">
        <AriaDialog role="alertdialog">
          {({ close }) => (
            <>
              <Heading slot="title">{title}</Heading>
              {children}
              {mutation.error != null && <Problem error={mutation.error} />}
              <div className="actions">
                <Button
                  kind="danger"
                  isPending={mutation.isPending}
                  onPress={() => void mutation.mutateAsync().then(close, () => {})}
                >
                  {yes}
                </Button>
                <Button slot="close">Leave it as it is</Button>
              </div>
            </>
          )}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  </DialogTrigger>
);

/** Cannot be sent away: there is nothing to do without it. */
export const MustAnswer = ({ title, children }: { title: string; children: ReactNode }) => (
  <ModalOverlay className="overlay" isOpen isKeyboardDismissDisabled>
    <Modal className="modal">
      <AriaDialog role="alertdialog">
        <Heading slot="title">{title}</Heading>
        {children}
      </AriaDialog>
    </Modal>
  </ModalOverlay>
);
