"""What a cell may ask of a reconstruction beyond its arrays."""

from __future__ import annotations

import box_world
import pytest

(LOW_X, LOW_Y, _), (HIGH_X, HIGH_Y, TOP) = box_world.BOXES['crate']


@pytest.mark.parametrize(('place', 'seen'), [
    ((LOW_X - 0.1, (LOW_Y + HIGH_Y) / 2, 0.1), True),
    ((HIGH_X + 0.1, (LOW_Y + HIGH_Y) / 2, 0.1), False),
    ((LOW_X, (LOW_Y + HIGH_Y) / 2, TOP / 2), True),
    ((LOW_X, 5.0, 0.0), False),
    ((-1.0, 0.0, 0.5), False),
], ids=['before', 'behind', 'its face', 'beside the image', 'behind the camera'])
def test_a_frame_could_see_what_is_in_its_image_and_not_hidden(bench, place, seen):
    made = bench()
    made.run('recon = tools.Reconstruct.Reconstruct()')
    recon = made.names['recon']
    assert recon.could_see(place, recon.frame_indices[0]) is seen


def test_a_frame_that_is_not_there_is_named(bench):
    made = bench()
    made.run('recon = tools.Reconstruct.Reconstruct()')
    with pytest.raises(KeyError, match='999'):
        made.names['recon'].could_see((1, 0, 0), 999)
