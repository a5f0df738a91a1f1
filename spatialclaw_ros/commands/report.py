"""`spatialclaw report`: a transcript as one page for a browser."""

from __future__ import annotations

import argparse
from pathlib import Path
import sys
from typing import Any

from spatialclaw_ros.agent.kept_window import Kept
from spatialclaw_ros.agent.kept_window import read_kept
from spatialclaw_ros.agent.read_record import read_record
from spatialclaw_ros.agent.record import Record
from spatialclaw_ros.agent.transcript import file_of
from spatialclaw_ros.agent.transcript import UnreadableRecord


def add_parser(commands: Any) -> None:
    """Add `report` to the sub-commands."""
    parser = commands.add_parser(
        'report', help='a transcript as one HTML page',
        description='Write a transcript as one HTML page that needs nothing else, offline too. '
                    'The 3D view in it needs plotly.')
    parser.add_argument('transcript', type=file_of, metavar='TRANSCRIPT',
                        help='its folder, its file, or the URI that an answer names')
    parser.add_argument('-o', '--out', type=Path, metavar='FILE.html',
                        help='default: report.html beside the transcript')
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the page and print where it is; what it has to do without is said there and here."""
    record = read_record(args.transcript)
    notes: list[str] = []
    page = _page(record, _kept(record, notes), notes)
    out = args.out or record.folder / 'report.html'
    out.write_text(page, 'utf-8')
    for note in notes:
        print(f'spatialclaw: {note}', file=sys.stderr)
    print(out)
    return 0


def _kept(record: Record, notes: list[str]) -> Kept | None:
    try:
        return read_kept(record.folder)
    except UnreadableRecord as error:
        notes.append(str(error))
        return None


def _page(record: Record, kept: Kept | None, notes: list[str]) -> str:
    from spatialclaw_ros.report.page import page
    from spatialclaw_ros.report.view import NoPlotly
    from spatialclaw_ros.report.view import view_of
    try:
        view = view_of(record, kept)
    except NoPlotly as error:
        notes.append(str(error))
        view = None
    return page(record, kept, view, notes)
