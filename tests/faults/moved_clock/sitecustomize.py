"""Moves the clock of a whole Python program, and of those it starts, by CLOCK_MOVED_S seconds.

To be put on PYTHONPATH; Python runs it before anything else.
"""

import os
import time

if os.environ.get("CLOCK_MOVED_S"):
    import time_machine

    time_machine.travel(time.time() + float(os.environ["CLOCK_MOVED_S"]), tick=True).start()
