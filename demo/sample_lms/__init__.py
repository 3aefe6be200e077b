"""A sample LMS: an LTI 1.3 platform with a roster, a gradebook and deep linking, for one course.

`state.py` is what it remembers, `messages.py` what it signs, `services.py` what tools may ask of it,
`pages.py` what people see. It takes anybody's word for who they are, so it answers on loopback only.
"""

from demo.sample_lms.pages import create_app
from demo.sample_lms.state import Lms, Tool

__all__ = ["Lms", "Tool", "create_app"]
