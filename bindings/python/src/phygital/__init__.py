"""Phygital for Python: verify taps, know who taps, hold consent, attribute.

All is in one object, `Phygital`, and in functions that need no store. The names are those of the Rust library.
"""

from ._native import phygital as _generated
from ._native.phygital import *  # noqa: F403

__all__ = _generated.__all__
__version__ = _generated.version()
