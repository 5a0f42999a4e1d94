"""The project's settings for tests: nothing of a developer's own, a folder that is thrown away, no broker.

``make test-services`` names PostgreSQL by DATABASE_URL and Redis by TEST_BROKER_URL.
"""

import os
import tempfile

os.environ["DOTENV"] = os.devnull
os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="mdeji-tests-")
os.environ["COUNTS_KEPT"] = "0"  # each look counts; tests/consult/kpi/test_kept.py says otherwise
# A page asks for as much at first as later, whatever came before it; tests/programme/test_kept.py says otherwise.
os.environ["FACTS_KEPT"] = "false"
os.environ["BROKER_URL"] = os.environ.get("TEST_BROKER_URL", "memory://")

from mdeji.settings import *  # noqa: F403  (the environment must be set first)
