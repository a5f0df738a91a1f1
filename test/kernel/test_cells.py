from __future__ import annotations

import pytest

from spatialclaw_ros.kernel.errors import KernelBusy
from spatialclaw_ros.kernel.errors import OpeningFailed


def names(outcome):
    return {variable.name: variable.summary for variable in outcome.variables}


async def test_variables_live_on(bench):
    assert (await bench.run('x = 20')).status == 'ok'
    outcome = await bench.run('print(x + 1)')
    assert (outcome.status, outcome.stdout) == ('ok', '21\n')
    assert ''.join(bench.streamed) == '21\n'


async def test_a_raising_cell_keeps_what_it_assigned_before(bench):
    outcome = await bench.run('early = 1\nraise KeyError("late")\nlater = 2')
    assert (outcome.status, outcome.error_type) == ('error', 'KeyError')
    assert names(outcome) == {'early': 'int 1'}
    assert 'kept' in outcome.note
    assert (await bench.run('print(early)')).stdout == '1\n'
    assert 'later' in (await bench.run('later')).error


async def test_an_error_shows_the_failing_line_and_every_line_of_its_message(bench):
    await bench.run('def measure():\n    return call_what_is_missing()')
    outcome = await bench.run('measure()')
    assert outcome.error.splitlines() == [
        'Traceback (most recent call last):',
        '  File "<cell 2>", line 1, in <module>',
        '    measure()',
        '  File "<cell 1>", line 2, in measure',
        '    return call_what_is_missing()',
        *[line for line in outcome.error.splitlines() if set(line.strip()) == {'^'}],
        "NameError: name 'call_what_is_missing' is not defined"]
    outcome = await bench.run('raise ValueError("nothing found\\ntry one of:\\n  mug\\n  door")')
    assert outcome.error.endswith('ValueError: nothing found\ntry one of:\n  mug\n  door')


async def test_frames_of_libraries_are_left_out_and_causes_are_shown(bench):
    outcome = await bench.run(
        'try:\n    np.linalg.inv(np.zeros((2, 2)))\nexcept Exception as e:\n'
        '    raise RuntimeError("no pose") from e')
    assert 'LinAlgError: Singular matrix' in outcome.error
    assert 'RuntimeError: no pose' in outcome.error
    assert 'linalg.py' not in outcome.error and 'worker' not in outcome.error


async def test_the_last_value_is_printed_unless_none_or_silenced(bench):
    assert (await bench.run('x = 3\nx * 2')).stdout == '6\n'
    assert (await bench.run('None')).stdout == ''
    assert (await bench.run('x * 2;')).stdout == ''
    assert (await bench.run('x * 2  # ; no end')).stdout == '6\n'
    assert (await bench.run('"é"; x')).stdout == '3\n'
    assert (await bench.run('')).status == 'ok'
    assert (await bench.run('# nothing')).status == 'ok'


async def test_future_statement_before_a_last_expression(bench):
    outcome = await bench.run(
        'from __future__ import annotations\ndef f(a: Missing): ...\nf.__annotations__["a"]')
    assert outcome.stdout == "'Missing'\n"


async def test_syntax_errors_point_at_the_place(bench):
    outcome = await bench.run('x = 1\ny = = 2')
    assert (outcome.status, outcome.error_type) == ('error', 'SyntaxError')
    assert outcome.error.startswith('  File "<cell 1>", line 2\n    y = = 2\n')
    assert outcome.error.endswith('SyntaxError: invalid syntax')
    assert 'nothing of the cell ran' in outcome.note
    assert (await bench.run('x')).error_type == 'NameError'
    assert 'plain Python' in (await bench.run('!ls')).error


@pytest.mark.parametrize(('code', 'status', 'word'), [
    ('x = "\ud800"', 'refused', 'surrogate'),
    ('x = 1\0', 'error', 'null byte'),
    ('x = "' + 'a' * (1 << 20) + '"', 'refused', '1048582 bytes'),
    ('-' * 200_000 + '1', 'error', 'nested too deeply'),
    ('x = (' * 500, 'error', 'nested'),
])
async def test_a_cell_that_cannot_be_parsed_is_one_clear_line(bench, code, status, word):
    outcome = await bench.run(code)
    assert outcome.status == status
    assert word in outcome.error
    assert len(outcome.error.splitlines()[-1]) < 200
    assert (await bench.run('print(1)')).stdout == '1\n'


async def test_surrogates_are_printed_escaped(bench):
    outcome = await bench.run('print("\\ud800")\nname = "\\udfff"\nraise ValueError("\\ud800")')
    assert outcome.stdout == '\\ud800\n'
    assert outcome.error.endswith('ValueError: \\ud800')


async def test_new_and_changed_variables_are_listed(bench):
    outcome = await bench.run('a = 1\nb = [1]\n_private = 2\ndef f(): pass')
    assert names(outcome) == {'a': 'int 1', 'b': 'list [1]'}
    assert names(await bench.run('print(a, b)')) == {}
    assert names(await bench.run('b.append(2)')) == {'b': 'list [1, 2]'}
    assert names(await bench.run('a = 1')) == {}
    assert names(await bench.run('a = 2\nc = b')) == {'a': 'int 2', 'c': 'list [1, 2]'}
    assert names(await bench.run('np = 5')) == {'np': 'int 5'}


async def test_ten_thousand_variables_are_listed_in_part(bench):
    outcome = await bench.run('for i in range(10000): globals()[f"v{i}"] = i')
    assert len(outcome.variables) == 200
    assert '9801 more' in outcome.note
    assert names(await bench.run('v9999 = 0')) == {'v9999': 'int 0'}


async def test_a_hostile_repr_does_not_break_the_feedback(bench):
    outcome = await bench.run(
        'class Bad:\n    def __repr__(self): raise SystemExit\n'
        'class Worse:\n    def __repr__(self): return 5\n'
        'class Long:\n    def __repr__(self): return "x\\n" * 10**6\n'
        'worse = Worse()\nlong = Long()\ngood = 1')
    assert names(outcome)['good'] == 'int 1'
    assert 'cannot be shown' in names(outcome)['worse']
    assert len(names(outcome)['long']) <= 400
    outcome = await bench.run('bad = Bad()')
    assert outcome.status == 'ok'
    assert names(outcome)['bad'] == 'a Bad that cannot be shown (SystemExit)'
    outcome = await bench.run('class E(Exception):\n    def __str__(self): raise OSError\nraise E')
    assert (outcome.status, outcome.error_type) == ('error', 'E')


async def test_stop_ends_a_cell_well(bench):
    outcome = await bench.run('x = 1\nraise Stop\nx = 2')
    assert (outcome.status, outcome.error) == ('ok', '')
    assert (await bench.run('print(x, workshop.ends)')).stdout == '1 1\n'


async def test_exit_ends_only_the_cell(bench):
    outcome = await bench.run('x = 1\nraise SystemExit(0)')
    assert (outcome.status, outcome.error_type) == ('error', 'SystemExit')
    assert (await bench.run('print(x)')).stdout == '1\n'


async def test_standard_input_is_empty_and_streams_are_put_back(bench):
    outcome = await bench.run('print(repr(sys_.stdin.read()))\nsys_.stdout = None')
    assert outcome.stdout == "''\n"
    assert (await bench.run('print(1)\nprint(2, file=sys_.stderr)')).stdout == '1\n2\n'


async def test_classes_of_a_cell_know_their_module(bench):
    outcome = await bench.run(
        'import dataclasses\n@dataclasses.dataclass\nclass P:\n    x: "int"\nprint(P(1))')
    assert outcome.stdout == 'P(x=1)\n'


async def test_a_forbidden_import_is_refused_with_the_way_to_do_it_instead(bench):
    outcome = await bench.run('x = 1\nimport os')
    assert (outcome.status, outcome.error_type) == ('refused', 'Refused')
    assert outcome.error.startswith('line 2: import os is refused: files are out of reach')
    assert (await bench.run('x')).error_type == 'NameError'


async def test_the_check_can_be_left_out(bench):
    await bench.open(check=False)
    assert (await bench.run('import os\nprint(os.getcwd() == os.environ["HOME"])')
            ).stdout == 'True\n'


async def test_a_kernel_runs_one_cell_at_a_time(bench):
    kernel = await bench.open()

    async def on_call(body):
        with pytest.raises(KernelBusy, match='runs a cell already'):
            await kernel.run('1', on_output=print, on_call=on_call)
        return b'refused', ()

    assert (await bench.run('print(call("x")[0])', on_call)).stdout == "b'refused'\n"
    await kernel.close()
    with pytest.raises(KernelBusy, match='closed'):
        await bench.run('1')


async def test_a_failed_opening_says_why(bench):
    with pytest.raises(OpeningFailed, match='nothing in this opening'):
        await bench.open(b'fail')
    with pytest.raises(OpeningFailed, match="'strict' and 'available'"):
        await bench.open(sandbox='none')


async def test_leftover_threads_are_noted(bench):
    await bench.open(check=False)
    outcome = await bench.run(
        'import threading\nstop = threading.Event()\n'
        'threading.Thread(target=stop.wait, daemon=True).start()')
    assert '1 thread' in outcome.note
    await bench.run('stop.set()')
