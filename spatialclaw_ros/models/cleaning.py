"""What chat formats leave in a model's text that is not its answer."""

from __future__ import annotations

import re

_THINKING = re.compile(r'<(think|thinking|thought)>.*?</\1>', re.DOTALL | re.IGNORECASE)
_ENDS_THINKING = re.compile(r'^.*</(?:think|thinking|thought)>', re.DOTALL | re.IGNORECASE)
_STILL_THINKING = re.compile(r'<(?:think|thinking|thought)>.*\Z', re.DOTALL | re.IGNORECASE)
#: Harmony: `<|channel|>analysis<|message|>…<|end|>` before `<|channel|>final<|message|>`.
_FINAL_CHANNEL = re.compile(r'^.*<\|channel\|>final<\|message\|>', re.DOTALL)
#: Gemma: `<|channel>thought` … `<channel|>`, or the bare word on a line of its own.
_CHANNEL = re.compile(r'<\|channel>.*?<channel\|>', re.DOTALL)
_BARE_CHANNEL = re.compile(r'\A\s*thought[ \t]*\n.*?(?=^[ \t]*(?:\*\*|#|```|\{))',
                           re.DOTALL | re.MULTILINE)
_TOKENS = re.compile(
    r'<\|(?:im_start|im_end|endoftext|eot_id|end|return|message|channel)\|>'
    r'|<(?:end|start)_of_turn>|<eos>|</s>')


def cleaned(text: str) -> str:
    """`text` without thinking, channels and control tokens.

    Thinking that was never closed is dropped to the end: what follows was not written yet.
    """
    text = _FINAL_CHANNEL.sub('', text)
    text = _CHANNEL.sub('', text)
    text = _THINKING.sub('', text)
    text = _ENDS_THINKING.sub('', text)
    text = _STILL_THINKING.sub('', text)
    text = _BARE_CHANNEL.sub('', text)
    return _TOKENS.sub('', text).strip()
