"""Text is escaped unless it was made as markup."""

from __future__ import annotations

from spatialclaw_ros.report.html import escaped
from spatialclaw_ros.report.html import Html
from spatialclaw_ros.report.html import joined
from spatialclaw_ros.report.html import tag


def test_text_is_escaped_once_and_markup_never() -> None:
    assert tag('p', '<b> & "c"') == '<p>&lt;b&gt; &amp; &quot;c&quot;</p>'
    assert tag('p', tag('b', '&')) == '<p><b>&amp;</b></p>'
    assert escaped(escaped('<')) == '&lt;' and isinstance(escaped('<'), Html)


def test_a_part_of_markup_is_text_again() -> None:
    assert joined([tag('b', 'x')[:2]]) == '&lt;b'


def test_attributes_are_quoted_and_escaped() -> None:
    assert tag('td', class_='a', aria_label='"x"><', open=True, title=None, hidden=False) == (
        '<td class="a" aria-label="&quot;x&quot;&gt;&lt;" open></td>')
    assert tag('img', src='data:,') == '<img src="data:,">'


def test_what_no_page_can_hold_is_replaced() -> None:
    assert tag('p', 'a\udc80', None, 'b').encode('utf-8') == b'<p>a?b</p>'
