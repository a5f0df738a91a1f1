"""The whole page."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
import secrets
from string import Template

from spatialclaw_ros import __version__
from spatialclaw_ros.agent.kept_window import Kept
from spatialclaw_ros.agent.record import FindingJson
from spatialclaw_ros.agent.record import Record
from spatialclaw_ros.report.frames import frames_section
from spatialclaw_ros.report.html import escaped
from spatialclaw_ros.report.html import Html
from spatialclaw_ros.report.html import joined
from spatialclaw_ros.report.html import tag
from spatialclaw_ros.report.steps import model_calls_section
from spatialclaw_ros.report.steps import steps_section
from spatialclaw_ros.report.summary import summary
from spatialclaw_ros.report.view import findings_of
from spatialclaw_ros.report.view import View
from spatialclaw_ros.report.words import told


def page(record: Record, kept: Kept | None, view: View | None, notes: Sequence[str] = ()) -> Html:
    """One HTML page that needs nothing else.

    `kept` holds the frames and `view` the 3D view, where there are any; `notes` say why not.
    A script runs only with the page's own nonce, so that none in a record's text could.
    """
    nonce = secrets.token_urlsafe(16)
    findings = findings_of(record)
    body = joined([
        summary(record),
        _section('In three dimensions', None if view is None else _view(view), notes),
        _section('What was measured', _findings(findings) if findings else None),
        _section('Frames', None if kept is None else frames_section(kept.window)),
        _section('Plan', joined(tag('pre', plan, class_='prose') for plan in record.plan)),
        _section('Steps', steps_section(record)),
        _section('Model calls',
                 model_calls_section(record.model_calls) if record.model_calls else None),
        _footer(record, kept)])
    return Html(Template(_file('page.html')).substitute(
        nonce=nonce, title=escaped(record.question.text), style=_file('page.css'), body=body,
        scripts='' if view is None else _scripts(view, nonce)))


def _file(name: str) -> Html:
    return Html(resources.files(__package__).joinpath(name).read_text('utf-8'))


def _section(title: str, body: Html | None, notes: Sequence[str] = ()) -> Html | None:
    """A titled part of the page; without body and notes there is none."""
    if not body and not notes:
        return None
    return tag('section', tag('h2', title), body or None,
               *(tag('p', note, class_='note') for note in notes))


def _view(view: View) -> Html:
    box = tag('div', tag('p', 'The 3D view needs a browser with scripts.', class_='note'),
              id='view', role='img', aria_label='Points the cameras saw, with the findings')
    hint = 'Drag to turn, scroll or pinch to come closer, click a name to hide what it names.'
    return joined([box, tag('p', f'{view.note} {hint}'.strip(), class_='note')])


def _scripts(view: View, nonce: str) -> Html:
    """The library last, for the page to be read before its megabytes are."""
    return joined([
        tag('script', Html(view.figure), id='figure', type='application/json', nonce=nonce),
        tag('script', Html(view.library), nonce=nonce),
        tag('script', _file('view.js'), nonce=nonce)], '\n')


def _findings(findings: Sequence[FindingJson]) -> Html:
    rows = []
    for finding in findings:
        said = told(finding)
        rows.append(tag(
            'tr', tag('td', said.what, tag('small', said.where) if said.where else None,
                      tag('small', said.note) if said.note else None),
            tag('td', said.value, class_='number'), tag('td', said.interval, class_='number'),
            tag('td', said.sigma), tag('td', said.frames)))
    head = tag('tr', *(tag('th', name, scope='col') for name in (
        'finding', 'value', '95 % interval', '1 sigma', 'frames')))
    return tag('div', tag('table', tag('thead', head), tag('tbody', *rows)), class_='scroll')


def _footer(record: Record, kept: Kept | None) -> Html:
    again = tag('p', 'Run the same cells again and compare: ',
                tag('code', f'spatialclaw replay {record.folder}')) if kept else None
    return tag('footer', again, tag('p', f'{record.folder.name}, written by spatialclaw_ros '
                                    f'{__version__}. World coordinates, metres.'))
