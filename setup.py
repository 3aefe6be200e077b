"""Packaging: what is installed, with which extras, and how each host finds it."""

import re
from pathlib import Path

from setuptools import find_namespace_packages, setup

ROOT = Path(__file__).parent

# Each of these folders holds import packages; none of them is one.
SOURCE_ROOTS = ["shared", "lti_tool", "xblocks/platform", "xblocks/team_assignment", "xblocks/peer_review"]
PACKAGES = {
    name: root for root in SOURCE_ROOTS for name in find_namespace_packages(root, include=["coursecrew*"])
}
VERSION = re.search(r'__version__ = "(.+)"', (ROOT / "shared/coursecrew/__init__.py").read_text())[1]
BLOCKS = {
    "coursecrew_team_assignment": "TeamAssignmentBlock",
    "coursecrew_peer_review": "PeerReviewBlock",
}
DJANGO_APPS = [
    "coursecrew = coursecrew_openedx.apps:CoursecrewConfig",
    "coursecrew_ui = coursecrew_openedx.apps:CoursecrewUiConfig",
]
DATA = ["*.html", "*.txt", "*.css", "*.js", "*.svg", "*.mo", "*.po", "*.mako", "*.ini", "py.typed"]
CORE = [
    "Jinja2>=3.1",
    "Markdown>=3.4",
    "nh3>=0.2.14",
    "numpy>=1.26",
    "pypdf>=5.1",
    "scipy>=1.11",
    "tzdata>=2024.1",
]
OPENEDX = ["celery>=5.3", "Django>=4.2,<6", "XBlock>=5.2,<7"]
LTI = [
    "alembic>=1.13",
    "cryptography>=42",
    "Flask>=3.1",
    "fsspec>=2024.2",
    "huey>=3.5",
    "joserfc>=1.6",
    "psycopg[binary]>=3.2",
    "pylti1p3next>=2.0.2,<3",
    "redis>=5",
    "requests>=2.32",
    "SQLAlchemy>=2.0.30",
    "waitress>=3",
]
DEV = [
    "axe-playwright-python>=0.1.4",  # carries axe-core, so that accessibility tests need no download
    "Babel>=2.14",
    "celery>=5.3",
    "Django<6",
    "django-stubs>=5",
    "edx-opaque-keys>=2.5",  # the platform's own keys, for tests
    "hypothesis>=6.100",
    "import-linter>=2.1",
    "mypy>=1.11",
    "playwright>=1.45",
    "pytest>=8.2",
    "pytest-cov>=5",
    "pytest-django>=4.8",
    "pytest-randomly>=3.15",
    "pytest-xdist>=3.5",
    "ruff>=0.8",
    "tox>=4.18",
    "types-Markdown",
    "types-requests",
    "xblock-sdk>=0.12",
    "XBlock[django]>=5.2,<7",
    # XBlock needs fs, and fs still imports pkg_resources; images of Open edX are built with this one.
    "setuptools==80.9.0",
]

setup(
    name="coursecrew",
    version=VERSION,
    description="Team assignments, peer feedback and mentoring for Open edX, Moodle and Canvas.",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    python_requires=">=3.11",
    packages=sorted(PACKAGES),
    package_dir={name: f"{root}/{name}" for name, root in PACKAGES.items() if "." not in name},
    package_data={"": DATA},
    license="Apache-2.0",
    install_requires=CORE,
    extras_require={"openedx": OPENEDX, "lti": LTI, "dev": DEV},
    entry_points={
        "console_scripts": ["coursecrew = coursecrew.cli:main", "coursecrew-lti = coursecrew_lti.cli:main"],
        "xblock.v1": [f"{name} = {name}.block:{block}" for name, block in BLOCKS.items()],
        "lms.djangoapp": DJANGO_APPS,
        "cms.djangoapp": DJANGO_APPS,
    },
)
