"""Named points in an act where a test may strike. In production reaching one does nothing.

`BILLING_FAULT_POINT=remittances.posting.journalled:1` kills the process (SIGKILL) the first time
that point is reached; settings refuse the variable outside development.
"""

import os
import signal

_target, _, _count = os.environ.get("BILLING_FAULT_POINT", "").partition(":")
_left = int(_count or 1)


def reach(name: str) -> None:
    global _left  # counts down to the fault, once per process
    if name != _target:
        return
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
