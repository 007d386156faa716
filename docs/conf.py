"""How the site is built from these pages: `make docs`, or `sphinx-build -W -n docs OUT`."""

import sys
from pathlib import Path

from agentos import __version__

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "agentos"
author = "The agentos authors"
project_copyright = author
release = version = __version__

extensions = [
    "myst_parser",
    "sphinx_click",
    "blocks_not_run",
    "command_help",
    "repository_links",
    "settings_tables",
]
exclude_patterns = ["_ext"]
nitpicky = True
smartquotes = False  # an option begins with two hyphens

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
myst_heading_slug_func = "github"  # so that an anchor is the same here and in a repository browser

html_theme = "furo"
html_title = "agentos"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_permalinks_icon = "#"
html_theme_options = {"navigation_with_keys": True, "top_of_page_buttons": []}
pygments_style = "friendly"
pygments_dark_style = "github-dark"
