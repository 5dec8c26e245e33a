/** Reads the sample's statement files back, as little as the tests need. */

export type Line = { date: string; description: string; amount: string };

/** The lines of a CSV whose header names the columns given. */
export const parseCsv = (text: string, headers: { date: string; description: string; amount: string }): Line[] => {
  const [header = [], ...records] = csvRecords(text);
  const at = (name: string) => header.indexOf(name);
  return records.map((record) => ({
    date: record[at(headers.date)] ?? '',
    description: record[at(headers.description)] ?? '',
    amount: record[at(headers.amount)] ?? '',
  }));
};

const csvRecords = (text: string): string[][] => {
  const records: string[][] = [];
  let record: string[] = [];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    record.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    if (end === ',') continue;
    records.push(record);
    record = [];
  }
  return records;
};

export const parseOfx = (text: string): Line[] =>
  [...text.matchAll(/<STMTTRN>(.*?)<\/STMTTRN>/gs)].map(([, entry = '']) => {
    const tag = (name: string) => new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(entry)?.[1] ?? '';
    const name = tag('NAME').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
    const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\[0:GMT\]$/.exec(tag('DTPOSTED')) ?? [];
    return { date: `${y}-${mo}-${d}T${h}:${mi}:${s}Z`, description: name, amount: tag('TRNAMT') };
  });

export const parseQif = (text: string): Line[] =>
  text
    .split('^\n')
    .slice(0, -1)
    .map((record) => {
      const field = (letter: string) =>
        record
          .split('\n')
          .find((line) => line.startsWith(letter))
          ?.slice(1) ?? '';
      const [month, day, year] = field('D').split('/');
      return { date: `${year}-${month}-${day}`, description: field('P'), amount: field('T') };
    });
