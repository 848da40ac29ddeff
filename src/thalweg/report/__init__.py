"""Make pages: one self-contained HTML file from a result, to read offline and to send on.

``page`` is the door and writes the file, ``seats`` gives every optimizer its colour and shape, ``axes`` the
scales that keep both the bad and the good visible. ``figures`` lists what a page shows: of a comparison ``curves``
and ``sensitivity``; of a sweep ``response``, ``slices`` and ``bracket``, whose points are a ``cloud``; of a range
test its ``ramp``. ``profiles`` draws what comparisons on several problems say together, ``strip`` stands below
scores against the rate. All are plain Plotly specifications whose colours are CSS variables, so that one style
sheet dresses page and figures, light and dark. ``whiskers`` draws the intervals in the ranking, ``templates``
holds HTML, CSS and JavaScript.
"""

from thalweg.core.verb import make_callable
from thalweg.report.page import write
from thalweg.report.place import require_writable

__all__ = ["require_writable", "write"]

make_callable(__name__, "thalweg.report.page:write")
