/** The calendar of a range of dates. */
import {
  Button,
  CalendarCell,
  CalendarGrid,
  CalendarGridBody,
  CalendarGridHeader,
  CalendarHeaderCell,
  Dialog,
  Heading,
  Popover,
  RangeCalendar,
} from 'react-aria-components';

export const Calendars = () => (
  <>
    <Button className="button button-plain" aria-label="Open the calendar">
      <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
        <path
          d="M4 5h12v11H4zM4 8.5h12M7 3v3M13 3v3"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.6"
          strokeLinejoin="round"
        />
      </svg>
    </Button>
    <Popover className="popover">
      <Dialog>
        <RangeCalendar className="calendar">
          <header>
            <Button slot="previous" className="button button-plain">
              ‹
            </Button>
            <Heading />
            <Button slot="next" className="button button-plain">
              ›
            </Button>
          </header>
          <CalendarGrid>
            <CalendarGridHeader>{(day) => <CalendarHeaderCell>{day}</CalendarHeaderCell>}</CalendarGridHeader>
            <CalendarGridBody>{(date) => <CalendarCell date={date} />}</CalendarGridBody>
          </CalendarGrid>
        </RangeCalendar>
      </Dialog>
    </Popover>
  </>
);
