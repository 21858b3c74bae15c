"""`python -m pathdex` is the command `pathdex`."""

import sys

from pathdex.commands import main

sys.exit(main())
