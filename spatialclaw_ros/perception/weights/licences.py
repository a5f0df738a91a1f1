"""What a checkpoint's licence is, and whether it lets a business use it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
import re


@dataclass(frozen=True)
class Licence:
    """A licence by name; `is_commercial` is None where nobody can tell."""

    name: str
    is_commercial: bool | None

    def __str__(self) -> str:
        """Name, and what it forbids."""
        if self.is_commercial is None:
            return f'{self.name} (commercial use unclear)'
        return self.name if self.is_commercial else f'{self.name} (non-commercial)'

    @property
    def restriction(self) -> str:
        """What a user of results must know, in words that a "the" goes before; '' for nothing."""
        return '' if self.is_commercial is not False else (
            f'checkpoint is under {self.name}: what is made with it is not for commercial use')


APACHE = Licence('Apache-2.0', True)
NON_COMMERCIAL = Licence('CC BY-NC 4.0', False)
#: Free to use, with exclusions such as weapons; not an OSI licence.
SAM = Licence('SAM License', True)
UNKNOWN = Licence('unknown licence', None)

#: Identifiers of model cards.
_BY_IDENTIFIER = {
    'apache-2.0': APACHE, 'cc-by-nc-4.0': NON_COMMERCIAL, 'sam-license': SAM, 'sam': SAM,
    'mit': Licence('MIT', True), 'bsd-3-clause': Licence('BSD-3-Clause', True),
    'cc-by-4.0': Licence('CC BY 4.0', True), 'cc0-1.0': Licence('CC0 1.0', True),
}
#: What the first lines of a licence's text say; the first that is found counts.
_BY_TEXT = (
    (r'NonCommercial 4\.0', NON_COMMERCIAL),
    (r'non-?commercial', Licence('non-commercial licence', False)),
    (r'\bSAM License', SAM),
    (r'Apache License\s+Version 2\.0', APACHE),
    (r'\bMIT License', _BY_IDENTIFIER['mit']),
)
_SECTION = re.compile(r'\A---\s*\n(.*?)^---\s*$', re.DOTALL | re.MULTILINE)
_FIELD = re.compile(r'^(license|license_name):\s*["\']?([\w.-]+)', re.MULTILINE)


def licence_told_by(folder: Path) -> Licence:
    """What README.md's front matter, else the LICENSE file of `folder` says."""
    section = _SECTION.match(_start_of(folder / 'README.md'))
    fields = dict(_FIELD.findall(section.group(1))) if section else {}
    named = fields.get('license', '')
    named = fields.get('license_name', named) if named in ('', 'other') else named
    if named and named != 'other':
        non_commercial = False if re.search(r'\bnc\b|non-?commercial', named, re.I) else None
        return _BY_IDENTIFIER.get(named.lower(), Licence(named, non_commercial))
    for path in sorted(folder.glob('LICEN[SC]E*')):
        text = _start_of(path)
        for pattern, licence in _BY_TEXT:
            if re.search(pattern, text, re.IGNORECASE):
                return licence
    return UNKNOWN


def _start_of(path: Path) -> str:
    try:
        with path.open(encoding='utf-8', errors='replace') as file:
            return file.read(4096)
    except OSError:
        return ''
