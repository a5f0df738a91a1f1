"""The renderer of the findings' tests is found from here too."""

from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).parents[1]))
