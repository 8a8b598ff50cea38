"""`python -m project_operator`: the same as the command `project-operator`."""

import sys

from project_operator.cli import main

sys.exit(main())
