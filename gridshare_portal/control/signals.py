"""What other rooms hear about changes.

settled(change) in the transaction that writes a change's outcome, each time it does.
"""

from django.dispatch import Signal

settled = Signal()
