"""What chat formats leave in a model's text that is not its answer."""

from __future__ import annotations

import re

#: What opens and what closes thinking; Gemma's channel among them.
_PAIRS = (('<think>', '</think>'), ('<thinking>', '</thinking>'), ('<thought>', '</thought>'),
          ('<|channel>', '<channel|>'))
#: Harmony: `<|channel|>analysis<|message|>…<|end|>` before `<|channel|>final<|message|>`.
_FINAL = '<|channel|>final<|message|>'
#: Gemma without its tokens: the bare word on a line of its own, until the first header.
_BARE_CHANNEL = re.compile(r'\A\s*thought[ \t]*\n')
_FIRST_HEADER = re.compile(r'^[ \t]*(?:\*\*|#|```|\{)', re.MULTILINE)
_TOKENS = re.compile(
    r'<\|(?:im_start|im_end|endoftext|eot_id|end|return|message|channel)\|>'
    r'|<(?:end|start)_of_turn>|<eos>|</s>')


def cleaned(text: str) -> str:
    """`text` without thinking, channels and control tokens, in time linear in its length.

    Thinking that was never closed is dropped to the end: what follows was not written yet. A
    closing tag without its opening ends thinking, unless it stands within a fenced block.
    """
    text = text[text.rfind(_FINAL) + len(_FINAL):] if _FINAL in text else text
    for opening, closing in _PAIRS:
        text = _without(text, opening, closing)
    bare = _BARE_CHANNEL.match(text)
    if bare and (header := _FIRST_HEADER.search(text, bare.end())):
        text = text[header.start():]
    return _TOKENS.sub('', text).strip()


def _without(text: str, opening: str, closing: str) -> str:
    """`text` without what stands between the two tags."""
    lower = text.lower()
    kept, at = [], 0
    while (start := lower.find(opening, at)) >= 0:
        kept.append(text[at:start])
        end = lower.find(closing, start)
        if end < 0:
            return ''.join(kept)
        at = end + len(closing)
    kept.append(text[at:])
    left = ''.join(kept)
    orphan = left.lower().rfind(closing)
    return left[orphan + len(closing):] if orphan >= 0 and '```' not in left[:orphan] else left
