"""For all tests: networks as small as theirs run faster on one thread than on two."""

import os

# Before anything imports torch or numpy; processes that the tests start have it too.
os.environ.setdefault('OMP_NUM_THREADS', '1')
