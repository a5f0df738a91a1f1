from __future__ import annotations

from hypothesis import given
from hypothesis import strategies

from spatialclaw_ros.kernel.output import clip
from spatialclaw_ros.kernel.output import Output


@given(strategies.lists(strategies.text(max_size=20), max_size=30))
def test_short_output_is_kept_and_streamed_whole(texts):
    streamed: list[str] = []
    output = Output(1 << 16, streamed.append)
    whole = ''.join(texts).encode()
    for start in range(0, len(whole), 3):
        output.feed(whole[start:start + 3])
    assert output.text() == ''.join(texts) == ''.join(streamed)


@given(strategies.lists(strategies.binary(min_size=1, max_size=50), max_size=40))
def test_head_and_tail_are_kept_and_the_cut_is_stated(chunks):
    output = Output(20, lambda text: None)
    for chunk in chunks:
        output.feed(chunk)
        assert len(output._head) + len(output._tail) <= 30 + 50
    whole = b''.join(chunks)
    text = output.text()
    if len(whole) <= 20:
        assert text == whole.decode('utf-8', 'replace')
    else:
        assert f'{len(whole) - 20} bytes cut' in text
        assert text.startswith(whole[:10].decode('utf-8', 'replace'))
        assert text.endswith(whole[-10:].decode('utf-8', 'replace'))


def test_clip():
    assert clip('abc', 3) == 'abc'
    assert clip('abcdefghij', 4) == 'ab\n[… 6 characters cut …]\nij'
