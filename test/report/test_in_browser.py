"""The page in a real browser, which is offline: it shows, it draws, and it runs no one's script."""

from __future__ import annotations

import json
from pathlib import Path
import shutil

from browser import Browser
import numpy as np
from PIL import Image
import pytest
import records

from spatialclaw_ros.cli import main

EVIL = '"><script>window.hacked=1</script><img src=x onerror="window.hacked=1">'


@pytest.fixture(scope='module')
def page(scripted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp('page') / 'report.html'
    assert main(['report', str(scripted), '-o', str(made)]) == 0
    return made


def opened(browser: Browser, page: Path, width: int = 1000) -> None:
    browser.errors.clear()
    browser.open(page, width)
    browser.wait_until('!document.querySelector("#view") || '
                       '!!document.querySelector("#view canvas")')


def test_the_page_shows_and_the_view_is_drawn(
        browser: Browser, page: Path, tmp_path: Path) -> None:
    opened(browser, page)
    assert browser.errors == []
    assert browser.value('document.querySelector("h1").innerText') == (
        'How far is the banana from the drill?')
    assert browser.value('[...document.images].every(image => image.naturalWidth > 0)')
    assert browser.value('document.images.length') == 3
    browser.value('Plotly.relayout("view", {showlegend: false, "scene.annotations": []})'
                  '.then(() => true)')
    clip = browser.value('(() => { const box = document.querySelector("#view canvas")'
                         '.getBoundingClientRect(); return {x: box.x, y: box.y + scrollY, '
                         'width: box.width, height: box.height}; })()')
    browser.screenshot(tmp_path / 'view.png', clip)
    drawn = np.asarray(Image.open(tmp_path / 'view.png').convert('RGB')).reshape(-1, 3)
    assert len(np.unique(drawn // 32, axis=0)) > 40, 'the cloud has no colours'
    for color, least in (((0xd9, 0x48, 0x0f), 50), ((0x18, 0x64, 0xab), 300)):
        near = np.abs(drawn.astype(int) - color).max(axis=1) < 12
        assert near.sum() > least, 'the distance, or the boxes, are not drawn'


def test_it_fits_a_phone(browser: Browser, page: Path) -> None:
    opened(browser, page, 390)
    assert browser.errors == []
    assert browser.value('document.documentElement.scrollWidth') == 390
    assert browser.value('document.querySelector("#view canvas").clientWidth') <= 390


def test_steps_fold(browser: Browser, page: Path) -> None:
    opened(browser, page)
    step = 'document.querySelectorAll(".step")[1]'
    before = browser.value(f'{step}.getBoundingClientRect().height')
    browser.value(f'{step}.querySelector("summary").click()')
    assert browser.value(f'{step}.getBoundingClientRect().height') < before / 3


def test_no_script_of_the_record_runs(
        browser: Browser, scripted: Path, tmp_path: Path) -> None:
    folder = tmp_path / 'evil'
    shutil.copytree(scripted, folder)
    point = {'type': 'Position', 'name': EVIL, 'point': [0, 0, 1], 'frame': '', 'frames': [0]}
    records.write(
        folder, {**records.QUESTION, 'text': EVIL}, records.event('plan', text=EVIL),
        records.step(1, f'print({EVIL!r})', purpose=EVIL, reasoning=EVIL, next_goal=EVIL),
        records.result(1, stdout=EVIL, error=EVIL, note=EVIL, calls=[[EVIL, 0.1, False]],
                       findings=[point]),
        records.event('image', label=EVIL, file='001.png'))
    assert main(['report', str(folder), '-o', str(tmp_path / 'evil.html')]) == 0
    opened(browser, tmp_path / 'evil.html')
    assert browser.value('document.querySelector("h1").innerText') == EVIL
    assert browser.value('window.hacked') is None
    assert browser.errors == []
    browser.value(f'document.body.insertAdjacentHTML("beforeend", {json.dumps(EVIL)})')
    browser.wait_until('document.images[document.images.length - 1].complete')
    assert browser.value('window.hacked') is None, 'the page would run what was not escaped'
    assert any('Content Security Policy' in error for error in browser.errors)
