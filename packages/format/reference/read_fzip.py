#!/usr/bin/env python3
"""Reads FZIP packages with Python's standard library alone: a second opinion, written after docs/package-format.md.

    read_fzip.py list|verify PACKAGE    every entry: bytes, stored bytes, method, name | what is wrong, every byte read
    read_fzip.py rows PACKAGE KIND      the rows of a kind as they stand, each in canonical spelling on one line

Exit codes: 0 intact, warnings included; 1 damaged or refused; 2 usage; 3 could not be read. Only names, ids and the
manifest are held. Rows come before the verdict on their entry: keep none unless the exit code is 0. What values rows
may hold is left to the JSON Schemas in ../schema. Functions stand one line apart, to stay within 300.
"""
import codecs, collections, decimal, hashlib, itertools, json, lzma, os, re, struct, sys, types, unicodedata, zlib

PIECE, LINE, MANIFEST, DICTIONARY, PLAIN = 2 ** 18, 2 ** 22, 2 ** 25, 2 ** 26, 2 ** 36  # bytes
ENTRIES, METHODS = 1_200_000, {0: 'stored', 8: 'deflated', 14: 'LZMA'}
KINDS = {  # what names a row, and what it refers to
    'accounts': (['accountId'], {'defaultFileMapId': 'file_maps'}),
    'categories': (['categoryId'], {'parentCategoryId': 'categories'}),
    'file_maps': (['fileMapId'], {'accountId': 'accounts'}),
    'transaction_files': (['fileId'], {'accountId': 'accounts', 'fileMapId': 'file_maps'}),
    'transactions': (['transactionId'], {'accountId': 'accounts', 'fileId': 'transaction_files', 'categoryId': 'categories',
                                         'primaryCategoryId': 'categories', 'categories[].categoryId': 'categories'}),
    'analytics': (['analyticType', 'timePeriod', 'accountId'], {'accountId': 'accounts'})}
BAD_NAME = re.compile(r'(^|/)\.{0,2}(/|$)|[\0-\x1f\x7f-\x9f\\]|^[A-Za-z]:|(/.*){4}')
LAYOUT = re.compile(r'manifest\.json|data/(%s)\.json(?:\.gz)?|(?:data|files|files/[^/]+)/|files/(?:([^/]+)/)?([^/]+)/[^/]+'
                    % '|'.join(KINDS))
TABLES = decimal.Context(38, Emin=-130, Emax=125, traps=[decimal.Inexact, decimal.Subnormal, decimal.InvalidOperation])
CODES = {zlib.error: 'BAD_COMPRESSION', lzma.LZMAError: 'BAD_COMPRESSION', decimal.DecimalException: 'BAD_NUMBER',
         json.JSONDecodeError: 'BAD_JSON', UnicodeError: 'BAD_TEXT', RecursionError: 'TOO_DEEP', Exception: 'BAD_MANIFEST'}

class Refused(Exception): pass  # a code of the format document and what was found, safe to print
class Number(str): pass  # a JSON number by its source text, since a float would change it

def need(is_so, code, found):
    if not is_so: raise Refused(f'{code} {found}')

class Package:
    """One volume. What its manifest lacks has a default; what is of a wrong type there fails where it is used."""
    def __init__(self, path):
        self.file, self.notes, self.sums, self.data, self.files = open(path, 'rb'), [], {}, {}, {}
        self.size = self.file.seek(0, os.SEEK_END)
        self.entries = self.read_directory(*self.read_end())
        manifest = self.entries.get('manifest.json')
        need(manifest and manifest.size <= MANIFEST, 'TOO_LARGE' if manifest else 'MISSING_ENTRY', 'manifest.json')
        text = b''.join(self.body(manifest)).decode('utf-8-sig')
        self.ours = '"backupFormatVersion"' not in text or '"backup_format_version"' in text
        self.manifest = found = json.loads(text, object_pairs_hook=snake_case, **NUMBERS)
        version, volume = found['backup_format_version'], found.get('volume', {})
        need(type(version) is str and re.fullmatch(r'\d+(\.\d+)*', version), 'BAD_MANIFEST', 'backup_format_version')
        need(int(version.split('.')[0]) == 1, 'UNSUPPORTED_VERSION', f'{version}; allowed are 1.x')
        sums = {(name if '/' in name else f'data/{name}', re.fullmatch('(?i)sha256:([0-9a-f]{64})', value)[1].lower()) for name, value in found.get('checksums', {}).items()}
        self.number, self.count, self.sums = int(volume.get('number', 1)), int(volume.get('count', 1)), dict(sums)
        need(found.get('package_format', 'fzip') == 'fzip' and 0 < self.number <= self.count, 'BAD_MANIFEST', 'package_format or volume')
        several = len(self.sums) < len(sums) or len(found.get('known_defects', ())) > 10_000
        need(spell(found).encode() and not several, 'BAD_MANIFEST', 'two checksums of an entry, or 10 000 known_defects')
        for name, entry in sorted(self.entries.items()):  # of .json and .json.gz the latter counts
            kind, user, file = LAYOUT.fullmatch(name).groups()
            need(not (user and self.ours), 'BAD_ENTRY_NAME', f'{name!a}: allowed is files/fileId/name')
            need(not (file in self.files or self.ours and kind in self.data), 'DUPLICATE_ENTRY', f'{name!a} has a twin')
            for held, key in (self.data, kind), (self.files, file): held.update({key: entry} if key else {})

    def at(self, start, length):
        need(start + length <= self.size, 'TRUNCATED', f'{start + length - self.size} bytes are missing')
        return self.file.read(length) if self.file.seek(start) == start else b''

    def read_end(self):
        """Number of entries, where the directory begins, where it ends."""
        base = max(0, self.size - 20 - 22 - 0xFFFF)
        tail = self.at(base, self.size - base)
        found = tail.rfind(b'PK\5\6', 0, max(0, len(tail) - 18))
        need(found >= 0, 'TRUNCATED' if self.at(0, min(4, self.size)) == b'PK\3\4' else 'NOT_A_ZIP', 'no end record')
        *short, length = struct.unpack_from('<HHHHIIH', tail, found + 4)
        comment, end, stated = tail[found + 22:], base + found, short
        need(len(comment) == length and b'PK\5\6' not in comment, 'BAD_END_RECORD', 'the comment is not as stated')
        if found >= 20 and tail[found - 20:found - 16] == b'PK\6\7':
            disk, end, disks = struct.unpack_from('<IQI', tail, found - 16)
            mark, rest, _, _, *stated = struct.unpack('<4sQHHIIQQQQ', self.at(end, 56))
            agree = all(a in (b, 0xFFFF if n < 4 else 0xFFFFFFFF) for n, (a, b) in enumerate(zip(short, stated)))
            need(mark == b'PK\6\6' and rest == 44 and end + 56 == base + found - 20 and agree and not disk and disks < 2,
                 'BAD_ZIP64', 'the zip64 records contradict the others')
        disk, first, here, entries, size, start = stated
        need(not disk and not first and here == entries, 'SEVERAL_DISKS', 'several disks; allowed is one')
        need(start + size == end, 'BAD_END_RECORD', f'the directory is said to end at {start + size}, not at {end}')
        need(entries <= ENTRIES, 'TOO_MANY_ENTRIES', f'{entries} entries')
        return entries, start, end

    def read_directory(self, count, start, end):
        """The entries by name in the order of their bytes, none of which reaches beyond its `end`."""
        found, place = {}, start
        for _ in range(count):
            mark, _, needed, flags, method, _, crc, packed, size, *lengths, disk, _, mode, offset = struct.unpack(
                '<4sHHHHIIIIHHHHHII', self.at(place, 46))
            need(mark == b'PK\1\2', 'BAD_DIRECTORY', f'no entry at {place}')
            raw, extra = self.at(place + 46, lengths[0]), self.at(place + 46 + lengths[0], lengths[1])
            place += 46 + sum(lengths)
            size, packed, offset = sizes(extra, raw, size, packed, offset)
            name, mode = raw.decode('utf-8' if flags & 0x800 else 'ascii', 'backslashreplace'), mode >> 16 & 0o170000
            need(len(raw) <= 1024 and not BAD_NAME.search(re.sub('/$', '', name)), 'BAD_ENTRY_NAME', f'{name!a}')
            is_file = mode in (0, 0o100000) if name[-1] != '/' else mode in (0, 0o040000) and not size and packed < 3
            allowed = {'UNKNOWN_ENTRY': LAYOUT.fullmatch(name), 'UNSUPPORTED_ZIP': needed & 0xFF < 64, 'NOT_A_FILE': is_file,
                       'ENCRYPTED': not flags & 0x2041, 'UNSUPPORTED_METHOD': method in METHODS, 'SEVERAL_DISKS': not disk}
            for code, is_so in allowed.items(): need(is_so, code, f'{name!a}')
            folded = unicodedata.normalize('NFC', unicodedata.normalize('NFC', name).upper().lower())
            need(folded not in found, 'DUPLICATE_ENTRY', f'{name!a} stands twice')
            found[folded] = types.SimpleNamespace(name=name, flags=flags, method=method, offset=offset, size=size,
                                                  packed=packed, stated=(crc, packed, size))
        need(place == end, 'BAD_END_RECORD', f'{end - place} bytes of the directory are no entry that is counted')
        need(sum(entry.size for entry in found.values()) <= PLAIN, 'TOO_LARGE', f'more than {PLAIN} bytes uncompressed')
        entries = sorted(found.values(), key=lambda entry: entry.offset)
        need(not entries or entries[0].offset == 0, 'HIDDEN_BYTES', 'bytes before the first entry')
        for entry, after in itertools.zip_longest(entries, entries[1:]): entry.end = after.offset if after else start
        return {entry.name: entry for entry in entries}

    def body(self, entry):
        """The plain bytes of an entry, piece by piece; the verdict on them comes at their end."""
        place = entry.offset + 30
        mark, _, flags, method, _, crc, packed, size, *lengths = struct.unpack('<4sHHHIIIIHH', self.at(entry.offset, 30))
        raw, extra = self.at(place, lengths[0]), self.at(place + lengths[0], lengths[1])
        size, packed = sizes(extra, raw, size, packed)
        need(mark == b'PK\3\4' and (raw, flags, method) == (entry.name.encode(), entry.flags, entry.method)
             and all(a == b or flags & 8 and a == 0 for a, b in zip((crc, packed, size), entry.stated)),
             'LOCAL_HEADER_DIFFERS', f'{entry.name!a}: local header and directory differ')
        start, end = place + sum(lengths), place + sum(lengths) + entry.packed
        need(end <= entry.end, 'OVERLAP', f'{entry.name!a} shares bytes with what follows')
        need(flags & 8 or end == entry.end, 'HIDDEN_BYTES', f'{entry.name!a}: {entry.end - end} bytes behind it')
        form = {12: '<III', 16: '<4sIII', 20: '<IQQ', 24: '<4sIQQ'}.get(entry.end - end)
        behind = struct.unpack(form, self.at(end, entry.end - end)) if form else None
        need(not flags & 8 or behind in (entry.stated, (b'PK\7\x08', *entry.stated)), 'BAD_DESCRIPTOR', f'{entry.name!a}')
        crc, size, digest = 0, 0, hashlib.sha256()
        for piece in unpack(entry, (self.at(here, min(PIECE, end - here)) for here in range(start, end, PIECE))):
            crc, size = zlib.crc32(piece, crc), size + len(piece)
            digest.update(piece)
            need(size <= entry.size, 'SIZE_MISMATCH', f'{entry.name!a}: more than the {entry.size} bytes stated')
            yield piece
        need((crc, size) == entry.stated[::2], 'BAD_CRC' if size == entry.size else 'SIZE_MISMATCH', f'{entry.name!a}: {size}')
        need(self.sums.get(entry.name) in (None, digest.hexdigest()), 'BAD_CHECKSUM', f'{entry.name!a}')

    def rows(self, entry, kind):
        """Rows of `{"kind":[...]}` or `[...]` in any spelling, through a window that is larger than the longest row."""
        pieces = self.body(entry)
        pieces = expand(zlib.decompressobj(31), pieces, entry.name) if entry.name.endswith('.gz') else pieces
        decode, decoder = codecs.getincrementaldecoder('utf-8-sig')().decode, json.JSONDecoder(**NUMBERS)
        text, place, count, piece, digest, inner = '', 0, 0, b'', hashlib.sha256(), f'data/{kind}.json'
        def expect(pattern):
            nonlocal text, place, piece
            if piece is not None and len(text) - place <= LINE:
                window = [text[place:]]
                while piece is not None and sum(map(len, window)) <= 2 * LINE:
                    piece = next(pieces, None)
                    digest.update(piece or b'')
                    window.append(decode(piece or b'', piece is None))
                text, place = ''.join(window), 0
            found = re.compile(pattern.replace(' ', r'[ \t\r\n]*')).match(text, place)
            need(found, 'BAD_JSON', f'{kind}: neither a row nor an end behind {count} rows')
            place = found.end()
            return found
        key = json.loads(expect(r' (?:\{ ("(?:[^"\\]|\\.)*") : )?\[ (?=[]{])')[1] or 'null')
        need(key in (None, kind), 'BAD_JSON', f'{kind}: the first key is {key!a}')
        while text[place] == '{':
            row, end = decoder.raw_decode(text, place)
            need(len(text[place:end].encode()) <= LINE, 'LINE_TOO_LONG', f'{kind}: row {count + 1}')
            spell(row).encode()  # fails on half a character
            place, count = end, count + 1
            yield row
            expect(r' (, (?=\{)|(?=]))')
        expect(r'] } \Z' if key else r'] \Z')
        of_twin = entry.name != inner and inner in self.entries  # without one, the sum of .json is of what is within .json.gz
        need(of_twin or self.sums.get(inner) in (None, digest.hexdigest()), 'BAD_CHECKSUM', f'{entry.name!a}: within')

    def verify(self):
        """What is wrong, and the rows of each kind. What HouseF3 leaves out without a word is a warning in its packages."""
        wrong, counts, lost = [], collections.Counter(), collections.Counter()
        ids, doubtful = {kind: set() for kind in KINDS}, wrong if self.ours else self.notes
        for kind, (names, references) in KINDS.items():
            entry = self.data.get(kind)
            for row in judged(self.rows(entry, kind), wrong) if entry else ():
                counts[kind] += 1
                own = '#'.join(str(row.get(name)) for name in names)
                wrong += [f'DUPLICATE_ID {kind}: {own!a}'] if own in ids[kind] else []
                ids[kind].add(own)
                lost.update((kind, path, to) for path in references for to in targets(row, path) - ids[references[path]])
            count = self.manifest.get('data_summary', {}).get(f'{kind}_count', counts[kind])
            findings = {'COUNT_MISMATCH': type(count) is str or int(count) != counts[kind],
                        'MISPLACED_ROWS': counts[kind] and self.number > 1 and kind not in ('transactions', 'analytics'),
                        'MISSING_CHECKSUM': entry and self.sums and not {f'data/{kind}.json', entry.name} & {*self.sums}}
            wrong += [f'{code} data/{kind}.json: {counts[kind]} rows' for code, is_so in findings.items() if is_so]
            doubtful += [f'MISSING_ENTRY data/{kind}.json'] if not entry and self.number == 1 and kind != 'analytics' else []
        for entry in self.entries.values():
            if entry.name != 'manifest.json' and entry not in self.data.values():
                sum(map(len, judged(self.body(entry), wrong)))
        wrong += [f'MISSING_ENTRY {name!a}' for name in self.sums if not {name, name + '.gz'} & {*self.entries}]
        for one in self.manifest.get('known_defects', ()):
            lost[one['kind'], one['field'], one.get('missing')] -= int(one['rows'])
        for (kind, path, target), rows in lost.items():
            if self.number == 1 and rows > 0 and target not in ids[KINDS[kind][1][path]]:
                report = wrong if path == 'accountId' and kind in ('transactions', 'file_maps') else doubtful
                report.append(f'DANGLING_REFERENCE {kind}: {path} refers to {target!a}')
        rows, failed = {*map(safe, ids['transaction_files'])}, {safe(one['file_id']) for one in self.manifest.get('failed_files', ())}
        wrong += [f'UNKNOWN_ENTRY {file!a}: no row' for file in {*self.files} - rows if self.number == 1]
        gone = rows - {*self.files} - failed
        doubtful += [f'MISSING_ENTRY the bytes of {file!a}' for file in gone if self.count == 1]
        return wrong, counts

def judged(pieces, wrong):
    """The same pieces or rows. A verdict ends them; messages of Python itself would quote the content."""
    try:
        yield from pieces
    except Exception as error:
        if isinstance(error, OSError): raise
        of_python = (f'{code} {type(error).__name__}' for kind, code in CODES.items() if isinstance(error, kind))
        wrong.append(str(error) if isinstance(error, Refused) else next(of_python))

def sizes(extra, raw, *stated):
    """What a header states, by its zip64 field where it states 0xFFFFFFFF. Judges every extra field."""
    wide = None
    while len(extra) > 3:
        mark, length = struct.unpack_from('<HH', extra)
        field, extra = extra[4:4 + length], extra[4 + length:]
        need(len(field) == length and (mark != 1 or wide is None), 'BAD_EXTRA_FIELD', f'{raw!a}: field {mark}')
        need(mark != 0x7075 or field[5:] == raw, 'RENAMED_ENTRY', f'{raw!a}')
        wide = field if mark == 1 else wide
    need(not any(extra), 'BAD_EXTRA_FIELD', f'{raw!a}: {len(extra)} bytes that are no field')
    for value in stated:
        if value == 0xFFFFFFFF and wide is not None:
            need(len(wide) >= 8, 'BAD_ZIP64', f'{raw!a}: the zip64 field lacks a size')
            value, wide = int.from_bytes(wide[:8], 'little'), wide[8:]
        yield value

def unpack(entry, pieces):
    if entry.method == 14:
        head = next(pieces, b'')
        need(len(head) > 8 and head[2:4] == b'\5\0', 'BAD_COMPRESSION', f'{entry.name!a}: no head of LZMA')
        need(int.from_bytes(head[5:9], 'little') <= DICTIONARY, 'TOO_LARGE', f'{entry.name!a}: its dictionary')
        # As a .lzma file begins: the properties, and the size unless an end marker stands behind the data.
        head = head[4:9] + struct.pack('<q', -1 if entry.flags & 2 else entry.size) + head[9:]
        return expand(lzma.LZMADecompressor(lzma.FORMAT_ALONE), itertools.chain([head], pieces), entry.name)
    return expand(zlib.decompressobj(-15), pieces, entry.name) if entry.method else pieces

def expand(engine, pieces, name):
    for piece in pieces:
        need(not engine.eof, 'BAD_COMPRESSION', f'{name!a}: bytes after its end')
        plain = b'.' * PIECE
        while not engine.eof and (piece or len(plain) == PIECE):
            plain = engine.decompress(piece, PIECE)
            piece = getattr(engine, 'unconsumed_tail', b'')
            yield plain
    need(engine.eof and not engine.unused_data, 'BAD_COMPRESSION', f'{name!a}: ends elsewhere than it must')

def number(text):
    TABLES.create_decimal(text if text[-1].isdigit() else f'{text} is no number')
    return Number(text)

NUMBERS = {'parse_float': number, 'parse_int': number, 'parse_constant': number}

def snake_case(pairs):
    found = {key if '/' in key else re.sub('[A-Z]', lambda one: '_' + one[0].lower(), key): value for key, value in pairs}
    need(len(found) == len(pairs), 'BAD_MANIFEST', 'a key is given twice')
    return {key: value for key, value in found.items() if value is not None}

def spell(value, levels=40):
    """The canonical spelling: keys by UTF-16 unit, no white space, numbers by their text."""
    need(levels or not isinstance(value, (dict, list)), 'TOO_DEEP', 'a row of more than 40 levels')
    if isinstance(value, list): return f'[{",".join(spell(inner, levels - 1) for inner in value)}]'
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode('utf-16-be'))
        return '{%s}' % ','.join(f'{spell(name)}:{spell(value[name], levels - 1)}' for name in names)
    return str(value) if isinstance(value, Number) else json.dumps(value, ensure_ascii=False)

def safe(id):  # as names of entries spell it, up to the length where they cut it
    return re.sub(r'[\0-\x1f\x7f-\x9f/\\:*?"<>|]', '_', unicodedata.normalize('NFC', id)).rstrip('. ') or '_'

def targets(row, path):
    value = row.get(path.split('[')[0])
    found = [one.get('categoryId') for one in value if isinstance(one, dict)] if isinstance(value, list) else [value]
    return {one for one in found if type(one) is str}

def run(command, path, kind):
    package = Package(path)
    if command == 'list':
        yield from (f'{one.size} {one.packed} {METHODS[one.method]} {one.name!a}' for one in package.entries.values())
    elif command == 'rows':
        yield from map(spell, package.rows(package.data[kind], kind) if kind in package.data else ())
    else:
        wrong, counts = package.verify()
        yield from (f'{kind}: {counts[kind]} rows' for kind in KINDS)
        yield from [*map('warning: {}'.format, package.notes), *map('error: {}'.format, wrong)]
        need(not wrong, 'damaged:', f'{len(wrong)} errors')

def main(command='', path='', kind=None, *more):
    if command not in ('list', 'verify', 'rows') or not path or more or kind not in (KINDS if command == 'rows' else (None,)):
        return print(__doc__, file=sys.stderr) or 2
    sys.stdout.reconfigure(encoding='utf-8', newline='\n')
    wrong = []
    try:
        for line in judged(run(command, path, kind), wrong): print(line)
    except OSError as error:
        return print('could not be read:', error.strerror, file=sys.stderr) or 3
    return print(*wrong, file=sys.stderr) or 1 if wrong else 0

if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
