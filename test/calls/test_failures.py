"""A failure that another process tells is raised with its own words, whatever it is."""

import pytest

from spatialclaw_ros.calls.failures import error_of
from spatialclaw_ros.calls.requests import Failed
from spatialclaw_ros.findings.errors import Unanswerable


@pytest.mark.parametrize(('kind', 'cls', 'message'), [
    ('Unanswerable', Unanswerable, 'no weights'), ('ValueError', ValueError, 'no weights'),
    ('InvalidURL', RuntimeError, 'InvalidURL: no weights'),
    ('UnicodeDecodeError', RuntimeError, 'UnicodeDecodeError: no weights'),
    ('BaseExceptionGroup', RuntimeError, 'BaseExceptionGroup: no weights'),
    ('ExceptionGroup', RuntimeError, 'ExceptionGroup: no weights'),
    ('SystemExit', RuntimeError, 'SystemExit: no weights')])
def test_a_failure_keeps_its_words(kind, cls, message):
    error = error_of(Failed(kind, 'no weights'))
    assert type(error) is cls and str(error) == message
